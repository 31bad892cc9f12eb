//! Deleted accounts: a person who comes back within 30 days gets the same one.

use crate::batch::{Item, send};
use crate::graph::Graph;
use crate::listing;
use crate::object::to_body;
use purser_sdk::http::escape_segment;
use purser_sdk::serde_json::{Value, json};
use purser_sdk::{CreateEdit, Error, Outcome};

/// The deleted accounts that a call saw; read once, by the first who asks.
#[derive(Debug, Default)]
pub struct Deleted(Option<Vec<Value>>);

impl Deleted {
    /// The id of a deleted account of the same person.
    ///
    /// # Errors
    /// As Graph says.
    pub fn of_same_person(&mut self, graph: &Graph, edit: &CreateEdit) -> Result<Option<String>, Error> {
        if !graph.config.restore_deleted {
            return Ok(None);
        }
        if self.0.is_none() {
            let names = "id,userPrincipalName,employeeId,deletedDateTime".to_owned();
            let query = [("$select", names), ("$top", "999".to_owned())];
            self.0 = Some(graph.read_all("/directory/deletedItems/microsoft.graph.user", &query)?);
        }
        let same = self.0.iter().flatten().filter(|deleted| is_same_person(deleted, edit));
        let newest = same.max_by_key(|deleted| deleted["deletedDateTime"].as_str().map(str::to_owned));
        Ok(newest.and_then(|deleted| deleted["id"].as_str()).map(str::to_owned))
    }
}

/// By number where both have one, else by name. The name of a deleted account begins with its id.
fn is_same_person(deleted: &Value, edit: &CreateEdit) -> bool {
    let wanted = |name: &str| edit.attributes.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    if let (Some(wanted), Some(had)) = (wanted("employeeId"), deleted["employeeId"].as_str()) {
        return wanted == had;
    }
    let id = deleted["id"].as_str().unwrap_or_default().replace('-', "");
    let had = deleted["userPrincipalName"].as_str().unwrap_or_default();
    let had = had.strip_prefix(&id).unwrap_or(had);
    wanted("userPrincipalName").is_some_and(|wanted| wanted.eq_ignore_ascii_case(had))
}

/// Brings an account back and makes it what it should be.
///
/// # Errors
/// `already-exists` where another account has its name by now; `partially-applied` where it is back and not yet right.
pub fn restore(graph: &Graph, id: &str, edit: &CreateEdit) -> Result<Outcome, Error> {
    let segment = escape_segment(id);
    write(
        graph,
        &Item { method: "POST", path: format!("/directory/deletedItems/{segment}/restore"), body: Value::Null },
    )?;
    let finish = || {
        let mut body = to_body(&edit.attributes);
        body["accountEnabled"] = json!(edit.active.unwrap_or(true));
        write(graph, &Item { method: "PATCH", path: format!("/users/{segment}"), body })?;
        if let Some(manager) = edit.attributes.get("manager").and_then(Value::as_str) {
            write(graph, &crate::edits::set_manager(&segment, manager))?;
        }
        listing::get(graph, crate::class::Class::User, id)
    };
    let object = finish().map_err(|error| {
        let done = format!("the deleted account {id} was restored, and is not yet what it should be");
        Error::partially_applied(done, error.message)
    })?;
    Ok(Outcome::Done(Some(object)))
}

fn write(graph: &Graph, item: &Item) -> Result<(), Error> {
    let ended = send(graph, std::slice::from_ref(item)).into_iter().next();
    match ended.unwrap_or_else(|| Err(Error::defect("a request was left out")))?.failure(item) {
        None => Ok(()),
        Some(error) => Err(error),
    }
}

/// The write that removes a deleted object for good.
pub fn purge(id: &str) -> Item {
    Item { method: "DELETE", path: format!("/directory/deletedItems/{}", escape_segment(id)), body: Value::Null }
}
