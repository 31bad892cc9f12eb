//! An identity as expressions see it.

use crate::expression::{Dialect, object_value, text_value};
use cel::Context;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use purser_model::assignment::Added;
use purser_model::identity::{Identity, LifecycleState};
use std::borrow::Cow;

/// The variable that holds the day that is planned for, in UTC.
pub(crate) const TODAY: &str = "today";

/// An identity as its rules and mappings see it, with the scope in which its rules and mappings are evaluated; made once per identity.
pub(crate) struct Subject<'a> {
    /// The time that is planned for.
    pub(crate) now: Timestamp,
    /// Where the identity is in its life at that time.
    pub(crate) state: LifecycleState,
    /// `source/key`, as declarations name it.
    pub(crate) reference: String,
    /// What operators added to it.
    pub(crate) added: &'a Added,
    pub(crate) scope: Context<'a, 'a>,
}

impl<'a> Subject<'a> {
    /// When the day that is planned for ends.
    pub(crate) fn end_of_today(&self) -> Timestamp {
        let today = self.now.to_zoned(TimeZone::UTC).date();
        let midnight = today.tomorrow().and_then(|tomorrow| tomorrow.to_zoned(TimeZone::UTC));
        midnight.map_or(Timestamp::MAX, |midnight| midnight.timestamp())
    }

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
        scope.add_variable_as_val(TODAY, text_value(now.to_zoned(TimeZone::UTC).date().to_string()));
        Self { now, state, reference: identity.reference(), added: &identity.added, scope }
    }
}
