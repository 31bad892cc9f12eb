//! Requests as they go on the wire (RFC 4511).

use crate::ber::{BOOLEAN, ENUMERATED, INTEGER, OCTET_STRING, SEQUENCE, SET, Writer};
use crate::echo::quoted_utf16;
use crate::error::LdapError;
use crate::filter;
use crate::operation::{Change, Control, Modification, Scope, Search, Value, Write};
use crate::settings::Bind;
use purser_model::secret::{Secret, Slots};
use std::time::Duration;

/// OID of the paged results control (RFC 2696).
pub(crate) const PAGED_RESULTS: &str = "1.2.840.113556.1.4.319";
/// OID of StartTLS.
const START_TLS: &str = "1.3.6.1.4.1.1466.20037";
/// OID of the Password Modify operation (RFC 3062).
const PASSWORD_MODIFY: &str = "1.3.6.1.4.1.4203.1.11.1";

/// A request without its message id, and the tag of the answer that ends it.
#[derive(Debug)]
pub(crate) struct Request {
    operation: Writer,
    pub(crate) answer: u8,
}

impl Request {
    fn new(answer: u8) -> Self {
        Self { operation: Writer::default(), answer }
    }

    /// The whole message.
    pub(crate) fn message(&self, id: u32) -> Writer {
        let mut message = Writer::default();
        message.constructed(SEQUENCE, |message| {
            message.number(INTEGER, id);
            message.raw(self.operation.bytes());
        });
        message
    }

    /// Adds controls; they stand behind the operation.
    fn with_controls<'a>(mut self, controls: impl Iterator<Item = &'a Control> + Clone) -> Self {
        if controls.clone().next().is_some() {
            self.operation.constructed(0xa0, |list| controls.for_each(|control| write_control(control, list)));
        }
        self
    }
}

fn write_control(control: &Control, list: &mut Writer) {
    list.constructed(SEQUENCE, |sequence| {
        sequence.primitive(OCTET_STRING, control.oid.as_bytes());
        if control.critical {
            sequence.boolean(BOOLEAN, true);
        }
        if let Some(value) = &control.value {
            sequence.primitive(OCTET_STRING, value);
        }
    });
}

/// The request that binds; none for nobody.
pub(crate) fn bind(bind: &Bind) -> Option<Request> {
    let mut request = Request::new(0x61);
    request.operation.constructed(0x60, |operation| {
        operation.number(INTEGER, 3);
        match bind {
            Bind::Anonymous => {}
            Bind::Simple { name, password } => {
                operation.primitive(OCTET_STRING, name.as_bytes());
                operation.primitive(0x80, password.reveal().as_bytes());
            }
            Bind::External { .. } => {
                operation.primitive(OCTET_STRING, b"");
                operation.constructed(0xa3, |sasl| {
                    sasl.primitive(OCTET_STRING, b"EXTERNAL");
                    sasl.primitive(OCTET_STRING, b"");
                });
            }
        }
    });
    if matches!(bind, Bind::Anonymous) { None } else { Some(request) }
}

/// The request that begins TLS.
pub(crate) fn start_tls() -> Request {
    let mut request = Request::new(0x78);
    request.operation.constructed(0x77, |operation| operation.primitive(0x80, START_TLS.as_bytes()));
    request
}

/// A search; `cookie` is the server's own.
pub(crate) fn search(search: &Search, cookie: &[u8], time_limit: Duration) -> Result<Request, LdapError> {
    let mut request = Request::new(0x65);
    request.operation.constructed(0x63, |operation| {
        operation.primitive(OCTET_STRING, search.base.as_bytes());
        let scope = match search.scope {
            Scope::Base => 0,
            Scope::OneLevel => 1,
            Scope::Subtree => 2,
        };
        operation.number(ENUMERATED, scope);
        // Aliases are never followed: they would lead out of what was asked for.
        operation.number(ENUMERATED, 0);
        operation.number(INTEGER, 0);
        operation.number(INTEGER, u32::try_from(time_limit.as_secs()).unwrap_or(0));
        operation.boolean(BOOLEAN, false);
        filter::write(&search.filter, operation)?;
        operation.constructed(SEQUENCE, |attributes| {
            search.attributes.iter().for_each(|name| attributes.primitive(OCTET_STRING, name.as_bytes()));
        });
        Ok::<_, LdapError>(())
    })?;
    let page = search.page_size.map(|size| page_control(size, cookie));
    Ok(request.with_controls(page.iter().chain(&search.controls)))
}

fn page_control(size: u32, cookie: &[u8]) -> Control {
    let mut value = Writer::default();
    value.constructed(SEQUENCE, |value| {
        value.number(INTEGER, size.min(i32::MAX.unsigned_abs()));
        value.primitive(OCTET_STRING, cookie);
    });
    Control { oid: PAGED_RESULTS.to_owned(), critical: true, value: Some(value.bytes().to_vec()) }
}

