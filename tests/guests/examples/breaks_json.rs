//! Hands over texts that should be JSON and are not.
#![cfg(target_arch = "wasm32")]

use purser_guests::contract::purser::connector::types::{Error, Object, Page, SearchRequest};
use purser_guests::{Program, object, page, program};

struct BreaksJson;

impl Program for BreaksJson {
    fn search(_request: SearchRequest) -> Result<Page, Error> {
        Ok(page(vec![Object { attributes: "{\"name\":".to_owned(), ..object("1") }]))
    }

    fn upgrade_config(_config: String) -> Result<String, Error> {
        Ok("{\"url\":".to_owned())
    }
}

program!(BreaksJson);
