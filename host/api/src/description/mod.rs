//! The OpenAPI description of `/v1`, made from the same declarations as the routes.
//!
//! A handler says its path, parameters, bodies and what can go wrong beside its code. What holds for many operations follows
//! from where they stand: who may ask from the permission that guards the routes, and the problems that every request of a
//! shape can meet from that shape.

mod conditions;
mod corrections;
pub(crate) mod document;
pub(crate) mod page;
pub(crate) mod problems;
pub(crate) mod read;

#[cfg(test)]
mod tests;

pub(crate) use document::for_permission;
