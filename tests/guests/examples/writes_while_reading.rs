//! Writes in a search what it may write in an apply only, and says how the host answered.
#![cfg(target_arch = "wasm32")]

use purser_guests::contract::purser::connector::files;
use purser_guests::contract::purser::connector::http::{self, Method};
use purser_guests::contract::purser::connector::ldap::{self, NewPassword, Write};
use purser_guests::contract::purser::connector::types::{Error, Manifest, Outcome, Page, Request, SearchRequest};
use purser_guests::{Program, manifest, needs, observations, page, program};

struct WritesWhileReading;

impl Program for WritesWhileReading {
    fn describe() -> Manifest {
        let (egress, directories) = needs();
        manifest(egress, directories)
    }

    fn search(_request: SearchRequest) -> Result<Page, Error> {
        Ok(page(vec![observations(writes())]))
    }

    fn apply(requests: Vec<Request>) -> Vec<Result<Outcome, Error>> {
        requests.iter().map(|_| Ok(Outcome::Done(Some(observations(writes()))))).collect()
    }
}

fn writes() -> Vec<(&'static str, String)> {
    vec![
        ("post", format!("{:?}", http::send(&post()).map(|response| response.status))),
        ("replace", format!("{:?}", replace())),
        ("remove", format!("{:?}", files::remove("data", "old.csv"))),
        ("ldap", format!("{:?}", ldap::execute(&Write::Delete("cn=anna".to_owned()), &[]))),
        ("password", password("cn=anna", 0)),
        ("password of no slot", password("cn=anna", 7)),
        ("password of whoever is bound", password(" ", 0)),
        ("password of a user", password("u:anna", 0)),
        ("password made by the server", format!("{:?}", ldap::execute(&made_by_the_server(), &[]))),
    ]
}

fn password(dn: &str, slot: u32) -> String {
    format!("{:?}", ldap::set_password(&NewPassword { dn: dn.to_owned(), slot }))
}

/// Password Modify (RFC 3062) without a new password: the server makes one up and answers with it.
fn made_by_the_server() -> Write {
    let value = [&[0x30, 9, 0x80, 7][..], b"cn=anna"].concat();
    Write::Extended(("1.3.6.1.4.1.4203.1.11.1".to_owned(), Some(value)))
}

fn replace() -> Result<(), files::Error> {
    let handle = files::begin("data", "new.csv")?;
    files::append(handle, b"id\n1\n")?;
    files::commit(handle)
}

fn post() -> http::Request {
    http::Request {
        endpoint: "api".to_owned(),
        method: Method::Post,
        path: "/Users".to_owned(),
        query: Vec::new(),
        headers: Vec::new(),
        body: Some(b"{}".to_vec()),
        secrets: Vec::new(),
        timeout_ms: None,
    }
}

program!(WritesWhileReading);
