//! A small connector whose builds differ: it keeps each account in a file of the granted directory. What a newer build does
//! otherwise is what tests of upgrades are about.

use crate::contract::purser::connector::files;
use crate::contract::purser::connector::types::{
    Edit, Error, ErrorClass, Manifest, Object, Outcome, Page, Request, SearchRequest, Tail,
};
use crate::{Program, account_class, manifest, object};
use serde_json::{Map, Value};
use std::marker::PhantomData;

const DIRECTORY: &str = "data";
const MOST: u32 = 1 << 20;

/// One build of it.
pub trait Build {
    /// Its version.
    const VERSION: &'static str;
    /// The schema of its configuration.
    const SCHEMA: &'static str = r#"{"type":"object"}"#;

    /// What becomes of the attributes that it read.
    fn read(attributes: Map<String, Value>) -> Map<String, Value> {
        attributes
    }

    /// Called after each edit of a batch, with its place.
    fn edited(_place: usize) {}

    /// Carries a configuration forward.
    fn upgrade_config(_from: &str, config: String) -> String {
        config
    }
}

/// The program of a build.
pub struct Keeper<B>(PhantomData<B>);

impl<B: Build> Program for Keeper<B> {
    fn describe() -> Manifest {
        let (_, directories) = crate::needs();
        let name = "keeper".to_owned();
        let (version, config_schema) = (B::VERSION.to_owned(), B::SCHEMA.to_owned());
        Manifest { name, version, config_schema, classes: vec![account_class()], ..manifest(Vec::new(), directories) }
    }

    fn search(request: SearchRequest) -> Result<Page, Error> {
        let after = request.cursor.unwrap_or_default();
        let entries = files::list(DIRECTORY, "").map_err(failed)?;
        let mut ids: Vec<_> =
            entries.into_iter().filter_map(|entry| Some(entry.name.strip_suffix(".json")?.to_owned())).collect();
        ids.retain(|id| *id > after);
        ids.sort();
        let is_more = ids.len() > request.page_size as usize;
        ids.truncate(request.page_size as usize);
        let objects = ids.iter().map(|id| read::<B>(id)).collect::<Result<Vec<_>, _>>()?;
        let wanted = objects.into_iter().filter(|object| {
            let attributes = parsed(&object.attributes);
            request
                .conditions
                .iter()
                .all(|one| attributes.get(&one.attribute) == serde_json::from_str(&one.value).ok().as_ref())
        });
        let tail = match ids.last() {
            Some(last) if is_more => Tail::More(last.clone()),
            _ => Tail::Complete,
        };
        Ok(Page { objects: wanted.collect(), tail })
    }

    fn get(_class: String, id: String) -> Result<Object, Error> {
        read::<B>(&id)
    }

    fn apply(requests: Vec<Request>) -> Vec<Result<Outcome, Error>> {
        let answers = requests.iter().enumerate().map(|(place, request)| {
            let answer = edit::<B>(&request.edit);
            B::edited(place);
            answer
        });
        answers.collect()
    }

    fn upgrade_config_from(from: String, config: String) -> Result<String, Error> {
        Ok(B::upgrade_config(&from, config))
    }
}

fn parsed(text: &str) -> Map<String, Value> {
    serde_json::from_str(text).unwrap_or_default()
}

fn error(class: ErrorClass, message: &str) -> Error {
    Error { class, message: message.to_owned(), native_code: None }
}

fn failed(cause: files::Error) -> Error {
    match cause {
        files::Error::NotFound => error(ErrorClass::NotFound, "there is no such account"),
        other => error(ErrorClass::Defect, &format!("{other:?}")),
    }
}

fn content(id: &str) -> Result<Map<String, Value>, Error> {
    let bytes = files::read(DIRECTORY, &format!("{id}.json"), 0, MOST).map_err(failed)?;
    Ok(parsed(&String::from_utf8_lossy(&bytes)))
}

fn read<B: Build>(id: &str) -> Result<Object, Error> {
    let mut attributes = content(id)?;
    let active = attributes.remove("active").and_then(|active| active.as_bool());
    let attributes = Value::Object(B::read(attributes)).to_string();
    Ok(Object { active, attributes, ..object(id) })
}

fn write(id: &str, content: &Map<String, Value>) -> Result<(), Error> {
    let text = serde_json::to_string(content).unwrap_or_default();
    let handle = files::begin(DIRECTORY, &format!("{id}.json")).map_err(failed)?;
    files::append(handle, text.as_bytes()).map_err(failed)?;
    files::commit(handle).map_err(failed)
}

fn edit<B: Build>(edit: &Edit) -> Result<Outcome, Error> {
    let id = match edit {
        Edit::Create(create) => {
            let mut account = parsed(&create.attributes);
            let id = account.get("login").and_then(Value::as_str).unwrap_or_default().to_owned();
            if content(&id).is_ok() {
                return Err(error(ErrorClass::AlreadyExists(Some(id)), "the account is there already"));
            }
            account.insert("active".to_owned(), Value::Bool(create.active.unwrap_or(true)));
            write(&id, &account)?;
            id
        }
        Edit::Update(update) => {
            let mut account = content(&update.id)?;
            for change in &update.changes {
                use crate::contract::purser::connector::types::AttributeAction::{Clear, Replace};
                match &change.action {
                    Replace(value) => {
                        let value = serde_json::from_str(value).unwrap_or_default();
                        account.insert(change.attribute.clone(), value);
                    }
                    Clear => {
                        account.remove(&change.attribute);
                    }
                    _ => return Err(error(ErrorClass::Unsupported, "attributes have one value")),
                }
            }
            write(&update.id, &account)?;
            update.id.clone()
        }
        Edit::SetActive(set) => {
            let mut account = content(&set.id)?;
            account.insert("active".to_owned(), Value::Bool(set.active));
            write(&set.id, &account)?;
            set.id.clone()
        }
        _ => return Err(error(ErrorClass::Unsupported, "this is not kept")),
    };
    read::<B>(&id).map(|object| Outcome::Done(Some(object)))
}
