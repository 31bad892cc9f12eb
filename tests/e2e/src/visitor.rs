//! Somebody without a browser who walks from site to site as one would: cookies are kept for each, and redirects are followed one by one.

use crate::http::{Message, exchange};
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use url::Url;

/// Somebody who walks.
#[derive(Debug, Clone, Default)]
pub struct Visitor {
    cookies: BTreeMap<(String, String), String>,
    /// Sent with every request.
    pub headers: Vec<(&'static str, &'static str)>,
}

impl Visitor {
    /// Asks for a page, and follows nothing.
    #[track_caller]
    pub fn get(&mut self, url: &str) -> Message {
        self.ask("GET", url, "")
    }

    /// Sends a form, and follows nothing.
    #[track_caller]
    pub fn post(&mut self, url: &str, form: &str) -> Message {
        self.ask("POST", url, form)
    }

    #[track_caller]
    fn ask(&mut self, method: &str, url: &str, body: &str) -> Message {
        let at = Url::parse(url).unwrap_or_else(|error| panic!("{url}: {error}"));
        let site = at.authority().to_owned();
        let kept = self.cookies.iter().filter(|((of, _), _)| *of == site);
        let cookies: Vec<_> = kept.map(|((_, name), value)| format!("{name}={value}")).collect();
        let mut headers = vec![("Host", site.clone()), ("Cookie", cookies.join("; "))];
        headers.extend(self.headers.iter().map(|(name, value)| (*name, (*value).to_owned())));
        if method == "POST" {
            headers.push(("Content-Type", "application/x-www-form-urlencoded".to_owned()));
        }
        let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let first_line = format!(
            "{method} {}{} HTTP/1.1",
            at.path(),
            at.query().map(|query| format!("?{query}")).unwrap_or_default()
        );
        let port = at.port_or_known_default().expect("a port");
        let request = Message { first_line, headers, body: body.as_bytes().to_vec() };
        let answer = exchange(SocketAddr::from((Ipv4Addr::LOCALHOST, port)), &request).expect("an answer");
        self.keep(&site, &answer);
        answer
    }

    fn keep(&mut self, site: &str, answer: &Message) {
        for (_, set) in answer.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie")) {
            let (name, rest) = set.split_once('=').expect("a name and a value");
            let value = rest.split(';').next().unwrap_or_default().to_owned();
            self.cookies.insert((site.to_owned(), name.to_owned()), value);
        }
    }

    /// Walks through the pages of an issuer, from where it leads, as who signs in under this name, until it leads back to another site; where to.
    #[track_caller]
    pub fn sign_in_at(&mut self, issuer: &str, url: &str, login: &str) -> String {
        let mut next = url.to_owned();
        for _ in 0..20 {
            if !next.starts_with(issuer) {
                return next;
            }
            let mut answer = self.get(&next);
            if answer.status() == Some(200) {
                let page = String::from_utf8_lossy(&answer.body).into_owned();
                let action = page.split("action=\"").nth(1).and_then(|rest| rest.split('"').next());
                let action = action.unwrap_or_else(|| panic!("no form in {page}"));
                let form = match page.contains("name=\"login\"") {
                    true => format!("prompt=login&login={login}&password=x"),
                    false => "prompt=consent".to_owned(),
                };
                let to = Url::parse(&next).and_then(|at| at.join(action)).expect("a URL");
                answer = self.post(to.as_str(), &form);
            }
            let location = answer.header("location").unwrap_or_else(|| {
                panic!("{next} leads nowhere: {} {}", answer.first_line, String::from_utf8_lossy(&answer.body))
            });
            next = Url::parse(&next).and_then(|at| at.join(location)).expect("a URL").into();
        }
        panic!("the pages of the issuer lead in a circle")
    }
}
