//! Answers with too few results, too many objects, the wrong object, and a listing without end.
#![cfg(target_arch = "wasm32")]

use purser_guests::contract::purser::connector::types::{Error, Object, Outcome, Page, Request, SearchRequest, Tail};
use purser_guests::{Program, object, page, program};

struct Miscounts;

impl Program for Miscounts {
    fn search(request: SearchRequest) -> Result<Page, Error> {
        match (request.class.as_str(), request.cursor) {
            ("endless", cursor) => {
                Ok(Page { objects: Vec::new(), tail: Tail::More(cursor.unwrap_or("same".to_owned())) })
            }
            _ => Ok(page((0..=request.page_size).map(|id| object(&id.to_string())).collect())),
        }
    }

    fn get(_class: String, id: String) -> Result<Object, Error> {
        Ok(object(&format!("not-{id}")))
    }

    fn apply(requests: Vec<Request>) -> Vec<Result<Outcome, Error>> {
        requests.iter().skip(1).map(|_| Ok(Outcome::Done(None))).collect()
    }
}

program!(Miscounts);
