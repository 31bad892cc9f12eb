//! `methods`, `also`, `addresses`, `ca` and limits of an endpoint: how far it reaches.

use crate::problems::Problems;
use crate::section::{Node, Section};
use crate::units;
use purser_model::egress::{
    AddressGrant, EgressRules, FurtherOrigin, HostPattern, Method, OriginPattern, Redirects, RequestRate, is_loopback,
};
use std::collections::BTreeSet;
use std::path::Path;
use url::Url;

/// Reads the rules of an endpoint.
pub(crate) fn read(section: &mut Section<'_>, base: &Path, problems: &mut Problems) -> EgressRules {
    let usual = EgressRules::default();
    let methods = section.optional("methods").map(|node| methods(&node, problems));
    let also = section.optional("also").map(|node| node.list(problems)).unwrap_or_default();
    let also = also.iter().filter_map(|node| further_origin(node, problems)).collect();
    let addresses = section.optional("addresses").map(|node| node.list(problems)).unwrap_or_default();
    let addresses = addresses.iter().filter_map(|node| node.parsed(str::parse::<AddressGrant>, problems)).collect();
    let ca = section.optional("ca").and_then(|node| node.filled_text(problems)).map(|path| base.join(path));
    let max_request = section.optional("max_request").and_then(|node| node.parsed(units::size, problems));
    let max_calls = section.optional("max_calls").and_then(|node| calls(&node, problems));
    let rate = section.optional("rate").and_then(|node| rate(&node, problems));
    let redirects = section.optional("redirects");
    let words = [("none", Redirects::None), ("same-grant", Redirects::SameGrant)];
    let redirects = redirects.and_then(|node| node.choice(&words, problems));
    let insecure_http = section.optional("insecure_http").and_then(|node| node.flag(problems));
    let traceparent = section.optional("traceparent").and_then(|node| node.flag(problems));
    EgressRules {
        methods: methods.unwrap_or(usual.methods),
        also,
        addresses,
        ca,
        max_request_bytes: max_request.unwrap_or(usual.max_request_bytes),
        max_calls: max_calls.unwrap_or(usual.max_calls),
        rate,
        redirects: redirects.unwrap_or(usual.redirects),
        insecure_http: insecure_http.unwrap_or(usual.insecure_http),
        traceparent: traceparent.unwrap_or(usual.traceparent),
    }
}

fn methods(node: &Node<'_>, problems: &mut Problems) -> BTreeSet<Method> {
    let words = Method::ALL.map(|method| (method.name(), method));
    let items = node.list(problems);
    if items.is_empty() {
        problems
            .report(&node.place, "an endpoint without a method cannot be used: leave `methods` out for all of them");
    }
    items.iter().filter_map(|item| item.choice(&words, problems)).collect()
}

/// A text, or a table that also says whether the credential goes there.
pub(crate) fn further_origin(node: &Node<'_>, problems: &mut Problems) -> Option<FurtherOrigin> {
    if node.value.is_str() {
        let origin = node.parsed(str::parse::<OriginPattern>, problems)?;
        return Some(FurtherOrigin { origin, credential: false });
    }
    let mut section = node.section(problems)?;
    let url = section.required("url", "\"https://*.example.com/path\"", problems);
    let origin = url.and_then(|node| node.parsed(str::parse::<OriginPattern>, problems));
    let credential = section.optional("credential").and_then(|node| node.flag(problems)).unwrap_or(false);
    section.finish(problems);
    let origin = origin?;
    if credential && matches!(origin.host, HostPattern::Below(_)) {
        problems.report(&node.place, "a credential goes to hosts that are named: list each host without `*`");
    }
    Some(FurtherOrigin { origin, credential })
}

fn calls(node: &Node<'_>, problems: &mut Problems) -> Option<u32> {
    let calls = node.integer(problems)?;
    let valid = u32::try_from(calls).ok().filter(|calls| *calls > 0);
    if valid.is_none() {
        problems.report(&node.place, "write a whole number from 1 to 4294967295");
    }
    valid
}

fn rate(node: &Node<'_>, problems: &mut Problems) -> Option<RequestRate> {
    let mut section = node.section(problems)?;
    let requests = section.required("requests", "600", problems).and_then(|node| calls(&node, problems));
    let per = section.required("per", "\"1m\"", problems).and_then(|node| node.parsed(units::duration, problems));
    section.finish(problems);
    Some(RequestRate { requests: requests?, per: per? })
}

/// Notes a credential that would travel in clear to another machine.
pub(crate) fn check_secrecy(url: &Node<'_>, parsed: &Url, rules: &EgressRules, problems: &mut Problems) {
    if parsed.scheme() == "http" && !is_loopback(parsed) && !rules.insecure_http {
        problems.report(
            &url.place,
            "the credential would travel in clear: write https://, or `insecure_http = true` if the network is trusted",
        );
    }
}
