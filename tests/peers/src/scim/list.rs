//! Lists: filters, pages, and which attributes are shown.

use super::answer::{Answer, Outcome, Refusal};
use super::dialect::Paging;
use super::filter::{Filter, Reading};
use super::path::Name;
use super::routes::Asked;
use super::schema::{Attribute, Kind};
use super::state::{Place, State};
use super::values::Attributes;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// Which attributes are asked for.
#[derive(Debug, Default)]
pub struct Projection {
    only: Vec<String>,
    without: Vec<String>,
}

impl Projection {
    /// What a request asks for.
    ///
    /// # Errors
    /// `attributes` and `excludedAttributes` together.
    pub fn of(asked: &Asked) -> Result<Self, Refusal> {
        let names = |field: &str| -> Vec<String> {
            let text = asked.query.get(field).map(String::as_str).unwrap_or_default();
            text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
        };
        let projection = Self { only: names("attributes"), without: names("excludedAttributes") };
        match projection.only.is_empty() || projection.without.is_empty() {
            true => Ok(projection),
            false => Err(Refusal::syntax("`attributes` and `excludedAttributes` do not go together")),
        }
    }
}

/// A resource with what is asked for.
pub fn projected(state: &State, kind: &Kind, mut shown: Attributes, projection: &Projection) -> Attributes {
    let read =
        |names: &[String]| -> Vec<Name> { names.iter().map(|name| Name::read(&state.schemas, kind, name)).collect() };
    let (only, without) = (read(&projection.only), read(&projection.without));
    if kind.name == "Group" && !state.dialect.group.members_shown {
        shown.remove("members");
    }
    for urn in &kind.extensions {
        let Some(Value::Object(inner)) = shown.get_mut(urn) else { continue };
        let extension = state.schemas.schema(urn);
        for attribute in extension.into_iter().flat_map(|schema| &schema.attributes) {
            project(inner, attribute, Some(urn), &only, &without);
        }
        if inner.is_empty() {
            shown.remove(urn);
        }
    }
    for attribute in state.schemas.core(kind) {
        project(&mut shown, attribute, None, &only, &without);
    }
    shown
}

fn project(home: &mut Map<String, Value>, attribute: &Attribute, urn: Option<&str>, only: &[Name], without: &[Name]) {
    let is_whole = |name: &Name| name.attribute.is_none();
    let about = |name: &&Name| {
        let named = name.attribute.as_deref().is_none_or(|known| known.eq_ignore_ascii_case(&attribute.name));
        let same = name.extension.as_deref().map(str::to_lowercase) == urn.map(str::to_lowercase);
        named && same && (name.extension.is_some() || name.attribute.is_some())
    };
    let parts = |names: &[Name]| -> Option<Vec<String>> {
        let names: Vec<&Name> = names.iter().filter(about).collect();
        let whole = names.iter().any(|name| is_whole(name) || name.part.is_none());
        (!names.is_empty() && !whole).then(|| names.iter().filter_map(|name| name.part.clone()).collect())
    };
    let (asked, refused) = (only.iter().any(|name| about(&name)), without.iter().any(|name| about(&name)));
    let shown = match attribute.returned.as_str() {
        "never" => false,
        "always" => true,
        "request" => asked,
        _ => (only.is_empty() || asked) && (!refused || parts(without).is_some()),
    };
    if !shown {
        home.remove(&attribute.name);
        return;
    }
    let Some(value) = home.get_mut(&attribute.name) else { return };
    let items: Vec<&mut Value> = match value {
        Value::Array(items) => items.iter_mut().collect(),
        single => vec![single],
    };
    for item in items.into_iter().filter_map(Value::as_object_mut) {
        let has = |names: &[String], name: &str| names.iter().any(|known| known.eq_ignore_ascii_case(name));
        if let Some(wanted) = parts(only) {
            item.retain(|name, _| has(&wanted, name));
        }
        if let Some(unwanted) = parts(without) {
            item.retain(|name, _| !has(&unwanted, name));
        }
    }
}

/// GET of all resources of a type.
///
/// # Errors
/// The filter, the page or the cursor is refused.
pub fn list(state: &mut State, kind: &Kind, asked: &Asked) -> Outcome {
    let filter = asked.query.get("filter").map(|text| filter(state, kind, text)).transpose()?;
    let projection = Projection::of(asked)?;
    if asked.query.contains_key("cursor") {
        return by_cursor(state, kind, asked, filter.as_ref(), &projection);
    }
    if !state.dialect.page.index {
        return Err(Refusal::unfit(400, Some("invalidValue"), "lists are paged by cursor"));
    }
    let found = matching(state, kind, filter.as_ref());
    let page = Page::of(&state.dialect.page, asked, found.len())?;
    let resources = show(state, kind, &projection, &found[page.from..page.to]);
    Ok(Answer::new(200, page.answer(found.len(), &resources)))
}

/// All resources of all types.
///
/// # Errors
/// As [`list`].
pub fn everything(state: &State, asked: &Asked) -> Outcome {
    let projection = Projection::of(asked)?;
    let mut found = Vec::new();
    for kind in state.schemas.kinds() {
        let filter = asked.query.get("filter").map(|text| filter(state, kind, text)).transpose()?;
        found.extend(show(state, kind, &projection, &matching(state, kind, filter.as_ref())));
    }
    let page = Page::of(&state.dialect.page, asked, found.len())?;
    Ok(Answer::new(200, page.answer(found.len(), &found[page.from..page.to])))
}

