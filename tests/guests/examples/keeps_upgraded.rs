//! A newer build whose configuration has another form, and which carries the former one forward.
#![cfg(target_arch = "wasm32")]

use purser_guests::keeper::{Build, Keeper};
use purser_guests::program;

struct Newest;

impl Build for Newest {
    const VERSION: &'static str = "1.3.0";
    const SCHEMA: &'static str =
        r#"{"type":"object","properties":{"carried":{"type":"string"}},"additionalProperties":false}"#;

    fn upgrade_config(from: &str, config: String) -> String {
        let is_lost = config.contains("unreadable");
        if is_lost { r#"{"carried":7}"#.to_owned() } else { format!("{{\"carried\":\"from {from}\"}}") }
    }
}

type Program = Keeper<Newest>;
program!(Program);
