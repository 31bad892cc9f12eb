//! The page that says that something could not be shown.

use crate::frame::Frame;
use maud::html;

/// The page; `title` and `detail` are those of the API's problem.
pub fn failed(frame: &Frame, title: &str, detail: &str) -> String {
    let content = html! {
        div.card { p { (detail) } p { a href="/" { "Back to the overview" } } }
    };
    frame.page("", title, &content)
}
