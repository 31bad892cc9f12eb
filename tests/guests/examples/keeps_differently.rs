//! A newer build that reads titles otherwise.
#![cfg(target_arch = "wasm32")]

use purser_guests::keeper::{Build, Keeper};
use purser_guests::program;
use serde_json::{Map, Value};

struct Newest;

impl Build for Newest {
    const VERSION: &'static str = "1.1.0";

    fn read(mut attributes: Map<String, Value>) -> Map<String, Value> {
        attributes.insert("title".to_owned(), "something else".into());
        attributes
    }
}

type Program = Keeper<Newest>;
program!(Program);
