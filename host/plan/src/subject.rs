//! An identity as expressions see it.

use crate::expression::{Dialect, object_value};
use cel::Context;
use purser_model::identity::Identity;
use std::borrow::Cow;

/// An identity with the scope in which its rules and mappings are evaluated; made once per identity.
pub(crate) struct Subject<'a> {
    pub(crate) identity: &'a Identity,
    /// `source/key`, as declarations name it.
    pub(crate) reference: String,
    pub(crate) scope: Context<'a, 'a>,
}

impl<'a> Subject<'a> {
    /// The variable `identity` is its attributes and `id`, `source`, `key` and `state`; these four win over attributes of
    /// the same name.
    pub(crate) fn new(dialect: &Dialect, identity: &'a Identity) -> Self {
        let own = [
            ("id", Cow::Owned(identity.id.to_string())),
            ("source", Cow::Borrowed(identity.source.as_str())),
            ("key", Cow::Borrowed(identity.key.as_str())),
            ("state", Cow::Borrowed(identity.state.as_str())),
        ];
        let mut scope = dialect.scope();
        scope.add_variable_as_val("identity", object_value(&identity.attributes, own));
        Self { identity, reference: identity.reference(), scope }
    }
}
