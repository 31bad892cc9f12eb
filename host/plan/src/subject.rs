//! An identity as expressions see it.

use crate::expression::{Dialect, object_value};
use cel::Context;
use jiff::Timestamp;
use purser_model::identity::{Identity, LifecycleState};
use std::borrow::Cow;

/// An identity as its rules and mappings see it, with the scope in which its rules and mappings are evaluated; made once per identity.
pub(crate) struct Subject<'a> {
    /// The time that is planned for.
    pub(crate) now: Timestamp,
    /// Where the identity is in its life at that time.
    pub(crate) state: LifecycleState,
    /// `source/key`, as declarations name it.
    pub(crate) reference: String,
    pub(crate) scope: Context<'a, 'a>,
}

impl<'a> Subject<'a> {
    /// The variable `identity` is its attributes and `id`, `source`, `key` and `state`; these four win over attributes of
    /// the same name.
    pub(crate) fn new(dialect: &Dialect, identity: &'a Identity, now: Timestamp) -> Self {
        let state = identity.state_at(now);
        let own = [
            ("id", Cow::Owned(identity.id.to_string())),
            ("source", Cow::Borrowed(identity.source.as_str())),
            ("key", Cow::Borrowed(identity.key.as_str())),
            ("state", Cow::Borrowed(state.as_str())),
        ];
        let mut scope = dialect.scope();
        scope.add_variable_as_val("identity", object_value(&identity.attributes, own));
        Self { now, state, reference: identity.reference(), scope }
    }
}