/// A write, with the secrets of its slots.
pub(crate) fn write(write: &Write, controls: &[Control], slots: &Slots) -> Result<Request, LdapError> {
    let request = match write {
        Write::Add { dn, attributes } => {
            let mut request = Request::new(0x69);
            request.operation.constructed(0x68, |operation| {
                operation.primitive(OCTET_STRING, dn.as_bytes());
                operation
                    .constructed(SEQUENCE, |list| attributes.iter().try_for_each(|one| attribute(one, slots, list)))
            })?;
            request
        }
        Write::Modify { dn, changes } => {
            let mut request = Request::new(0x67);
            request.operation.constructed(0x66, |operation| {
                operation.primitive(OCTET_STRING, dn.as_bytes());
                operation.constructed(SEQUENCE, |list| changes.iter().try_for_each(|one| change(one, slots, list)))
            })?;
            request
        }
        Write::Delete { dn } => {
            let mut request = Request::new(0x6b);
            request.operation.primitive(0x4a, dn.as_bytes());
            request
        }
        Write::Rename { dn, new_rdn, new_superior } => {
            let mut request = Request::new(0x6d);
            request.operation.constructed(0x6c, |operation| {
                operation.primitive(OCTET_STRING, dn.as_bytes());
                operation.primitive(OCTET_STRING, new_rdn.as_bytes());
                operation.boolean(BOOLEAN, true);
                if let Some(superior) = new_superior {
                    operation.primitive(0x80, superior.as_bytes());
                }
            });
            request
        }
        Write::Extended { oid, value } => extended(oid, value.as_deref())?,
        Write::Password { dn, slot } => password_modify(dn, secret(*slot, slots)?)?,
    };
    Ok(request.with_controls(controls.iter()))
}

fn extended(oid: &str, value: Option<&[u8]>) -> Result<Request, LdapError> {
    let advice = match oid {
        START_TLS => Some("StartTLS belongs to the host: set `start_tls` in the grant"),
        // No guest knows a password, and without a new one the server would make one up that nobody learns.
        PASSWORD_MODIFY => Some("Password Modify belongs to the host: `set-password` takes the password from a slot"),
        _ => None,
    };
    if let Some(advice) = advice {
        return Err(LdapError::Denied(advice.to_owned()));
    }
    let mut request = Request::new(0x78);
    request.operation.constructed(0x77, |operation| {
        operation.primitive(0x80, oid.as_bytes());
        if let Some(value) = value {
            operation.primitive(0x81, value);
        }
    });
    Ok(request)
}

/// Password Modify with the entry and its new password. The former one is not known to anybody here, so the server decides by
/// who is bound.
fn password_modify(dn: &str, password: &Secret) -> Result<Request, LdapError> {
    // What names nothing would be the account that is bound, and what has no `=` may be a user in the words of the server.
    if !dn.contains('=') {
        return Err(LdapError::Denied(format!("`{dn}` is no name of an entry, whose password could be set")));
    }
    let mut request = Request::new(0x78);
    let mut value = Writer::default();
    value.constructed(SEQUENCE, |value| {
        value.primitive(0x80, dn.as_bytes());
        value.primitive(0x82, password.reveal().as_bytes());
    });
    request.operation.constructed(0x77, |operation| {
        operation.primitive(0x80, PASSWORD_MODIFY.as_bytes());
        operation.primitive(0x81, value.bytes());
    });
    Ok(request)
}

fn change(change: &Change, slots: &Slots, list: &mut Writer) -> Result<(), LdapError> {
    list.constructed(SEQUENCE, |sequence| {
        let what = match change.modification {
            Modification::Add => 0,
            Modification::Delete => 1,
            Modification::Replace => 2,
        };
        sequence.number(ENUMERATED, what);
        attribute(change, slots, sequence)
    })
}

fn attribute(change: &Change, slots: &Slots, into: &mut Writer) -> Result<(), LdapError> {
    into.constructed(SEQUENCE, |sequence| {
        sequence.primitive(OCTET_STRING, change.name.as_bytes());
        sequence.constructed(SET, |set| change.values.iter().try_for_each(|one| value(one, slots, set)))
    })
}

fn value(value: &Value, slots: &Slots, set: &mut Writer) -> Result<(), LdapError> {
    match value {
        Value::Bytes(bytes) => set.primitive(OCTET_STRING, bytes),
        Value::Secret(slot) => set.primitive(OCTET_STRING, secret(*slot, slots)?.reveal().as_bytes()),
        Value::SecretQuotedUtf16Le(slot) => set.primitive(OCTET_STRING, &quoted_utf16(secret(*slot, slots)?)),
    }
    Ok(())
}

fn secret(slot: u32, slots: &Slots) -> Result<&Secret, LdapError> {
    slots.get(slot).ok_or_else(|| LdapError::Denied(format!("the secret slot {slot} is not attached to this call")))
}
