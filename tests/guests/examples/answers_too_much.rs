//! Answers with a hundred mebibytes, or asks for random bytes without measure.
#![cfg(target_arch = "wasm32")]

use purser_guests::contract::purser::connector::random;
use purser_guests::contract::purser::connector::types::{Error, Object, Page, SearchRequest};
use purser_guests::{Program, object, page, program};

struct AnswersTooMuch;

impl Program for AnswersTooMuch {
    fn search(request: SearchRequest) -> Result<Page, Error> {
        if request.class == "random" {
            random::bytes(u32::MAX);
        }
        let attributes = format!(r#"{{"blob":"{}"}}"#, "x".repeat(1 << 20));
        let objects = (0..100).map(|id| Object { attributes: attributes.clone(), ..object(&id.to_string()) });
        Ok(page(objects.collect()))
    }
}

program!(AnswersTooMuch);
