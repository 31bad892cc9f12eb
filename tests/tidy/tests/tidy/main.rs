//! The project's own rules. A rule that fails says where, what is wrong, and what to do.

mod contract;
mod dependencies;
mod sources;
