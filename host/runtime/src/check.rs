//! Checks what a connector says: its manifest, and its answers. They stand below the bindings of any contract version, so
//! that none can skip them.

use crate::convert::BrokenText;
use purser_connector::{Fault, Limit};
use purser_model::edit::EditOutcome;
use purser_model::manifest::{ClassKind, Manifest, ObjectClass};
use purser_model::object::{ChangePage, ChangeTail, Object, Page, Tail};
use std::collections::BTreeSet;

/// Longest cursor, in bytes. It is kept with every checkpoint.
const MAX_CURSOR_BYTES: usize = 64 << 10;
/// Longest primary id, in bytes.
const MAX_ID_BYTES: usize = 4 << 10;
/// Longest text that a connector may name something with, in bytes.
const MAX_NAME_BYTES: usize = 256;

/// Everything that is wrong with a manifest, one sentence each; empty where nothing is.
pub(crate) fn manifest_problems(manifest: &Manifest) -> Vec<String> {
    let mut problems = Vec::new();
    if !is_connector_name(&manifest.name) {
        problems.push(format!(
            "its name `{}` is not 1 to 64 of a-z, 0-9 and `-`, beginning with a letter",
            manifest.name.escape_debug()
        ));
    }
    if !manifest.config_schema.is_object() {
        problems.push("its config-schema is no JSON object".to_owned());
    } else if let Err(error) = jsonschema::meta::validate(&manifest.config_schema) {
        problems.push(format!("its config-schema is no JSON Schema: {error}"));
    }
    if manifest.limits.page_size == 0 || manifest.limits.batch_size == 0 {
        problems.push("its limits must allow pages and batches of at least one".to_owned());
    }
    problems.extend(repeated("endpoint", manifest.egress.iter().map(|need| need.endpoint.as_str())));
    problems.extend(repeated("directory", manifest.directories.iter().map(|need| need.directory.as_str())));
    problems.extend(class_problems(&manifest.classes));
    problems
}

/// Everything that is wrong with a list of classes.
pub(crate) fn class_problems(classes: &[ObjectClass]) -> Vec<String> {
    let mut problems = repeated("class", classes.iter().map(|class| class.name.as_str()));
    for class in classes {
        let names = class.attributes.iter().map(|attribute| attribute.name.as_str());
        problems.extend(repeated(&format!("attribute of class `{}`:", class.name), names));
        if class.holding.is_some() && class.kind != ClassKind::Entitlement {
            problems.push(format!("class `{}` says how it is held and is no entitlement", class.name));
        }
    }
    problems
}

fn is_connector_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    name.len() <= 64 && name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(allowed)
}

/// Names that are empty, too long or there twice.
fn repeated<'a>(what: &str, names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut problems = Vec::new();
    for name in names {
        if name.is_empty() || name.len() > MAX_NAME_BYTES {
            problems.push(format!("{what} has a name of {} bytes, and 1 to {MAX_NAME_BYTES} are allowed", name.len()));
        } else if !seen.insert(name) {
            problems.push(format!("{what} `{name}` is there twice"));
        }
    }
    problems
}

/// A page is no larger than asked for, its objects have ids, each only once, and its cursor moves on.
pub(crate) fn page(page: Page, page_size: u32, cursor: Option<&str>) -> Result<Page, Fault> {
    let asked = page_size as usize;
    if page.objects.len() > asked {
        return broken(format!(
            "search: a page of {} objects was returned where {asked} were asked for",
            page.objects.len()
        ));
    }
    let mut seen = BTreeSet::new();
    for object in &page.objects {
        object_has_an_id("search", object)?;
        if !seen.insert(object.id.as_str()) {
            return broken(format!("search: object `{}` is twice on one page", object.id));
        }
    }
    match &page.tail {
        Tail::More(next) if next.len() > MAX_CURSOR_BYTES => {
            broken(too_long("search: a cursor", next, MAX_CURSOR_BYTES))
        }
        Tail::More(next) if Some(next.as_str()) == cursor => {
            broken("search: the next page has the cursor of this one, so the listing would never end".to_owned())
        }
        Tail::More(_) | Tail::Complete | Tail::Truncated(_) => Ok(page),
    }
}

/// Changes have ids, and `more` has another cursor.
pub(crate) fn change_page(page: ChangePage, cursor: Option<&str>) -> Result<ChangePage, Fault> {
    use purser_model::object::Change;
    for change in &page.changes {
        match change {
            Change::Present(object) => object_has_an_id("changes", object)?,
            Change::Touched(id) | Change::Gone(id) if id.is_empty() => {
                return broken("changes: a change has an empty id".to_owned());
            }
            Change::Touched(_) | Change::Gone(_) => {}
        }
    }
    let (ChangeTail::More(next) | ChangeTail::Current(next)) = &page.tail;
    if next.len() > MAX_CURSOR_BYTES {
        return broken(too_long("changes: a cursor", next, MAX_CURSOR_BYTES));
    }
    match &page.tail {
        ChangeTail::More(next) if Some(next.as_str()) == cursor => {
            broken("changes: the next page has the cursor of this one, so the feed would never end".to_owned())
        }
        ChangeTail::More(_) | ChangeTail::Current(_) => Ok(page),
    }
}

