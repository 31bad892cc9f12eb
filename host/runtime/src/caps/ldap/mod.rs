//! The capability `ldap`: the directory of the grant.
//!
//! The guest says what to search and what to write; `purser-ldap` knows the server, binds, and keeps the sessions. Reading
//! calls may only search.

mod addresses;

use crate::bindings::purser::connector::ldap as contract;
use crate::grant::LdapGrant;
use crate::meter::Meter;
use addresses::GrantedAddresses;
use contract::{Control, Error, NewPassword, SearchRequest, SearchResult, Write};
use purser_ldap::{self as ldap, Directory, LdapError, SettingsError};
use purser_model::phase::Phase;
use purser_model::secret::Slots;
use std::sync::Arc;
use wasmtime::component::{HasData, Linker};

/// The directory that a session may reach, with the connections that are kept between its calls.
#[derive(Clone, Default)]
pub(crate) struct LdapContext {
    directory: Option<Arc<Directory>>,
}

impl LdapContext {
    /// Reaches this directory, or none.
    ///
    /// # Errors
    /// The directory's settings cannot be used.
    pub(crate) fn new(grant: Option<LdapGrant>) -> Result<Self, SettingsError> {
        let open = |grant: LdapGrant| {
            let addresses = GrantedAddresses::new(&grant.settings.host, grant.settings.port, &grant.addresses);
            Directory::new(grant.settings, Arc::new(addresses))
        };
        let directory = grant.map(open).transpose()?;
        Ok(Self { directory: directory.map(Arc::new) })
    }
}

/// The context while the guest is inside a host function.
pub(crate) struct LdapView<'a> {
    pub(crate) context: &'a LdapContext,
    pub(crate) slots: &'a Slots,
    pub(crate) meter: &'a mut Meter,
    pub(crate) phase: Phase,
}

impl LdapView<'_> {
    fn directory(&self) -> Result<&Directory, Error> {
        if self.phase == Phase::Describe {
            return Err(Error::Denied(Phase::NOTHING_IN_DESCRIBE.to_owned()));
        }
        self.context.directory.as_deref().ok_or_else(|| {
            Error::Denied("the grant has no LDAP directory; add a section `ldap` with its `url`".to_owned())
        })
    }

    async fn find(&self, request: SearchRequest) -> Result<SearchResult, Error> {
        let found = self.directory()?.search(&search(request), self.slots).await.map_err(failure)?;
        Ok(SearchResult {
            entries: found.entries.into_iter().map(entry).collect(),
            cookie: found.cookie,
            controls: found.controls.into_iter().map(control_for_guest).collect(),
            referrals: found.referrals,
        })
    }

    async fn carry_out(&self, write: ldap::Write, controls: Vec<Control>) -> Result<Vec<Control>, Error> {
        let directory = self.directory()?;
        if self.phase != Phase::Write {
            return Err(Error::Denied("nothing is written while reading".to_owned()));
        }
        let controls: Vec<_> = controls.into_iter().map(control).collect();
        let answered = directory.write(&write, &controls, self.slots).await.map_err(failure)?;
        Ok(answered.into_iter().map(control_for_guest).collect())
    }
}

impl contract::Host for LdapView<'_> {
    async fn search(&mut self, request: SearchRequest) -> wasmtime::Result<Result<SearchResult, Error>> {
        self.meter.host_call()?;
        let found = self.find(request).await;
        self.meter.ldap_traffic(found.as_ref().map_or(0, found_bytes));
        self.meter.check_traffic()?;
        Ok(found)
    }

    async fn execute(&mut self, asked: Write, controls: Vec<Control>) -> wasmtime::Result<Result<Vec<Control>, Error>> {
        self.meter.host_call()?;
        self.meter.ldap_traffic(written_bytes(&asked));
        self.meter.check_traffic()?;
        Ok(self.carry_out(write(asked), controls).await)
    }

    async fn set_password(&mut self, NewPassword { dn, slot }: NewPassword) -> wasmtime::Result<Result<(), Error>> {
        self.meter.host_call()?;
        self.meter.ldap_traffic(dn.len());
        self.meter.check_traffic()?;
        // Controls of the answer could hold a password that the server made up.
        Ok(self.carry_out(ldap::Write::Password { dn, slot }, Vec::new()).await.map(drop))
    }
}