/// A list of documents that are no resources, such as `/Schemas`.
///
/// # Errors
/// It is filtered, or the page is refused.
pub fn documents(state: &State, asked: &Asked, all: &[Value]) -> Outcome {
    if asked.query.contains_key("filter") {
        return Err(Refusal::unfit(403, None, "this list is not filtered"));
    }
    let page = Page::of(&state.dialect.page, asked, all.len())?;
    Ok(Answer::new(200, page.answer(all.len(), &all[page.from..page.to])))
}

fn filter(state: &State, kind: &Kind, text: &str) -> Result<Filter, Refusal> {
    let invalid = |reason: String| Refusal::unfit(400, Some("invalidFilter"), format!("`{text}`: {reason}"));
    let filter = Reading::new(text, &state.dialect.filter).filter().map_err(invalid)?;
    filter.is_known(&state.schemas, kind).map_err(invalid)?;
    filter.fits(&state.dialect.filter).map_err(invalid)?;
    Ok(filter)
}

fn matching(state: &State, kind: &Kind, filter: Option<&Filter>) -> Vec<String> {
    let fits = |id: &str, resource: &super::state::Resource| {
        filter.is_none_or(|filter| filter.holds(&state.schemas, kind, &state.shown(kind, id, resource)))
    };
    state.all(&kind.name).filter(|(id, resource)| fits(id, resource)).map(|(id, _)| id.clone()).collect()
}

fn show(state: &State, kind: &Kind, projection: &Projection, ids: &[String]) -> Vec<Value> {
    let there = ids.iter().filter_map(|id| state.resources.get(id).map(|resource| (id, resource)));
    let shown = there.map(|(id, resource)| projected(state, kind, state.shown(kind, id, resource), projection));
    shown.map(Value::Object).collect()
}

/// A page by index.
struct Page {
    from: usize,
    to: usize,
    start: usize,
}

impl Page {
    fn of(paging: &Paging, asked: &Asked, all: usize) -> Result<Self, Refusal> {
        let start = number(asked, "startIndex")?.filter(|_| !paging.first_only).unwrap_or(1).max(1);
        let from = (start as usize - 1).min(all);
        Ok(Self { from, to: (from + count(paging, asked)?).min(all), start: start as usize })
    }

    fn answer(&self, all: usize, resources: &[Value]) -> Value {
        json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": all,
            "startIndex": self.start, "itemsPerPage": resources.len(), "Resources": resources,
        })
    }
}

fn number(asked: &Asked, field: &str) -> Result<Option<i64>, Refusal> {
    let text = asked.query.get(field);
    text.map(|text| text.parse().map_err(|_| Refusal::value(format!("`{field}` is no number")))).transpose()
}

fn count(paging: &Paging, asked: &Asked) -> Result<usize, Refusal> {
    let Some(count) = number(asked, "count")? else { return Ok(paging.usual) };
    let count = usize::try_from(count).unwrap_or(0);
    if paging.refuses_more && count > paging.most {
        return Err(Refusal::unfit(400, Some("invalidCount"), format!("`count` is {} at most", paging.most)));
    }
    Ok(count.min(paging.most))
}

/// A page by cursor (RFC 9865): the list stays as it was when it was begun.
fn by_cursor(
    state: &mut State,
    kind: &Kind,
    asked: &Asked,
    filter: Option<&Filter>,
    projection: &Projection,
) -> Outcome {
    if !state.dialect.page.cursor {
        return Err(Refusal::unfit(400, Some("invalidValue"), "lists are not paged by cursor"));
    }
    if asked.query.contains_key("startIndex") {
        return Err(Refusal::unfit(400, Some("invalidValue"), "`cursor` and `startIndex` do not go together"));
    }
    let name = format!("{} {}", kind.path, asked.query.get("filter").map(String::as_str).unwrap_or_default());
    let place = match asked.query["cursor"].as_str() {
        "" => Place { list: name.clone(), from: 0, ids: matching(state, kind, filter), until: None },
        known => known_place(state, known, &name)?,
    };
    let count = count(&state.dialect.page, asked)?;
    let to = (place.from + count).min(place.ids.len());
    let resources = show(state, kind, projection, &place.ids[place.from..to]);
    let mut body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": place.ids.len(),
        "itemsPerPage": resources.len(), "Resources": resources,
    });
    if to < place.ids.len() && count > 0 {
        body["nextCursor"] = give_cursor(state, &place, to).into();
    }
    if place.from > 0 {
        body["previousCursor"] = give_cursor(state, &place, place.from.saturating_sub(count)).into();
    }
    Ok(Answer::new(200, body))
}

fn known_place(state: &mut State, cursor: &str, list: &str) -> Result<Place, Refusal> {
    let known = state.cursors.get(cursor).filter(|place| place.list == list);
    let known = known.ok_or_else(|| Refusal::now(400, Some("invalidCursor"), "the cursor is not known"))?;
    let known = known.clone();
    let is_expiring = state.expiring > 0;
    state.expiring -= u32::from(is_expiring);
    match is_expiring || known.until.is_some_and(|until| until <= state.now) {
        true => Err(Refusal::now(400, Some("expiredCursor"), "the cursor is too old")),
        false => Ok(known),
    }
}

fn give_cursor(state: &mut State, place: &Place, from: usize) -> String {
    let timeout = state.dialect.page.cursor_timeout;
    let until = (timeout > 0).then(|| state.now + Duration::from_secs(timeout));
    let cursor = format!("c{}+/=", state.cursors.len() + 1);
    state.cursors.insert(cursor.clone(), Place { from, until, ..place.clone() });
    cursor
}