/// The attributes of an object have at most so many bytes.
pub(crate) fn value(object: &Object, most: usize) -> Result<(), Fault> {
    let bytes = object.attributes.len();
    if bytes <= most {
        return Ok(());
    }
    let detail = format!("the attributes of an object have {bytes} bytes, of which {most} are allowed");
    Err(Fault::LimitExceeded { limit: Limit::Value, detail })
}

/// Of an edit that is done, a state that is too large is not taken: it is done all the same.
pub(crate) fn known_state(outcome: &mut EditOutcome, most: usize) {
    if let EditOutcome::Done(state) | EditOutcome::Unchanged(state) = outcome {
        state.take_if(|object| value(object, most).is_err());
    }
}

/// The object asked for, and no other.
pub(crate) fn object(object: Object, id: &str) -> Result<Object, Fault> {
    object_has_an_id("get", &object)?;
    if object.id == id {
        Ok(object)
    } else {
        broken(format!("get: object `{}` was returned where `{id}` was asked for", object.id))
    }
}

/// One answer per request.
pub(crate) fn answers<A>(answers: Vec<A>, requests: usize) -> Result<Vec<A>, Fault> {
    if answers.len() == requests {
        return Ok(answers);
    }
    broken(format!("apply: {} results were returned for {requests} requests", answers.len()))
}

fn object_has_an_id(call: &str, object: &Object) -> Result<(), Fault> {
    if object.id.is_empty() {
        broken(format!("{call}: an object has an empty id"))
    } else if object.id.len() > MAX_ID_BYTES {
        broken(too_long(&format!("{call}: an id"), &object.id, MAX_ID_BYTES))
    } else {
        Ok(())
    }
}

fn too_long(what: &str, text: &str, allowed: usize) -> String {
    format!("{what} of {} bytes was returned, and at most {allowed} are allowed", text.len())
}

fn broken<R>(text: String) -> Result<R, Fault> {
    Err(Fault::BrokenContract(text))
}

impl From<BrokenText> for Fault {
    fn from(broken: BrokenText) -> Self {
        Self::BrokenContract(broken.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use purser_model::manifest::{EgressNeed, Limits};
    use serde_json::json;

    fn object_with_id(id: &str) -> Object {
        Object { id: id.into(), secondary_ids: vec![], version: None, active: None, attributes: "{}".into() }
    }

    fn page_of(ids: &[&str], tail: Tail) -> Page {
        Page { objects: ids.iter().map(|id| object_with_id(id)).collect(), tail }
    }

    fn sane() -> Manifest {
        Manifest {
            name: "sample".into(),
            version: semver::Version::new(1, 0, 0),
            vendor: "Example".into(),
            description: String::new(),
            config_schema: json!({ "type": "object" }),
            classes: vec![],
            limits: Limits { page_size: 1, batch_size: 1 },
            egress: vec![],
            directories: vec![],
            permissions: vec![],
        }
    }

    fn says(manifest: &Manifest, words: &str) {
        let problems = manifest_problems(manifest);
        assert!(problems.len() == 1 && problems[0].contains(words), "{problems:?}");
    }

    #[test]
    fn a_manifest_is_checked_whole() {
        assert_eq!(manifest_problems(&sane()), Vec::<String>::new());
        says(&Manifest { name: "No Name".into(), ..sane() }, "name");
        says(&Manifest { config_schema: json!([]), ..sane() }, "no JSON object");
        says(&Manifest { config_schema: json!({ "type": "objekt" }), ..sane() }, "no JSON Schema");
        says(&Manifest { limits: Limits { page_size: 0, batch_size: 1 }, ..sane() }, "limits");
        let need = EgressNeed {
            endpoint: "api".into(),
            description: String::new(),
            example: String::new(),
            reading_posts: vec![],
        };
        says(&Manifest { egress: vec![need.clone(), need], ..sane() }, "`api` is there twice");
    }

    #[test]
    fn a_page_is_checked() {
        assert!(page(page_of(&["a", "b"], Tail::Complete), 2, None).is_ok());
        for (wrong, words) in [
            (page_of(&["a", "b", "c"], Tail::Complete), "3 objects"),
            (page_of(&["a", "a"], Tail::Complete), "twice"),
            (page_of(&[""], Tail::Complete), "empty id"),
            (page_of(&["a"], Tail::More("c".into())), "never end"),
            (page_of(&["a"], Tail::More("c".repeat(MAX_CURSOR_BYTES + 1))), "65537 bytes"),
            (page_of(&["a".repeat(MAX_ID_BYTES + 1).as_str()], Tail::Complete), "an id of 4097 bytes"),
        ] {
            let fault = page(wrong, 2, Some("c")).unwrap_err();
            assert!(matches!(&fault, Fault::BrokenContract(text) if text.contains(words)), "{fault:?}");
        }
    }

    #[test]
    fn get_returns_what_was_asked_for_and_apply_answers_each_request() {
        assert!(object(object_with_id("a"), "a").is_ok());
        assert!(matches!(object(object_with_id("a"), "b"), Err(Fault::BrokenContract(_))));
        assert!(answers(vec![1, 2], 2).is_ok());
        assert!(matches!(answers(vec![1], 2), Err(Fault::BrokenContract(text)) if text.contains("1 results")));
    }
}
