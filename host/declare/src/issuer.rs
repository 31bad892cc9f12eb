//! `[issuer.NAME]`: whose tokens open the API and with which role, and who may sign in to the console there.

use crate::check::Reference;
use crate::problems::Problems;
use crate::reading::Reading;
use crate::section::{Node, Section};
use crate::{egress, secret, units};
use purser_model::access::ApiRole;
use purser_model::egress::{AddressGrant, is_loopback};
use purser_model::id::{IssuerName, TargetName};
use purser_model::issuer::{Issuer, RoleRule, SignIn};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;
use url::Url;

/// Clocks that differ by more are wrong.
const LARGEST_SKEW: Duration = Duration::from_mins(5);
const USUAL_SKEW: Duration = Duration::from_secs(60);

/// A text is no URL of an issuer or a console.
#[derive(Debug, thiserror::Error)]
enum NotAPlace {
    #[error("this is no URL ({0}): write for example \"https://login.example\"")]
    Syntax(#[from] url::ParseError),
    #[error("what is trusted is reached over https://, and over http:// only on this machine")]
    Scheme,
    #[error("leave user name, password, query and fragment out of the URL")]
    Form,
    #[error("write scheme, host and port of the console only, as browsers have them: \"https://purser.example\"")]
    Path,
}

/// Reads an issuer and keeps it, unless so much is missing that there is nothing to go on with.
pub(crate) fn read(reading: &mut Reading, name: IssuerName, mut section: Section<'_>, base: &Path) {
    let problems = &mut reading.problems;
    let url = section.required("url", "\"https://login.example\"", problems);
    let url = url.and_then(|node| {
        let written = (node.filled_text(problems)?, node.parsed(place, problems)?);
        Some((written, node.place.clone()))
    });
    let jwks = section.optional("jwks").and_then(|node| node.parsed(place, problems));
    let audience = section.required_text("audience", "\"https://purser.example\"", problems);
    let clock_skew = section.optional("clock_skew").and_then(|node| skew(&node, problems)).unwrap_or(USUAL_SKEW);
    let also = section.optional("also").map(|node| node.list(problems)).unwrap_or_default();
    let also = also.iter().filter_map(|node| egress::further_origin(node, problems)).collect();
    let addresses = section.optional("addresses").map(|node| node.list(problems)).unwrap_or_default();
    let addresses = addresses.iter().filter_map(|node| node.parsed(str::parse::<AddressGrant>, problems)).collect();
    let ca = section.optional("ca").and_then(|node| node.filled_text(problems)).map(|path| base.join(path));
    let sign_in = section.optional("sign_in").and_then(|node| sign_in(&node, &name, &audience, base, problems));
    let nodes = section.optional("role").map(|node| node.list(problems)).unwrap_or_default();
    if nodes.is_empty() {
        let advice = "nobody gets a role: write [[issuer.NAME.role]] with `role`, `claim` and `values`";
        problems.report(&section.place, advice);
    }
    let rules = nodes.iter().filter_map(|node| rule(reading, node)).collect();
    section.finish(&mut reading.problems);
    let Some(((url, location), url_place)) = url else { return };
    let twin = reading.configuration.issuers.iter().find(|(_, other)| other.url == url).map(|(other, _)| other.clone());
    if let Some(twin) = twin {
        let advice =
            format!("[issuer.{twin}] has this URL already: a token says its issuer and nothing else of who checks it");
        reading.problems.report(&url_place, advice);
    }
    let issuer = Issuer { url, location, jwks, audience, clock_skew, rules, sign_in, also, addresses, ca };
    reading.configuration.issuers.insert(name, issuer);
}

fn sign_in(node: &Node<'_>, name: &IssuerName, audience: &str, base: &Path, problems: &mut Problems) -> Option<SignIn> {
    let mut section = node.section(problems)?;
    let client = section.required("client_id", "\"purser-console\"", problems);
    let client_id = client.as_ref().and_then(|node| node.filled_text(problems));
    let client_secret = section.optional("client_secret").and_then(|node| secret::secret(&node, base, problems));
    let console = section.required("console", "\"https://purser.example\"", problems);
    let console = console.and_then(|node| node.parsed(console_place, problems));
    let title = section.optional("title").and_then(|node| node.filled_text(problems));
    let scopes = section.texts("scopes", problems).into_iter().map(|(scope, _)| scope).collect();
    section.finish(problems);
    if let (Some(client), Some(client_id)) = (client, &client_id)
        && client_id == audience
    {
        let advice =
            "this is the `audience` too, so that what says who signed in would open the API: take another client";
        problems.report(&client.place, advice);
    }
    let title = title.unwrap_or_else(|| format!("Sign in with {name}"));
    Some(SignIn { client_id: client_id?, client_secret, console: console?, title, scopes })
}

fn rule(reading: &mut Reading, node: &Node<'_>) -> Option<RoleRule> {
    let mut section = node.section(&mut reading.problems)?;
    let role = section.required("role", "\"operator\"", &mut reading.problems);
    let role = role.and_then(|node| node.parsed(str::parse::<ApiRole>, &mut reading.problems));
    let claim = section.required_text("claim", "\"groups\"", &mut reading.problems);
    let values = section.texts("values", &mut reading.problems);
    if values.is_empty() {
        reading.problems.report(&section.place, "`values` is missing: write for example `values = [\"operators\"]`");
    }
    let values = values.into_iter().map(|(text, _)| text).collect();
    let targets = targets(reading, &mut section);
    let is_owner = role == Some(ApiRole::Owner);
    if role.is_some() && is_owner == targets.is_empty() {
        let advice = match is_owner {
            true => "an owner owns targets: name at least one in `targets`",
            false => "only an owner is bound to `targets`",
        };
        reading.problems.report(&section.place, advice);
    }
    section.finish(&mut reading.problems);
    Some(RoleRule { role: role?, targets, claim, values })
}

fn targets(reading: &mut Reading, section: &mut Section<'_>) -> BTreeSet<TargetName> {
    let mut targets = BTreeSet::new();
    for (name, place) in section.texts("targets", &mut reading.problems) {
        match name.parse() {
            Ok(target) => {
                targets.insert(target);
                reading.references.push(Reference::Target { name, place });
            }
            Err(error) => reading.problems.report(&place, format!("{error}")),
        }
    }
    targets
}

fn skew(node: &Node<'_>, problems: &mut Problems) -> Option<Duration> {
    let skew = node.parsed(units::duration, problems)?;
    if skew > LARGEST_SKEW {
        problems.report(
            &node.place,
            format!("this is too much: write at most {}s, and set the clocks", LARGEST_SKEW.as_secs()),
        );
    }
    Some(skew)
}

fn place(text: &str) -> Result<Url, NotAPlace> {
    let url = Url::parse(text)?;
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        _ => return Err(NotAPlace::Scheme),
    }
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    if plain && url.query().is_none() { Ok(url) } else { Err(NotAPlace::Form) }
}

fn console_place(text: &str) -> Result<Url, NotAPlace> {
    let url = place(text)?;
    if url.path() == "/" { Ok(url) } else { Err(NotAPlace::Path) }
}
