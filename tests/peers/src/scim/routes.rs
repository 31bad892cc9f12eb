//! Which request goes where.

use super::answer::{Answer, Outcome, Refusal};
use super::schema::Kind;
use super::state::State;
use super::{bulk, list, rules};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A request, below the base path.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// The method.
    pub method: String,
    /// The parts of the path.
    pub path: Vec<String>,
    /// The fields of the query.
    pub query: BTreeMap<String, String>,
    /// The body; null for none.
    pub body: Value,
    /// The version that is demanded.
    pub if_match: Option<String>,
    /// The version that is known.
    pub if_none_match: Option<String>,
}

/// Carries a request out.
///
/// # Errors
/// It is refused.
pub fn route(state: &mut State, asked: &Asked) -> Outcome {
    let parts: Vec<&str> = asked.path.iter().map(String::as_str).collect();
    let method = asked.method.as_str();
    let base = state.base.clone();
    let provider = state.dialect.provider.clone();
    match (method, parts.as_slice()) {
        ("GET", [only]) if provider.as_deref() == Some(&format!("/{only}")) => {
            Ok(Answer::new(200, provider_config(state)))
        }
        ("GET", ["Schemas", rest @ ..]) if state.dialect.described => {
            described(state, asked, rest, &state.schemas.documents(&base))
        }
        ("GET", ["ResourceTypes", rest @ ..]) if state.dialect.described => {
            described(state, asked, rest, &state.schemas.types(&base))
        }
        (_, ["Schemas" | "ResourceTypes", ..]) if state.dialect.described => Err(read_only()),
        (_, [only]) if provider.as_deref() == Some(&format!("/{only}")) => Err(read_only()),
        ("POST", [".search"]) => list::everything(state, &searched(asked)),
        ("POST", ["Bulk"]) if state.dialect.bulk > 0 => bulk::carry_out(state, asked),
        (_, ["Me", ..]) => Err(Refusal::unfit(501, None, "there is no `/Me`")),
        _ => listed(state, asked, &parts).unwrap_or_else(|| resources(state, asked, &parts)),
    }
}

fn read_only() -> Refusal {
    Refusal::unfit(405, None, "this is only read")
}

fn resources(state: &mut State, asked: &Asked, parts: &[&str]) -> Outcome {
    let unknown = || Refusal::unfit(404, None, format!("there is no `/{}`", parts.join("/")));
    let kind: Kind = parts.first().and_then(|path| state.schemas.kind(path)).ok_or_else(unknown)?.clone();
    if parts.first() != Some(&kind.path.as_str()) {
        return Err(unknown());
    }
    match (asked.method.as_str(), parts) {
        ("GET", [_]) => list::list(state, &kind, asked),
        ("POST", [_]) => rules::create(state, &kind, asked),
        ("POST", [_, ".search"]) => list::list(state, &kind, &searched(asked)),
        ("GET", [_, id]) => rules::read(state, &kind, id, asked),
        ("PUT", [_, id]) => rules::replace(state, &kind, id, asked),
        ("PATCH", [_, id]) => rules::modify(state, &kind, id, asked),
        ("DELETE", [_, id]) => rules::delete(state, &kind, id, asked),
        (_, [_] | [_, _]) => Err(Refusal::unfit(405, None, format!("no {} here", asked.method))),
        _ => Err(unknown()),
    }
}

/// A search by POST is the list that its body asks for.
fn searched(asked: &Asked) -> Asked {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    };
    let fields = asked.body.as_object().into_iter().flatten().filter(|(name, _)| *name != "schemas");
    let query = fields.map(|(name, value)| (name.clone(), text(value))).collect();
    Asked { query, body: Value::Null, ..asked.clone() }
}

fn described(state: &State, asked: &Asked, rest: &[&str], all: &[Value]) -> Outcome {
    match rest {
        [] => list::documents(state, asked, all),
        [id] => {
            let found = all.iter().find(|document| document["id"].as_str().is_some_and(|known| known == *id));
            found.map(|document| Answer::new(200, document.clone())).ok_or_else(|| Refusal::not_found(id))
        }
        _ => Err(Refusal::not_found(&rest.join("/"))),
    }
}

/// What the dialect lists under a path of its own.
fn listed(state: &State, asked: &Asked, parts: &[&str]) -> Option<Outcome> {
    let (first, rest) = parts.split_first()?;
    let items = state.dialect.lists.get(&format!("/{first}"))?;
    let items: Vec<Value> = items.iter().cloned().map(Value::Object).collect();
    Some(match asked.method.as_str() {
        "GET" => described(state, asked, rest, &items),
        _ => Err(Refusal::unfit(405, None, format!("`/{first}` is only read"))),
    })
}

fn provider_config(state: &State) -> Value {
    let dialect = &state.dialect;
    let page = &dialect.page;
    let mut document = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": {"supported": true},
        "bulk": {"supported": dialect.bulk > 0, "maxOperations": dialect.bulk, "maxPayloadSize": bulk::LARGEST},
        "filter": {"supported": true, "maxResults": page.most},
        "changePassword": {"supported": true},
        "sort": {"supported": false},
        "etag": {"supported": dialect.etag},
        "authenticationSchemes": [{
            "type": "oauthbearertoken", "name": "OAuth Bearer Token", "description": "A bearer token", "primary": true,
        }],
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": format!("{}{}", state.base, dialect.provider.as_deref().unwrap_or_default()),
        },
    });
    if page.cursor {
        document["pagination"] = json!({
            "cursor": true, "index": page.index, "defaultPaginationMethod": if page.index { "index" } else { "cursor" },
            "defaultPageSize": page.usual, "maxPageSize": page.most,
        });
        if page.cursor_timeout > 0 {
            document["pagination"]["cursorTimeout"] = page.cursor_timeout.into();
        }
    }
    document
}
