//! The stub's directory: two functions that the test gives.

use crate::ldap::{Control, Failure, Found, Search, Write};
use crate::testing::{Phase, Stub};

/// Answers a search.
pub(super) type SearchHandler = Box<dyn FnMut(&Search) -> Result<Found, Failure>>;
/// Answers a write.
pub(super) type WriteHandler = Box<dyn FnMut(&Write, &[Control]) -> Result<Vec<Control>, Failure>>;

/// A granted directory, and what was written to it.
#[derive(Default)]
pub(super) struct Directory {
    handlers: Option<(SearchHandler, WriteHandler)>,
    writes: Vec<Write>,
}

impl Stub {
    /// Grants an LDAP directory and answers what is asked of it. The handlers must not ask it themselves.
    pub fn serve_ldap(
        &self,
        search: impl FnMut(&Search) -> Result<Found, Failure> + 'static,
        write: impl FnMut(&Write, &[Control]) -> Result<Vec<Control>, Failure> + 'static,
    ) {
        self.ldap_directory().borrow_mut().handlers = Some((Box::new(search), Box::new(write)));
    }

    /// The writes sent so far, in order; those that were denied are not among them.
    pub fn ldap_writes(&self) -> Vec<Write> {
        self.ldap_directory().borrow().writes.clone()
    }

    pub(crate) fn ldap_search(&self, search: &Search) -> Result<Found, Failure> {
        match &mut self.ldap_directory().borrow_mut().handlers {
            Some((handler, _)) => handler(search),
            None => Err(not_granted()),
        }
    }

    pub(crate) fn ldap_execute(&self, write: &Write, controls: &[Control]) -> Result<Vec<Control>, Failure> {
        if self.phase() == Phase::Read {
            return Err(Failure::Denied("nothing is written while reading".to_owned()));
        }
        let mut directory = self.ldap_directory().borrow_mut();
        let Directory { handlers: Some((_, handler)), writes } = &mut *directory else { return Err(not_granted()) };
        writes.push(write.clone());
        handler(write, controls)
    }
}

fn not_granted() -> Failure {
    Failure::Denied("the grant has no LDAP directory".to_owned())
}
