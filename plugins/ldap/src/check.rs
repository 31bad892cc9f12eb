//! What would keep a configuration from working.

use crate::config::Passwords;
use crate::directory::Directory;
use crate::entry::{self, Class};
use crate::password::is_offered;
use crate::schema::known_attributes;
use purser_sdk::ldap::{Scope, Search};
use purser_sdk::{CheckLevel, Error, Finding, Severity};

/// Attributes in which Active Directory says what the one who asks may write and create.
const MAY_WRITE: &str = "allowedAttributesEffective";
const MAY_CREATE: &str = "allowedChildClassesEffective";
/// What says that a server is Active Directory.
const ACTIVE_DIRECTORY: &str = "1.2.840.113556.1.4.800";

/// Looks for it. Nothing is written.
pub fn check(directory: &Directory, level: CheckLevel) -> Vec<Finding> {
    if level == CheckLevel::Offline {
        return Vec::new();
    }
    let looked = reached(directory).and_then(|mut findings| {
        findings.extend(unknown_attributes(directory)?);
        if level == CheckLevel::Permissions {
            findings.extend(rights(directory)?);
            findings.extend(passwords(directory)?);
        }
        Ok(findings)
    });
    looked.unwrap_or_else(|error| vec![Finding::from(&error)])
}

fn classes(directory: &Directory) -> Vec<Class> {
    let groups = directory.config.groups.is_some().then_some(Class::Group);
    std::iter::once(Class::User).chain(groups).collect()
}

fn reached(directory: &Directory) -> Result<Vec<Finding>, Error> {
    let mut findings = Vec::new();
    let root = directory.root(&["supportedCapabilities"])?;
    let capabilities = root.iter().flat_map(|root| root.values("supportedCapabilities"));
    let is_one = capabilities.into_iter().any(|oid| oid == ACTIVE_DIRECTORY.as_bytes());
    if is_one != directory.config.is_active_directory() {
        let (is, wanted) =
            if is_one { ("Active Directory", "active-directory") } else { ("no Active Directory", "generic") };
        let finding = Finding::new(Severity::Error, "wrong-profile", format!("The server is {is}"));
        findings.push(finding.with_remedy(format!("Set `profile = \"{wanted}\"`")));
    }
    for class in classes(directory) {
        let base = directory.base(class)?;
        let search = Search::new(base, Scope::Base, "(objectClass=*)").attributes(["objectClass"]);
        if directory.search_if_there(&search, "read the base")?.is_empty() {
            let message = format!("The base {base} is not there, or the account that is bound may not read it");
            let remedy = "Correct the base, or give the account that is bound the right to read there";
            findings.push(Finding::new(Severity::Error, "base-not-readable", message).with_remedy(remedy));
        }
    }
    Ok(findings)
}

fn unknown_attributes(directory: &Directory) -> Result<Vec<Finding>, Error> {
    let Some(known) = known_attributes(directory)? else {
        let message = "The directory shows no schema: which attributes it knows cannot be said";
        return Ok(vec![Finding::new(Severity::Info, "no-schema", message)]);
    };
    let declared = directory.config.attributes.keys().filter(|name| !known.contains(&name.to_lowercase()));
    let findings = declared.map(|name| {
        let message = format!("The directory's schema has no attribute `{name}`");
        Finding::new(Severity::Error, "unknown-attribute", message)
            .with_remedy("Take it out of `attributes`, or extend the schema")
    });
    Ok(findings.collect())
}

/// What may be read is seen by reading; what may be written says only Active Directory.
fn rights(directory: &Directory) -> Result<Vec<Finding>, Error> {
    let mut findings = Vec::new();
    for class in classes(directory) {
        let id = directory.config.profile().id;
        let search = Search::new(directory.base(class)?, Scope::Subtree, directory.class_filter(class))
            .attributes([id, MAY_WRITE])
            .page(1, Vec::new());
        let found = directory.search(&search, &format!("list every {}", class.name()))?;
        let Some(sample) = found.entries.first() else {
            let message = format!(
                "There is no {} yet: whether they may be read and changed shows with the first one",
                class.name()
            );
            findings.push(Finding::new(Severity::Info, "nothing-there", message));
            continue;
        };
        if entry::id_of(&directory.config, sample).is_none() {
            findings.push(missing(&format!("read {id}"), "every object is known by it"));
        }
        if directory.config.is_active_directory() {
            findings.extend(unwritable(directory, class, sample));
            findings.extend(uncreatable(directory, class)?);
        }
    }
    Ok(findings)
}

/// How passwords are set; Active Directory leaves no choice.
fn passwords(directory: &Directory) -> Result<Option<Finding>, Error> {
    if directory.config.is_active_directory() {
        return Ok(None);
    }
    let operation = "the Password Modify operation (RFC 3062)";
    let finding = match (directory.passwords()?, is_offered(directory)?) {
        (Passwords::Operation, true) => {
            Finding::new(Severity::Info, "passwords", format!("Passwords are set by {operation}"))
        }
        (Passwords::Operation, false) => {
            let message = format!("The server does not say that it has {operation}");
            Finding::new(Severity::Warning, "passwords", message).with_remedy("Set `passwords = \"attribute\"`")
        }
        (Passwords::Attribute, true) => {
            let message = format!("Passwords are written to userPassword, although the server has {operation}");
            Finding::new(Severity::Info, "passwords", message)
        }
        (Passwords::Attribute, false) => {
            let message = "Passwords are written to userPassword, since the server does not say that it can set them";
            let remedy = "See that the directory hashes what is written there";
            Finding::new(Severity::Info, "passwords", message).with_remedy(remedy)
        }
    };
    Ok(Some(finding))
}

fn unwritable(directory: &Directory, class: Class, sample: &purser_sdk::ldap::Entry) -> Option<Finding> {
    let may = sample.values(MAY_WRITE);
    let wanted: Vec<&str> = match class {
        Class::User => vec!["userAccountControl", "displayName", "mail", "unicodePwd"],
        Class::Group => vec![directory.config.member()],
    };
    let missing_ones: Vec<&str> =
        wanted.into_iter().filter(|name| !may.iter().any(|may| may.eq_ignore_ascii_case(name.as_bytes()))).collect();
    (!missing_ones.is_empty()).then(|| {
        missing(&format!("write {}", missing_ones.join(", ")), &format!("{} is one that may not be changed", sample.dn))
    })
}

fn uncreatable(directory: &Directory, class: Class) -> Result<Option<Finding>, Error> {
    let base = directory.base(class)?;
    let search = Search::new(base, Scope::Base, "(objectClass=*)").attributes([MAY_CREATE]);
    let found = directory.search(&search, "read what may be created")?;
    let wanted = match class {
        Class::User => "user",
        Class::Group => directory.config.group_class(),
    };
    let may = found
        .entries
        .iter()
        .flat_map(|entry| entry.values(MAY_CREATE))
        .any(|may| may.eq_ignore_ascii_case(wanted.as_bytes()));
    Ok((!may).then(|| missing(&format!("Create {wanted} objects"), &format!("new ones are made in {base}"))))
}

fn missing(permission: &str, reason: &str) -> Finding {
    let message = format!("The account that is bound lacks the permission \"{permission}\": {reason}");
    let finding = Finding::new(Severity::Error, "missing-permission", message);
    finding.with_remedy(format!(
        "Delegate it on the base: Active Directory Users and Computers, Delegate Control, \"{permission}\""
    ))
}
