//! The directory as one call sees it: searches in the terms of the connector, and writes with its errors.

use crate::config::{Config, Passwords};
use crate::entry::{self, Class};
use crate::failure::error_of;
use crate::{dn, filter, password};
use purser_sdk::ldap::{Change, Control, Entry, Found, Ldap, Modification, Scope, Search, Write};
use purser_sdk::{Error, Host};
use std::cell::OnceCell;
use std::collections::BTreeMap;

/// Ids in one filter.
const AT_ONCE: usize = 50;
/// Keeps Active Directory from naming other servers for the rest of a domain.
const DOMAIN_SCOPE: &str = "1.2.840.113556.1.4.1339";

/// What is to be done about a directory that refers to others.
pub fn advice(servers: &str) -> String {
    format!(
        "a part of the base lies elsewhere ({servers}); let the base hold only what this server has, or set \
         `ignore_referrals = true` where nothing of yours lies there"
    )
}

/// The directory.
pub struct Directory {
    /// The configuration.
    pub config: Config,
    /// The host.
    pub host: Host,
    ldap: Ldap,
    passwords: OnceCell<Passwords>,
}

impl Directory {
    /// The directory of the grant.
    pub fn new(config: Config, host: Host) -> Self {
        let ldap = host.ldap();
        Self { config, host, ldap, passwords: OnceCell::new() }
    }

    /// Searches as asked.
    ///
    /// # Errors
    /// As [`error_of`].
    pub fn search(&self, search: &Search, what: &str) -> Result<Found, Error> {
        let mut search = search.clone();
        if self.config.is_active_directory() {
            search.controls.push(Control { oid: DOMAIN_SCOPE.to_owned(), critical: false, value: None });
        }
        let mut found = self.ldap.search(&search).map_err(|failure| error_of(failure, what, false))?;
        for entry in &mut found.entries {
            self.complete(entry)?;
        }
        Ok(found)
    }

    /// Searches for changes: what came into a list and what went stands in parts that are no parts of the whole list.
    ///
    /// # Errors
    /// As [`error_of`].
    pub fn search_changes(&self, search: &Search, what: &str) -> Result<Found, Error> {
        let mut found = self.ldap.search(search).map_err(|failure| error_of(failure, what, false))?;
        found.entries.iter_mut().for_each(entry::join_ranges);
        Ok(found)
    }