fn found_bytes(found: &SearchResult) -> usize {
    let value = |values: &Vec<Vec<u8>>| values.iter().map(Vec::len).sum::<usize>();
    let entry = |entry: &contract::Entry| {
        entry.dn.len() + entry.attributes.iter().map(|one| one.name.len() + value(&one.values)).sum::<usize>()
    };
    found.entries.iter().map(entry).sum()
}

fn written_bytes(write: &Write) -> usize {
    let value = |value: &contract::Value| match value {
        contract::Value::Bytes(bytes) => bytes.len(),
        contract::Value::Secret(_) | contract::Value::SecretQuotedUtf16le(_) => 0,
    };
    let changes = |changes: &[contract::Change]| {
        changes.iter().map(|one| one.name.len() + one.values.iter().map(value).sum::<usize>()).sum::<usize>()
    };
    match write {
        Write::Add((dn, changed)) | Write::Modify((dn, changed)) => dn.len() + changes(changed),
        Write::Delete(dn) => dn.len(),
        Write::Rename((dn, new_rdn, superior)) => dn.len() + new_rdn.len() + superior.as_ref().map_or(0, String::len),
        Write::Extended((oid, value)) => oid.len() + value.as_ref().map_or(0, Vec::len),
    }
}

fn search(request: SearchRequest) -> ldap::Search {
    ldap::Search {
        base: request.base,
        scope: match request.scope {
            contract::Scope::Base => ldap::Scope::Base,
            contract::Scope::OneLevel => ldap::Scope::OneLevel,
            contract::Scope::Subtree => ldap::Scope::Subtree,
        },
        filter: request.filter,
        attributes: request.attributes,
        page_size: request.page_size,
        cookie: request.cookie,
        controls: request.controls.into_iter().map(control).collect(),
    }
}

fn write(write: Write) -> ldap::Write {
    let changes = |changes: Vec<contract::Change>| changes.into_iter().map(change).collect();
    match write {
        Write::Add((dn, attributes)) => ldap::Write::Add { dn, attributes: changes(attributes) },
        Write::Modify((dn, asked)) => ldap::Write::Modify { dn, changes: changes(asked) },
        Write::Delete(dn) => ldap::Write::Delete { dn },
        Write::Rename((dn, new_rdn, new_superior)) => ldap::Write::Rename { dn, new_rdn, new_superior },
        Write::Extended((oid, value)) => ldap::Write::Extended { oid, value },
    }
}

fn change(change: contract::Change) -> ldap::Change {
    let value = |value| match value {
        contract::Value::Bytes(bytes) => ldap::Value::Bytes(bytes),
        contract::Value::Secret(slot) => ldap::Value::Secret(slot),
        contract::Value::SecretQuotedUtf16le(slot) => ldap::Value::SecretQuotedUtf16Le(slot),
    };
    ldap::Change {
        modification: match change.modification {
            contract::Modification::Add => ldap::Modification::Add,
            contract::Modification::Delete => ldap::Modification::Delete,
            contract::Modification::Replace => ldap::Modification::Replace,
        },
        name: change.name,
        values: change.values.into_iter().map(value).collect(),
    }
}

fn control(control: Control) -> ldap::Control {
    ldap::Control { oid: control.oid, critical: control.critical, value: control.value }
}

fn control_for_guest(control: ldap::Control) -> Control {
    Control { oid: control.oid, critical: control.critical, value: control.value }
}

fn entry(entry: ldap::Entry) -> contract::Entry {
    let attribute = |attribute: ldap::Attribute| contract::Attribute { name: attribute.name, values: attribute.values };
    contract::Entry { dn: entry.dn, attributes: entry.attributes.into_iter().map(attribute).collect() }
}

fn failure(error: LdapError) -> Error {
    match error {
        LdapError::Denied(text) => Error::Denied(text),
        LdapError::Unreachable(text) => Error::Unreachable(text),
        LdapError::BindRefused { code, text } => Error::BindRefused((code, text)),
        LdapError::Interrupted(text) => Error::Interrupted(text),
        LdapError::CursorLost => Error::CursorLost,
        LdapError::TooLarge(text) => Error::TooLarge(text),
        LdapError::Server { code, text } => Error::Server((code, text)),
    }
}

struct HasLdap;

impl HasData for HasLdap {
    type Data<'a> = LdapView<'a>;
}

/// Provides the capability to guests.
pub(crate) fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> LdapView<'_>,
) -> wasmtime::Result<()> {
    contract::add_to_linker::<T, HasLdap>(linker, view)
}
