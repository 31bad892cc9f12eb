//! Accounts of an application with a plain REST API.

use purser_sdk::http::escape_segment;
use purser_sdk::serde_json::{Value, json};
use purser_sdk::{
    Attribute, AttributeKind, Attributes, CheckLevel, Connector, CreateEdit, DeleteEdit,
    DeleteSemantics, Error, Finding, Host, Manifest, Object, ObjectClass, Operation, Outcome, Page,
    Request, SearchRequest, SetActiveEdit, Tail, UpdateEdit, cursor, delta,
};

/// The class of accounts.
const PERSON: &str = "person";

/// The endpoint, as the operator's grant names it.
const API: &str = "api";

struct Application {
    config: Config,
    host: Host,
}

/// The configuration; its JSON Schema is in the manifest.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The path of the people, below the endpoint's URL.
    #[serde(default = "default_path")]
    path: String,
}

fn default_path() -> String {
    "/people".to_owned()
}

impl Connector for Application {
    type Config = Config;

    fn manifest() -> Manifest {
        let person = ObjectClass::account(PERSON)
            .title("Person")
            .attribute(
                Attribute::text("mail")
                    .required()
                    .unique()
                    .describe("The address that signs in"),
            )
            .attribute(Attribute::text("name").describe("The name that others see"))
            .attribute(
                Attribute::new("since", AttributeKind::Timestamp)
                    .read_only()
                    .describe("When it was made"),
            )
            .operations(&[
                Operation::Search,
                Operation::Get,
                Operation::Create,
                Operation::Update,
                Operation::SetActive,
                Operation::Delete,
            ])
            .delete_semantics(DeleteSemantics::Hard);
        Manifest::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
            .vendor("Your company")
            .description("Accounts of an application with a plain REST API")
            .config_schema(json!({
                "type": "object",
                "additionalProperties": false,
                "properties": {"path": {"type": "string", "default": "/people", "description": "path of the people"}},
            }))
            .endpoint(API, "the application's API", "https://app.example.org/api")
            .class(person)
            .limits(200, 50)
    }

    fn new(config: Config, host: Host) -> Result<Self, Error> {
        if !config.path.starts_with('/') {
            return Err(Error::invalid_config(format!(
                "`path` is `{}` and must start with `/`",
                config.path
            )));
        }
        Ok(Self { config, host })
    }

    fn check(&self, level: CheckLevel) -> Vec<Finding> {
        let answer = match level {
            CheckLevel::Offline => return Vec::new(),
            CheckLevel::Connect | CheckLevel::Permissions => self.list(0, 1),
        };
        answer.err().iter().map(Finding::from).collect()
    }

    fn search(&self, request: &SearchRequest) -> Result<Page, Error> {
        let offset: u64 = request.cursor.as_deref().map_or(Ok(0), cursor::decode)?;
        let people = self.list(offset, request.page_size)?;
        // An API that answers with fewer than asked may still have more: only an empty page is the end.
        let tail = match people.len() as u64 {
            0 => Tail::Complete,
            found => Tail::More(cursor::encode(&(offset + found))?),
        };
        let people = people
            .into_iter()
            .map(person)
            .collect::<Result<Vec<Object>, Error>>()?;
        // This API does not filter, so the conditions are checked here.
        let wanted = |person: &Object| {
            request
                .conditions
                .iter()
                .all(|condition| condition.matches(person, false))
        };
        Ok(Page {
            objects: people.into_iter().filter(wanted).collect(),
            tail,
        })
    }

    fn get(&self, _class: &str, id: &str) -> Result<Object, Error> {
        person(
            self.host
                .endpoint(API)
                .get(self.path_of(id))
                .send_ok()?
                .json()?,
        )
    }

    fn create(&self, request: &Request, edit: &CreateEdit) -> Result<Outcome, Error> {
        let mut body = edit.attributes.clone();
        body.insert(
            "active".to_owned(),
            Value::from(edit.active.unwrap_or(true)),
        );
        let post = self.host.endpoint(API).post(&self.config.path);
        let answer = post
            .header("idempotency-key", &request.operation_id)
            .json(&body)
            .send_ok()?;
        Ok(Outcome::Done(Some(person(answer.json()?)?)))
    }

    fn update(&self, request: &Request, edit: &UpdateEdit) -> Result<Outcome, Error> {
        let before = self.get(&request.class, &edit.id)?;
        let mut attributes = before.attributes.clone();
        if !delta::apply_changes(&mut attributes, &edit.changes)? {
            return Ok(Outcome::Unchanged(Some(before)));
        }
        self.patch(&edit.id, &changed_only(&before.attributes, &attributes))
    }

    fn set_active(&self, request: &Request, edit: &SetActiveEdit) -> Result<Outcome, Error> {
        let before = self.get(&request.class, &edit.id)?;
        if before.active == Some(edit.active) {
            return Ok(Outcome::Unchanged(Some(before)));
        }
        self.patch(&edit.id, &json!({"active": edit.active}))
    }

    fn delete(&self, _request: &Request, edit: &DeleteEdit) -> Result<Outcome, Error> {
        match self
            .host
            .endpoint(API)
            .delete(self.path_of(&edit.id))
            .send_ok()
        {
            Ok(_) => Ok(Outcome::Done(None)),
            Err(error) if error.is_not_found() => Ok(Outcome::Unchanged(None)),
            Err(error) => Err(error),
        }
    }
}

impl Application {
    fn path_of(&self, id: &str) -> String {
        format!("{}/{}", self.config.path, escape_segment(id))
    }

    fn list(&self, offset: u64, limit: u32) -> Result<Vec<Value>, Error> {
        let get = self.host.endpoint(API).get(&self.config.path);
        get.query("offset", offset.to_string())
            .query("limit", limit.to_string())
            .send_ok()?
            .json()
    }

    fn patch(&self, id: &str, body: &Value) -> Result<Outcome, Error> {
        let answer = self
            .host
            .endpoint(API)
            .patch(self.path_of(id))
            .json(body)
            .send_ok()?;
        Ok(Outcome::Done(Some(person(answer.json()?)?)))
    }
}

/// A person as the API writes it: `{"id": "7", "mail": "...", "active": true, ...}`.
fn person(value: Value) -> Result<Object, Error> {
    let Value::Object(mut attributes) = value else {
        return Err(Error::defect("a person is no JSON object"));
    };
    let Some(Value::String(id)) = attributes.remove("id") else {
        return Err(Error::defect("a person has no id"));
    };
    let active = attributes
        .remove("active")
        .and_then(|active| active.as_bool())
        .unwrap_or(true);
    let mail = attributes
        .get("mail")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    Ok(Object::new(id, attributes)
        .with_active(active)
        .with_secondary_id("mail", mail))
}

/// What differs, with null for what is gone.
fn changed_only(before: &Attributes, after: &Attributes) -> Value {
    let mut changed = Attributes::new();
    for name in before.keys().filter(|name| !after.contains_key(*name)) {
        changed.insert(name.clone(), Value::Null);
    }
    for (name, value) in after
        .iter()
        .filter(|(name, value)| before.get(*name) != Some(value))
    {
        changed.insert(name.clone(), value.clone());
    }
    Value::Object(changed)
}

purser_sdk::export!(Application);

#[cfg(test)]
mod tests;