    /// Searches, and takes a base that is not there for one without entries.
    ///
    /// # Errors
    /// As [`error_of`].
    pub fn search_if_there(&self, search: &Search, what: &str) -> Result<Vec<Entry>, Error> {
        match self.search(search, what) {
            Ok(found) => Ok(found.entries),
            Err(error) if error.is_not_found() => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Fetches the rest of attributes of which the server showed a part (`member;range=0-1499`).
    fn complete(&self, entry: &mut Entry) -> Result<(), Error> {
        let ranged: Vec<(String, u64)> =
            entry.attributes.iter().filter_map(|attribute| range_end(&attribute.name)).collect();
        for (name, mut end) in ranged {
            loop {
                let wanted = format!("{name};range={}-*", end + 1);
                let search = Search::new(&entry.dn, Scope::Base, "(objectClass=*)").attributes([wanted]);
                let found =
                    self.ldap.search(&search).map_err(|failure| error_of(failure, "read more values", false))?;
                let more = found.entries.into_iter().flat_map(|entry| entry.attributes);
                let Some(more) = more
                    .into_iter()
                    .find(|more| more.name.to_lowercase().starts_with(&format!("{};range=", name.to_lowercase())))
                else {
                    break;
                };
                let next = range_end(&more.name);
                entry.attributes.push(more);
                match next {
                    Some((_, next)) if next > end => end = next,
                    _ => break,
                }
            }
        }
        entry::join_ranges(entry);
        Ok(())
    }

    /// Writes.
    ///
    /// # Errors
    /// As [`error_of`].
    pub fn write(&self, write: &Write, what: &str) -> Result<(), Error> {
        self.write_with(write, &[], what)
    }

    /// Writes with controls.
    ///
    /// # Errors
    /// As [`error_of`].
    pub fn write_with(&self, write: &Write, controls: &[Control], what: &str) -> Result<(), Error> {
        self.ldap.execute(write, controls).map(|_| ()).map_err(|failure| error_of(failure, what, true))
    }

    /// Changes an entry.
    ///
    /// # Errors
    /// As [`error_of`].
    pub fn modify(&self, dn: &str, changes: Vec<Change>, what: &str) -> Result<(), Error> {
        self.write(&Write::Modify { dn: dn.to_owned(), changes }, what)
    }

    /// How passwords are set: as configured, else as the server offers it. The server is asked once in a call.
    ///
    /// # Errors
    /// As [`error_of`].
    pub fn passwords(&self) -> Result<Passwords, Error> {
        if self.config.is_active_directory() {
            return Ok(Passwords::Attribute);
        }
        if let Some(known) = self.config.passwords.or_else(|| self.passwords.get().copied()) {
            return Ok(known);
        }
        let found = if password::is_offered(self)? { Passwords::Operation } else { Passwords::Attribute };
        Ok(*self.passwords.get_or_init(|| found))
    }

    /// Where objects of a class lie.
    ///
    /// # Errors
    /// `invalid-config` for groups where none are configured.
    pub fn base(&self, class: Class) -> Result<&str, Error> {
        match class {
            Class::User => Ok(&self.config.people.base),
            Class::Group => self
                .config
                .groups
                .as_ref()
                .map(|groups| groups.base.as_str())
                .ok_or_else(|| Error::invalid_config("groups are not configured: give `groups.base`")),
        }
    }

    /// What finds the objects of a class.
    pub fn class_filter(&self, class: Class) -> String {
        let (usual, further) = match class {
            Class::User => (self.config.profile().user_filter.to_owned(), self.config.people.filter.as_ref()),
            Class::Group => {
                let of_class = format!("(objectClass={})", self.config.group_class());
                (of_class, self.config.groups.as_ref().and_then(|groups| groups.filter.as_ref()))
            }
        };
        match further {
            Some(further) => filter::all(&[usual, further.clone()]),
            None => usual,
        }
    }

    /// The entry with this id, with these attributes; none where it is certain that there is none below the base.
    ///
    /// # Errors
    /// `invalid-value` for what is no id; as [`error_of`].
    pub fn find(&self, class: Class, id: &str, attributes: Vec<String>) -> Result<Option<Entry>, Error> {
        let wanted = filter::equals(self.config.profile().id, &entry::id_bytes(&self.config, id)?);
        let filter = filter::all(&[self.class_filter(class), wanted]);
        let search = Search::new(self.base(class)?, Scope::Subtree, filter).attributes(attributes);
        let found = self.search(&search, &format!("read the {} {id}", class.name()))?;
        let elsewhere = self.elsewhere(&found);
        match (found.entries.into_iter().next(), elsewhere) {
            (None, Some(servers)) => {
                let message =
                    format!("whether the {} {id} is there cannot be said: {}", class.name(), advice(&servers));
                Err(Error::unavailable(None, message))
            }
            (found, _) => Ok(found),
        }
    }

    /// The other servers that the directory names for a part of what was searched; they are not asked.
    pub fn elsewhere(&self, found: &Found) -> Option<String> {
        let count = !self.config.ignore_referrals && !found.referrals.is_empty();
        count.then(|| found.referrals.join(", "))
    }

    /// The names of the objects with these ids, as far as they are there.
    ///
    /// # Errors
    /// As [`Directory::find`].
    pub fn dns_of(&self, class: Class, ids: &[&str]) -> Result<BTreeMap<String, String>, Error> {
        let mut names = BTreeMap::new();
        let attribute = self.config.profile().id;
        for some in ids.chunks(AT_ONCE) {
            let bytes = some.iter().map(|id| entry::id_bytes(&self.config, id)).collect::<Result<Vec<_>, _>>()?;
            let wanted = filter::any_of(attribute, bytes.iter().map(Vec::as_slice));
            let filter = filter::all(&[self.class_filter(class), wanted]);
            let search = Search::new(self.base(class)?, Scope::Subtree, filter).attributes([attribute]);
            let found = self.search(&search, "read names")?;
            let named =
                found.entries.into_iter().filter_map(|entry| Some((entry::id_of(&self.config, &entry)?, entry.dn)));
            names.extend(named);
        }
        Ok(names)
    }

    /// The ids of all objects of a class by their names, in the form of [`dn::normal`].
    ///
    /// # Errors
    /// As [`error_of`].
    pub fn ids_by_name(&self, class: Class) -> Result<BTreeMap<String, String>, Error> {
        let mut ids = BTreeMap::new();
        let mut search = Search::new(self.base(class)?, Scope::Subtree, self.class_filter(class))
            .attributes([self.config.profile().id])
            .page(self.config.page_size, Vec::new());
        loop {
            let found = self.search(&search, &format!("list the names of every {}", class.name()))?;
            let named = found
                .entries
                .iter()
                .filter_map(|entry| Some((dn::normal(&entry.dn), entry::id_of(&self.config, entry)?)));
            ids.extend(named);
            if found.cookie.is_empty() {
                return Ok(ids);
            }
            search.cookie = found.cookie;
        }
    }

    /// What the server says about itself: these attributes of its root.
    ///
    /// # Errors
    /// As [`error_of`].
    pub fn root(&self, attributes: &[&str]) -> Result<Option<Entry>, Error> {
        let search = Search::new("", Scope::Base, "(objectClass=*)").attributes(attributes.iter().copied());
        Ok(self.search(&search, "read what the server says about itself")?.entries.into_iter().next())
    }
}

/// A replacement of all values of an attribute.
pub fn replace(name: &str, values: Vec<Vec<u8>>) -> Change {
    let values = values.into_iter().map(purser_sdk::ldap::Value::Bytes).collect();
    Change { modification: Modification::Replace, name: name.to_owned(), values }
}

/// The name and last place of a part of an attribute's values; none where it is the last part, or no part.
fn range_end(name: &str) -> Option<(String, u64)> {
    let (name, range) = name.split_once(";range=")?;
    let (_, end) = range.split_once('-')?;
    Some((name.to_owned(), end.parse().ok()?))
}
