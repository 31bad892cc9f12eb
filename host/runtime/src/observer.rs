//! Whoever wants to see calls end: while a guest's instance still exists, with all that is in its memory.

use purser_connector::Fault;
use purser_model::phase::Phase;

/// A call that has come to its end; its instance is dropped afterwards.
#[derive(Debug)]
pub struct EndedCall<'a> {
    /// The source or target, such as `target crm`; `describe` where a file described itself.
    pub subject: &'a str,
    /// The phase it was in.
    pub phase: Phase,
    /// Why it failed; none where the guest answered.
    pub fault: Option<&'a Fault>,
}

/// Is told of every call that comes to its end. A call that its caller gave up is not told.
///
/// The host gives none. Tests give one that looks through the memory of instances for what must not be there.
pub trait CallObserver: Send + Sync {
    /// The call has ended; it waits until this returns.
    fn ended(&self, call: &EndedCall<'_>);
}
