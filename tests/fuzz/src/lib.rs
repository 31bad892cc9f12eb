//! The parsers that face connectors, targets and operators, each as a function of bytes that panics where something that must
//! hold does not.
//!
//! `tests/replay.rs` runs them over the corpus and over what becomes of it by seeded mutation, with every test run. The
//! package `libfuzzer/` lets a fuzzer search for as long as one likes: `cargo xtask fuzz TARGET SECONDS`.

#[cfg(feature = "components")]
mod components;
mod declarations;
mod directory;
mod objects;
mod scim;
mod tokens;
mod web;

/// A function of bytes that must not panic.
pub type Parser = fn(&[u8]);

/// Every parser by the name of its folder in `corpus/`.
pub const TARGETS: &[(&str, Parser)] = &[
    ("address-grant", web::address_grant),
    ("declarations", declarations::declarations),
    ("expression", declarations::expression),
    ("ldap-filter", directory::filter),
    ("ldap-message", directory::messages),
    ("object", objects::object),
    ("request-path", web::request_path),
    ("scan", web::scan),
    ("scim-change", scim::change),
    ("scim-filter", scim::filter),
    ("token", tokens::token),
    ("url", web::url),
    #[cfg(feature = "components")]
    ("component", components::component),
    #[cfg(feature = "components")]
    ("manifest", components::manifest),
];

/// The parser of this name.
pub fn target(name: &str) -> Option<Parser> {
    TARGETS.iter().find(|(known, _)| *known == name).map(|(_, parser)| *parser)
}
