//! Licences: SKUs of the organisation, whole or with some plans left out, and which of them a user has.

use crate::batch::Item;
use crate::config::LicenceVariant;
use crate::graph::Graph;
use purser_sdk::http::escape_segment;
use purser_sdk::serde_json::{Value, json};
use purser_sdk::{Attributes, EntitlementEdit, Error, Object, Page, SearchRequest, Tail};
use std::collections::{BTreeMap, BTreeSet};

const CLASS: &str = "licence";

/// A SKU of the organisation.
#[derive(Debug)]
struct Sku {
    name: String,
    seats: u64,
    /// Plans for users: the name by id.
    plans: BTreeMap<String, String>,
}

/// What the organisation has, and what the configuration makes of it.
#[derive(Debug)]
pub struct Licences {
    skus: BTreeMap<String, Sku>,
    /// The id of a variant by SKU and plans left out.
    variants: BTreeMap<(String, BTreeSet<String>), String>,
}

impl Licences {
    /// Reads them.
    ///
    /// # Errors
    /// As Graph says; `invalid-config` where a variant names what the organisation has not.
    pub fn read(graph: &Graph) -> Result<Self, Error> {
        let shown = graph.read_all("/subscribedSkus", &[])?;
        let skus = shown.iter().filter_map(sku).collect();
        let mut licences = Self { skus, variants: BTreeMap::new() };
        for variant in &graph.config.licence_variants {
            let (key, id) = licences.variant(variant)?;
            licences.variants.insert(key, id);
        }
        Ok(licences)
    }

    /// What is needed to show users: nothing is read where there are no variants.
    ///
    /// # Errors
    /// As [`Licences::read`].
    pub fn for_users(graph: &Graph) -> Result<Self, Error> {
        if graph.config.licences && !graph.config.licence_variants.is_empty() {
            return Self::read(graph);
        }
        Ok(Self { skus: BTreeMap::new(), variants: BTreeMap::new() })
    }

    fn variant(&self, variant: &LicenceVariant) -> Result<((String, BTreeSet<String>), String), Error> {
        let LicenceVariant { name, sku, without } = variant;
        let wanted = |(id, known): &(&String, &Sku)| *id == sku || known.name.eq_ignore_ascii_case(sku);
        let Some((id, known)) = self.skus.iter().find(wanted) else {
            let message = format!("`licence_variants`: the organisation has no licence `{sku}`");
            return Err(Error::invalid_config(message));
        };
        let plan = |wanted: &String| {
            let is = |(id, name): &(&String, &String)| *id == wanted || name.eq_ignore_ascii_case(wanted);
            let found = known.plans.iter().find(is).map(|(id, _)| id.clone());
            found.ok_or_else(|| Error::invalid_config(format!("`licence_variants`: `{sku}` has no plan `{wanted}`")))
        };
        let without = without.iter().map(plan).collect::<Result<BTreeSet<_>, Error>>()?;
        Ok(((id.clone(), without), format!("{id}/{name}")))
    }

    /// The id of what a state of Graph stands for: a variant where its plans are exactly those, else the SKU.
    fn id_of(&self, state: &Value) -> Option<String> {
        let sku = state["skuId"].as_str()?.to_owned();
        let without = state["disabledPlans"].as_array().into_iter().flatten();
        let without = without.filter_map(Value::as_str).map(str::to_owned).collect();
        let key = (sku, without);
        Some(self.variants.get(&key).cloned().unwrap_or(key.0))
    }

    /// Puts the licences of a user in place of the states that Graph shows.
    pub fn complete(&self, attributes: &mut Attributes) {
        let Some(states) = attributes.remove("licenseAssignmentStates") else { return };
        let states: Vec<&Value> = states.as_array().into_iter().flatten().collect();
        for (name, inherited) in [("licences", false), ("inheritedLicences", true)] {
            let of_kind = states.iter().filter(|state| state["assignedByGroup"].is_string() == inherited);
            let ids: BTreeSet<String> = of_kind.filter_map(|state| self.id_of(state)).collect();
            if !ids.is_empty() {
                attributes.insert(name.to_owned(), ids.into_iter().map(Value::from).collect());
            }
        }
    }

    fn objects(&self) -> Vec<Object> {
        let whole = self.skus.keys().map(|id| self.object(id, id, None, &BTreeSet::new()));
        let variants = self.variants.iter().map(|((sku, without), id)| {
            let name = id.split_once('/').map(|(_, name)| name);
            self.object(id, sku, name, without)
        });
        let mut objects: Vec<Object> = whole.chain(variants).collect();
        objects.sort_by(|one, other| one.id.cmp(&other.id));
        objects
    }

