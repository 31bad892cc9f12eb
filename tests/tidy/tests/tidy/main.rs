//! The project's own rules. A rule that fails says where, what is wrong, and what to do.

#![expect(clippy::unwrap_used, reason = "a rule that cannot read what it is about has to fail")]

mod contract;
mod dependencies;
mod documents;
mod layout;
mod licences;
mod machine;
mod sources;
