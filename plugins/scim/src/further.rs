//! Resource types of the server's own (RFC 7643 section 6): each is a class, and the configuration says what it is to the
//! host: accounts, something that accounts hold, or neither.

use crate::class::Class;
use crate::config::{Discovery, TypeConfig, TypeKind};
use crate::document::text_field;
use crate::edits;
use crate::schema::described;
use crate::server::Server;
use purser_sdk::serde_json::{Value, json};
use purser_sdk::{AttributeAction, AttributeChange, EntitlementEdit, Error, Outcome};
use serde::{Deserialize, Serialize};

/// For how long the list of them is kept, in milliseconds.
const KEPT_FOR_MS: u64 = 60 * 60 * 1000;
const STATE_KEY: &str = "resource-types";
/// The classes that this connector has anyhow.
const OWN: [&str; 4] = ["User", "Group", "Role", "Entitlement"];

/// A resource type of the server's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FurtherType {
    /// Its name.
    pub name: String,
    /// The path of all its objects.
    pub path: String,
    /// Its core schema.
    pub schema: String,
    /// What it is to the host.
    pub config: TypeConfig,
}

/// What `/ResourceTypes` says of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Listed {
    name: String,
    path: String,
    schema: String,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    at_ms: u64,
    listed: Vec<Listed>,
}

/// All of them: those that the server lists, and those that the configuration describes in full.
///
/// # Errors
/// The server cannot be asked now.
pub fn all(server: &Server) -> Result<Vec<FurtherType>, Error> {
    let mut types: Vec<Listed> = listed(server)?;
    for (name, config) in &server.config.types {
        let known = types.iter().position(|listed| listed.name == *name);
        match (known, &config.path, &config.schema) {
            (Some(place), path, schema) => {
                types[place].path = path.clone().unwrap_or_else(|| types[place].path.clone());
                types[place].schema = schema.clone().unwrap_or_else(|| types[place].schema.clone());
            }
            (None, Some(path), Some(schema)) => {
                types.push(Listed { name: name.clone(), path: path.clone(), schema: schema.clone() });
            }
            (None, _, _) => server.host.debug(format!("the server lists no resource type `{name}`")),
        }
    }
    let config = |name: &str| server.config.types.get(name).cloned().unwrap_or_default();
    let whole = |Listed { name, path, schema }| FurtherType { config: config(&name), name, path, schema };
    Ok(types.into_iter().map(whole).collect())
}

fn listed(server: &Server) -> Result<Vec<Listed>, Error> {
    if server.config.discovery == Discovery::Off {
        return Ok(Vec::new());
    }
    let now = server.host.now_ms();
    let kept: Option<Kept> = server.host.state().get_json(STATE_KEY);
    let is_fresh = |kept: &Kept| now.checked_sub(kept.at_ms).is_some_and(|age| age < KEPT_FOR_MS);
    if let Some(kept) = kept.filter(is_fresh) {
        return Ok(kept.listed);
    }
    let listed: Vec<Listed> = described(server, "/ResourceTypes")?.iter().filter_map(read).collect();
    if let Err(full) = server.host.state().set_json(STATE_KEY, &Kept { at_ms: now, listed: listed.clone() }) {
        server.host.debug(full.to_string());
    }
    Ok(listed)
}

fn read(document: &Value) -> Option<Listed> {
    let text = |name| text_field(document, name).map(str::to_owned);
    let name = text("name").filter(|name| !OWN.contains(&name.as_str()))?;
    let path = format!("/{}", text("endpoint")?.trim_matches('/'));
    Some(Listed { name, path, schema: text("schema")? })
}

/// Grants one to a user, on the side of which it is read: in the list of its holders.
///
/// # Errors
/// As an update of it; `unsupported` where it is nothing that is held.
pub fn grant(server: &Server, further: &FurtherType, edit: &EntitlementEdit) -> Result<Outcome, Error> {
    change(server, further, edit, true)
}

/// Takes one from a user.
///
/// # Errors
/// As [`grant`].
pub fn revoke(server: &Server, further: &FurtherType, edit: &EntitlementEdit) -> Result<Outcome, Error> {
    change(server, further, edit, false)
}

fn change(server: &Server, further: &FurtherType, edit: &EntitlementEdit, gives: bool) -> Result<Outcome, Error> {
    if further.config.kind != TypeKind::Entitlement {
        let name = &further.name;
        return Err(Error::unsupported(format!(
            "a `{name}` is nothing that is granted: set `types.{name}.kind` to `entitlement` where it is"
        )));
    }
    let class = Class::Further(further);
    let object = match server.read_object(class, &edit.entitlement) {
        Err(error) if error.is_not_found() && !gives => return Ok(Outcome::Unchanged(None)),
        object => object?,
    };
    let holders = object.attributes.get(&further.config.members).and_then(Value::as_array);
    if holders.is_some_and(|holders| holders.iter().any(|holder| *holder == edit.id)) == gives {
        return Ok(Outcome::Unchanged(None));
    }
    let value = vec![json!({"value": edit.id})];
    let action = if gives { AttributeAction::Add(value) } else { AttributeAction::Remove(value) };
    let change = AttributeChange { attribute: further.config.members.clone(), action };
    edits::change(server, class, &edit.entitlement, None, &[change])?;
    Ok(Outcome::Done(None))
}
