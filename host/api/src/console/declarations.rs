//! The files of declarations: one is looked at, changed, tried and put in force.

use super::asking::{Asked, Sent};
use super::pages::Page;
use super::signed_in::{Answer, SignedIn};
use axum::http::{Method, StatusCode};
use axum::response::Response;
use purser_console::{DeclarationsShown, Draft, Said};
use serde_json::{Value, json};
use url::form_urlencoded;

/// A form with the largest file; letters are up to three times as long there.
pub(super) const LARGEST_FORM: usize = crate::v1::LARGEST_DECLARATIONS;

pub(super) async fn show(who: SignedIn, Asked(asked): Asked) -> Page {
    let declarations = who.get("/v1/declarations").await?;
    let shown = DeclarationsShown { declarations, file: asked.get("file").map(str::to_owned), draft: None };
    Ok(who.page(purser_console::declarations(&who.frame(), &shown)))
}

/// What the form says.
struct Wanted {
    file: String,
    text: String,
    made_from: String,
}

pub(super) async fn decide(sent: Sent) -> Page {
    let Sent { who, form } = sent;
    let text = |name: &str| form.get(name).unwrap_or_default().to_owned();
    // A form sends its lines as mail does.
    let wanted = Wanted { file: text("file"), text: text("text").replace("\r\n", "\n"), made_from: text("made_from") };
    let declarations = who.get("/v1/declarations").await?;
    let files = with(&declarations, &wanted, form.get("decision") == Some("remove"));
    if form.get("decision") == Some("try") {
        let body = json!({"files": files, "dry_run": true});
        let answer = who.send(Method::POST, "/v1/declarations", Some(&body)).await;
        return Ok(drafted(&who, declarations, wanted, answer));
    }
    let body = json!({"files": files});
    let answer = who.send_made_from("/v1/declarations", &wanted.made_from, &body).await;
    if !answer.status.is_success() {
        return Ok(drafted(&who, declarations, wanted, answer));
    }
    let woken = answer.body["applied"]["woken"].as_u64().unwrap_or_default();
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("file", &wanted.file).finish();
    let said = format!("The declarations are in force. {woken} identities are planned anew.");
    Ok(who.go(&format!("/declarations?{query}"), Said::Done(said)))
}

/// The files in force, with this one as it is wanted.
fn with(declarations: &Value, wanted: &Wanted, removed: bool) -> Vec<Value> {
    let files = declarations["files"].as_array().into_iter().flatten();
    let mut files: Vec<_> = files.filter(|file| file["name"] != wanted.file.as_str()).cloned().collect();
    if !removed {
        files.push(json!({"name": wanted.file, "text": wanted.text}));
    }
    files
}

/// The page with what somebody wrote, so that nothing of it is lost.
fn drafted(who: &SignedIn, declarations: Value, wanted: Wanted, answer: Answer) -> Response {
    if answer.status == StatusCode::FORBIDDEN {
        return who.failed(&answer);
    }
    let Wanted { file, text, made_from } = wanted;
    let draft = Draft { text, made_from, answer: answer.body };
    let shown = DeclarationsShown { declarations, file: Some(file), draft: Some(draft) };
    who.page(purser_console::declarations(&who.frame(), &shown))
}