    fn object(&self, id: &str, sku: &str, name: Option<&str>, without: &BTreeSet<String>) -> Object {
        let known = &self.skus[sku];
        let plans: BTreeSet<&String> =
            known.plans.iter().filter(|(plan, _)| !without.contains(*plan)).map(|(_, name)| name).collect();
        let mut attributes = Attributes::new();
        attributes.insert("name".to_owned(), name.unwrap_or(&known.name).into());
        attributes.insert("sku".to_owned(), known.name.as_str().into());
        attributes.insert("seats".to_owned(), known.seats.into());
        if !plans.is_empty() {
            attributes.insert("plans".to_owned(), plans.into_iter().map(|plan| Value::from(plan.as_str())).collect());
        }
        Object::new(id, attributes)
    }
}

/// What an organisation can give to users, with its id.
fn sku(shown: &Value) -> Option<(String, Sku)> {
    let of_users = |shown: &&Value| shown["appliesTo"].as_str().is_none_or(|whom| whom == "User");
    let shown = Some(shown).filter(of_users)?;
    let plans = shown["servicePlans"].as_array().into_iter().flatten().filter(of_users);
    let plan =
        |plan: &Value| Some((plan["servicePlanId"].as_str()?.to_owned(), plan["servicePlanName"].as_str()?.to_owned()));
    let sku = Sku {
        name: shown["skuPartNumber"].as_str()?.to_owned(),
        seats: shown["prepaidUnits"]["enabled"].as_u64().unwrap_or_default(),
        plans: plans.filter_map(plan).collect(),
    };
    Some((shown["skuId"].as_str()?.to_owned(), sku))
}

/// All licences; they are few, so that there is one page.
///
/// # Errors
/// As [`Licences::read`].
pub fn search(graph: &Graph, request: &SearchRequest) -> Result<Page, Error> {
    let fits = |object: &Object| request.conditions.iter().all(|condition| condition.matches(object, false));
    let objects = Licences::read(graph)?.objects().into_iter().filter(fits).collect();
    Ok(Page { objects, tail: Tail::Complete })
}

/// One licence.
///
/// # Errors
/// `not-found`, and as [`Licences::read`].
pub fn get(graph: &Graph, id: &str) -> Result<Object, Error> {
    let found = Licences::read(graph)?.objects().into_iter().find(|object| object.id == id);
    found.ok_or_else(|| Error::not_found(CLASS, id))
}

/// The write that gives a licence, with exactly the plans of the entitlement.
///
/// # Errors
/// As [`Licences::read`].
pub fn grant(graph: &Graph, edit: &EntitlementEdit) -> Result<Item, Error> {
    let (sku, without) = parts(graph, &edit.entitlement)?;
    Ok(assign(&edit.id, &json!([{"skuId": sku, "disabledPlans": without}]), &json!([])))
}

/// SKU and plans that an id stands for.
fn parts(graph: &Graph, id: &str) -> Result<(String, BTreeSet<String>), Error> {
    if !id.contains('/') {
        return Ok((id.to_owned(), BTreeSet::new()));
    }
    let licences = Licences::read(graph)?;
    let found = licences.variants.into_iter().find(|(_, known)| known == id).map(|(key, _)| key);
    found.ok_or_else(|| Error::not_found(CLASS, id))
}

fn assign(user: &str, adds: &Value, removes: &Value) -> Item {
    let path = format!("/users/{}/assignLicense", escape_segment(user));
    Item { method: "POST", path, body: json!({"addLicenses": adds, "removeLicenses": removes}) }
}

/// The write that takes a licence away; none where the user does not have it so.
///
/// # Errors
/// `unsupported` where the licence comes with a group alone.
pub fn revoke(graph: &Graph, edit: &EntitlementEdit) -> Result<Option<Item>, Error> {
    let path = format!("/users/{}", escape_segment(&edit.id));
    let shown = match graph.read(&path, &[("$select", "id,licenseAssignmentStates".to_owned())]) {
        Ok(shown) => shown,
        Err(error) if error.is_not_found() => return Ok(None),
        Err(error) => return Err(error),
    };
    let licences = Licences::for_users(graph)?;
    let states = shown["licenseAssignmentStates"].as_array().into_iter().flatten();
    let held: Vec<&Value> =
        states.filter(|state| licences.id_of(state).as_deref() == Some(edit.entitlement.as_str())).collect();
    if held.iter().any(|state| state["assignedByGroup"].is_null()) {
        let sku = edit.entitlement.split('/').next().unwrap_or_default();
        return Ok(Some(assign(&edit.id, &json!([]), &json!([sku]))));
    }
    match held.first().and_then(|state| state["assignedByGroup"].as_str()) {
        None => Ok(None),
        Some(group) => Err(Error::unsupported(format!(
            "the licence {} comes with the group {group}: take the account out of that group",
            edit.entitlement
        ))),
    }
}
