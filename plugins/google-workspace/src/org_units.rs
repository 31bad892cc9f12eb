//! Org units. A user is in exactly one, by the attribute `orgUnitPath`.

use crate::access::Part;
use crate::api::Api;
use purser_sdk::http::{Method, escape_segment};
use purser_sdk::serde_json::{Value, json};
use purser_sdk::{Attributes, CreateEdit, Error, Object, Outcome};

/// All org units below the top one.
///
/// # Errors
/// As [`Api::all`].
pub fn all(api: &Api) -> Result<Vec<Object>, Error> {
    let units =
        api.all(Part::OrgUnits, &api.customer_path("orgunits"), "organizationUnits", &[("type", "all".to_owned())])?;
    Ok(units.iter().map(to_object).collect())
}

/// One org unit by its id.
///
/// # Errors
/// `not-found`.
pub fn get(api: &Api, id: &str) -> Result<Object, Error> {
    let path = format!("{}/{}", api.customer_path("orgunits"), escape_segment(id));
    Ok(to_object(&api.read(Part::OrgUnits, &path, &[])?))
}

fn to_object(unit: &Value) -> Object {
    let mut attributes = Attributes::new();
    for name in ["orgUnitPath", "name", "parentOrgUnitPath", "description"] {
        if unit[name].as_str().is_some_and(|text| !text.is_empty()) {
            attributes.insert(name.to_owned(), unit[name].clone());
        }
    }
    let path = unit["orgUnitPath"].as_str().unwrap_or_default();
    Object::new(unit["orgUnitId"].as_str().unwrap_or_default(), attributes).with_secondary_id("orgUnitPath", path)
}

/// Creates an org unit below another one.
///
/// # Errors
/// `invalid-value` where the parent is not there or the name is taken.
pub fn create(api: &Api, edit: &CreateEdit) -> Result<Outcome, Error> {
    let text = |name: &str| edit.attributes.get(name).cloned().unwrap_or(Value::Null);
    let mut body = json!({"name": text("name"), "parentOrgUnitPath": text("parentOrgUnitPath")});
    if edit.attributes.contains_key("description") {
        body["description"] = text("description");
    }
    let unit = api.write(Part::OrgUnits, Method::Post, &api.customer_path("orgunits"), Some(body))?;
    Ok(Outcome::Done(Some(to_object(&unit))))
}
