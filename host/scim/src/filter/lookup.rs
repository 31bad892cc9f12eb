//! What a filter says about an attribute by which resources are looked up.

use super::Operator;
use super::bind::{BoundFilter, Node};
use crate::value::Comparable;

/// An attribute by which resources are looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LookupKey {
    /// The id.
    Id,
    /// The client's own id.
    ExternalId,
    /// The user name, in lower case.
    UserName,
    /// The display name, in lower case.
    DisplayName,
}

/// What every resource that a filter lets pass has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup {
    /// The attribute.
    pub key: LookupKey,
    /// Its value, in lower case where case does not count.
    pub value: String,
}

impl BoundFilter {
    /// An attribute that all resources have in common for which the filter holds; the filter may ask for more.
    pub fn lookup(&self) -> Option<Lookup> {
        match &self.0 {
            Node::All(terms) => terms.iter().filter_map(looked_up).min_by_key(|lookup| lookup.key),
            other => looked_up(other),
        }
    }
}

fn looked_up(node: &Node) -> Option<Lookup> {
    let Node::Compare { place, operator: Operator::Eq, value: Some(Comparable::Text(value)), .. } = node else {
        return None;
    };
    if place.extension.is_some() || place.part.is_some() {
        return None;
    }
    let key = match place.attribute.as_str() {
        "id" => LookupKey::Id,
        "externalId" => LookupKey::ExternalId,
        "userName" => LookupKey::UserName,
        "displayName" => LookupKey::DisplayName,
        _ => return None,
    };
    Some(Lookup { key, value: value.clone() })
}
