//! The contract's `ldap`, seen as this SDK's types.

use crate::bindings::purser::connector::ldap as wit;
use crate::ldap::{Attribute, Control, Entry, Failure, Found, Modification, Scope, Search, Value, Write};

pub fn ldap_search(search: &Search) -> Result<Found, Failure> {
    let request = wit::SearchRequest {
        base: search.base.clone(),
        scope: match search.scope {
            Scope::Base => wit::Scope::Base,
            Scope::OneLevel => wit::Scope::OneLevel,
            Scope::Subtree => wit::Scope::Subtree,
        },
        filter: search.filter.clone(),
        attributes: search.attributes.clone(),
        page_size: search.page_size,
        cookie: search.cookie.clone(),
        controls: controls(&search.controls),
    };
    let found = wit::search(&request).map_err(failure)?;
    Ok(Found {
        entries: found.entries.into_iter().map(entry).collect(),
        cookie: found.cookie,
        controls: found.controls.into_iter().map(answered).collect(),
        referrals: found.referrals,
    })
}

pub fn ldap_execute(write: &Write, asked: &[Control]) -> Result<Vec<Control>, Failure> {
    let changes = |changes: &[crate::ldap::Change]| changes.iter().map(change).collect();
    let write = match write {
        Write::Add { dn, attributes } => wit::Write::Add((dn.clone(), changes(attributes))),
        Write::Modify { dn, changes: asked } => wit::Write::Modify((dn.clone(), changes(asked))),
        Write::Delete { dn } => wit::Write::Delete(dn.clone()),
        Write::Rename { dn, new_rdn, new_superior } => {
            wit::Write::Rename((dn.clone(), new_rdn.clone(), new_superior.clone()))
        }
        Write::Extended { oid, value } => wit::Write::Extended((oid.clone(), value.clone())),
        Write::Password { dn, slot } => {
            let password = wit::NewPassword { dn: dn.clone(), slot: *slot };
            return wit::set_password(&password).map(|()| Vec::new()).map_err(failure);
        }
    };
    let answer = wit::execute(&write, &controls(asked)).map_err(failure)?;
    Ok(answer.into_iter().map(answered).collect())
}

fn change(change: &crate::ldap::Change) -> wit::Change {
    let value = |value: &Value| match value {
        Value::Bytes(bytes) => wit::Value::Bytes(bytes.clone()),
        Value::Secret(slot) => wit::Value::Secret(*slot),
        Value::SecretQuotedUtf16Le(slot) => wit::Value::SecretQuotedUtf16le(*slot),
    };
    wit::Change {
        modification: match change.modification {
            Modification::Add => wit::Modification::Add,
            Modification::Delete => wit::Modification::Delete,
            Modification::Replace => wit::Modification::Replace,
        },
        name: change.name.clone(),
        values: change.values.iter().map(value).collect(),
    }
}

fn controls(controls: &[Control]) -> Vec<wit::Control> {
    let control = |control: &Control| wit::Control {
        oid: control.oid.clone(),
        critical: control.critical,
        value: control.value.clone(),
    };
    controls.iter().map(control).collect()
}

fn answered(control: wit::Control) -> Control {
    Control { oid: control.oid, critical: control.critical, value: control.value }
}

fn entry(entry: wit::Entry) -> Entry {
    let attribute = |attribute: wit::Attribute| Attribute { name: attribute.name, values: attribute.values };
    Entry { dn: entry.dn, attributes: entry.attributes.into_iter().map(attribute).collect() }
}

fn failure(error: wit::Error) -> Failure {
    match error {
        wit::Error::Denied(text) => Failure::Denied(text),
        wit::Error::Unreachable(text) => Failure::Unreachable(text),
        wit::Error::BindRefused((code, text)) => Failure::BindRefused { code, text },
        wit::Error::Interrupted(text) => Failure::Interrupted(text),
        wit::Error::CursorLost => Failure::CursorLost,
        wit::Error::TooLarge(text) => Failure::TooLarge(text),
        wit::Error::Server((code, text)) => Failure::Server { code, text },
    }
}
