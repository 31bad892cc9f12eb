//! Lists: filters, pages by index (RFC 7644 section 3.4.2.4) and by cursor (RFC 9865), and when a list is complete.

use crate::class::Class;
use crate::core_attributes::{COMMON, ENTERPRISE, GROUP, USER};
use crate::document::{count, field};
use crate::filter::{all_match, filter_text};
use crate::name::ENTERPRISE_SCHEMA;
use crate::page::{Advance, IndexPosition};
use crate::resource::{id_of, to_object};
use crate::server::Server;
use purser_sdk::serde_json::Value;
use purser_sdk::{Attributes, Condition, Error, Object, Operator, Page, SearchRequest, Tail, cursor};
use serde::{Deserialize, Serialize};

/// What is listed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Query {
    conditions: Vec<StoredCondition>,
    extra_attributes: Vec<String>,
    without_members: bool,
}

/// A condition as a cursor holds it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct StoredCondition(String, char, Value);

/// Where a list goes on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Position {
    /// At an index.
    Index(IndexPosition),
    /// At a cursor of the server; none starts.
    Cursor(Option<String>),
}

/// A page of resources as the server shows them.
pub struct RawPage {
    /// The resources that satisfy the query.
    pub resources: Vec<Attributes>,
    /// How it goes on.
    pub next: Next,
}

/// How a list goes on.
pub enum Next {
    /// At this position.
    More(Position),
    /// Not at all: everything has been listed.
    Complete,
    /// Not at all, and something may be missing.
    Truncated(String),
}

#[derive(Serialize, Deserialize)]
struct Cursor {
    query: Query,
    position: Position,
}

impl Query {
    /// All objects that satisfy the conditions.
    pub fn new(conditions: &[Condition], extra_attributes: &[String]) -> Self {
        let conditions = conditions.iter().map(StoredCondition::new).collect();
        Self { conditions, extra_attributes: extra_attributes.to_vec(), without_members: false }
    }

    /// Objects whose attribute has this value; groups without their members, of which there may be many.
    pub fn with_value(attribute: &str, value: &str) -> Self {
        let condition = StoredCondition(attribute.to_owned(), '=', value.into());
        Self { conditions: vec![condition], without_members: true, ..Self::default() }
    }

    fn conditions(&self) -> Vec<Condition> {
        self.conditions.iter().map(StoredCondition::condition).collect()
    }

    fn fields(&self, server: &Server, class: Class<'_>) -> Result<Vec<(&'static str, String)>, Error> {
        let mut fields = Vec::new();
        if !self.conditions.is_empty() {
            let filter = filter_text(&server.filterable(self.conditions()), server.filters()?);
            fields.extend(filter.map(|filter| ("filter", filter)));
        }
        // What a type of the server's own shows by default is not known, so that it cannot be named.
        if !self.extra_attributes.is_empty() && !matches!(class, Class::Further(_)) {
            fields.push(("attributes", attributes_with(class, &self.extra_attributes)));
        } else if self.without_members && class == Class::Group {
            fields.push(("excludedAttributes", "members".to_owned()));
        }
        Ok(fields)
    }
}

impl StoredCondition {
    fn new(condition: &Condition) -> Self {
        let operator = match condition.operator {
            Operator::Equals => '=',
            Operator::StartsWith => '^',
            Operator::AtOrAfter => '>',
        };
        Self(condition.attribute.clone(), operator, condition.value.clone())
    }

    fn condition(&self) -> Condition {
        let operator = match self.1 {
            '^' => Operator::StartsWith,
            '>' => Operator::AtOrAfter,
            _ => Operator::Equals,
        };
        Condition { attribute: self.0.clone(), operator, value: self.2.clone() }
    }
}

/// `attributes` replaces the server's default, so that the default has to be named with what is asked for beyond it.
fn attributes_with(class: Class<'_>, extra: &[String]) -> String {
    let core = match class {
        Class::User => USER,
        Class::Group | Class::Role | Class::Entitlement | Class::Further(_) => GROUP,
    };
    let mut names: Vec<String> = COMMON.iter().chain(core).map(|attribute| attribute.name.to_owned()).collect();
    match class {
        Class::User => {
            names.extend(["active".into(), "groups".into()]);
            names.extend(ENTERPRISE.iter().map(|attribute| format!("{ENTERPRISE_SCHEMA}:{}", attribute.name)));
        }
        Class::Group => names.push("members".into()),
        Class::Role | Class::Entitlement | Class::Further(_) => {}
    }
    names.push("meta".into());
    names.extend_from_slice(extra);
    names.join(",")
}

/// One page of objects.
///
/// # Errors
/// `cursor-expired`; `unsupported` for a filter that the server refuses; whatever reaching the server gives.
pub fn search(server: &Server, class: Class<'_>, request: &SearchRequest) -> Result<Page, Error> {
    let Cursor { query, position } = match &request.cursor {
        Some(cursor) => cursor::decode(cursor)?,
        None => Cursor {
            query: Query::new(&request.conditions, &request.extra_attributes),
            position: Position::start(server)?,
        },
    };
    let page = fetch(server, class, &query, position, request.page_size)?;
    let objects = page.resources.into_iter().map(|resource| to_object(&server.config, class, resource, None));
    let objects = objects.collect::<Result<_, _>>()?;
    let tail = match page.next {
        Next::More(position) => Tail::More(cursor::encode(&Cursor { query, position })?),
        Next::Complete => Tail::Complete,
        Next::Truncated(reason) => Tail::Truncated(reason),
    };
    Ok(Page { objects, tail })
}

/// The object whose attribute has this value, whatever the server makes of the filter.
///
/// # Errors
/// Whatever reaching the server gives.
pub fn find(server: &Server, class: Class<'_>, attribute: &str, value: &str) -> Result<Option<Object>, Error> {
    const LOOK_UP_PAGE: u32 = 100;
    let query = Query::with_value(attribute, value);
    let mut position = Position::start(server)?;
    loop {
        let page = fetch(server, class, &query, position, LOOK_UP_PAGE)?;
        if let Some(found) = page.resources.into_iter().next() {
            return to_object(&server.config, class, found, None).map(Some);
        }
        match page.next {
            Next::More(next) => position = next,
            Next::Complete | Next::Truncated(_) => return Ok(None),
        }
    }
}

impl Position {
    /// The beginning of a list.
    ///
    /// # Errors
    /// As [`Server::provider`].
    pub fn start(server: &Server) -> Result<Self, Error> {
        Ok(match server.pages_by_cursor()? {
            true => Self::Cursor(None),
            false => Self::Index(IndexPosition::start()),
        })
    }
}

/// One page of resources that satisfy the query.
///
/// # Errors
/// As [`search`].
pub fn fetch<'a>(
    server: &'a Server,
    class: Class<'a>,
    query: &Query,
    position: Position,
    page_size: u32,
) -> Result<RawPage, Error> {
    let fields = query.fields(server, class)?;
    let list = List { server, class, fields, count: server.page_size(page_size)? };
    let mut page = match position {
        Position::Index(position) => list.page_at_index(position)?,
        Position::Cursor(cursor) => list.page_at_cursor(cursor.as_deref())?,
    };
    let conditions = query.conditions();
    page.resources.retain(|resource| all_match(resource, &conditions));
    Ok(page)
}

struct List<'a> {
    server: &'a Server,
    class: Class<'a>,
    fields: Vec<(&'static str, String)>,
    count: u32,
}

/// A ListResponse (RFC 7644 section 3.4.2), or the bare array that some servers send.
struct ListResponse {
    resources: Vec<Attributes>,
    total: Option<u64>,
    start: Option<u64>,
    next_cursor: Option<String>,
}

impl List<'_> {
    fn page_at_cursor(&self, cursor: Option<&str>) -> Result<RawPage, Error> {
        let answer = self.ask(("cursor", cursor.unwrap_or_default().to_owned()))?;
        let next = match answer.next_cursor {
            Some(next) if Some(next.as_str()) == cursor => {
                Next::Truncated("the server gave the same cursor again".into())
            }
            Some(next) => Next::More(Position::Cursor(Some(next))),
            None => Next::Complete,
        };
        Ok(RawPage { resources: answer.resources, next })
    }

    fn page_at_index(&self, position: IndexPosition) -> Result<RawPage, Error> {
        let mut start = position.start;
        let mut answer = self.ask(("startIndex", start.to_string()))?;
        if let Some(earlier) = position.step_back(answer.total) {
            start = earlier;
            answer = self.ask(("startIndex", start.to_string()))?;
        }
        let total = answer.total;
        let received = answer.part_from(start, self.count);
        let ids: Vec<String> = received.iter().filter_map(id_of).collect();
        let Advance { fresh, next } = position.advance(start, total, &ids);
        let resources =
            received.into_iter().filter(|resource| id_of(resource).is_none_or(|id| fresh.contains(&id))).collect();
        Ok(RawPage { resources: without_repeats(resources), next })
    }

    fn ask(&self, place: (&'static str, String)) -> Result<ListResponse, Error> {
        let mut fields = self.fields.clone();
        fields.push(place);
        fields.push(("count", self.count.to_string()));
        let filtered = self.fields.iter().any(|(name, _)| *name == "filter");
        match self.server.read(self.class.path(), &fields) {
            Ok(document) => ListResponse::parse(document, self.class),
            // Some servers say 404 where a filter finds nothing.
            Err(error) if error.is_not_found() && filtered => Ok(ListResponse::empty()),
            Err(error) if error.is_not_found() => Err(Error::invalid_config(format!(
                "{}; set the endpoint's URL to the SCIM base URL, below which `{}` lies",
                error.message,
                self.class.path()
            ))),
            Err(error) => Err(error),
        }
    }
}

impl ListResponse {
    fn empty() -> Self {
        Self { resources: Vec::new(), total: Some(0), start: None, next_cursor: None }
    }

    fn parse(document: Value, class: Class<'_>) -> Result<Self, Error> {
        let number = |name| field(&document, name).and_then(count);
        let (total, start) = (number("totalResults"), number("startIndex"));
        let next_cursor = crate::document::text_field(&document, "nextCursor").map(str::to_owned);
        let items = match document {
            Value::Array(items) => items,
            Value::Object(mut members) => match crate::document::take_member(&mut members, "Resources") {
                Some(Value::Array(items)) => items,
                None | Some(Value::Null) if total.is_some() => Vec::new(),
                _ => return Err(no_list(class)),
            },
            _ => return Err(no_list(class)),
        };
        let resources = items.into_iter().map(|item| match item {
            Value::Object(resource) => Ok(resource),
            _ => Err(no_list(class)),
        });
        Ok(Self { resources: resources.collect::<Result<_, _>>()?, total, start, next_cursor })
    }

    /// What was asked for, of servers that answer with more: with the whole list whatever the index, or with more than
    /// `count`.
    fn part_from(self, start: u64, count: u32) -> Vec<Attributes> {
        let whole = self.total == Some(self.resources.len() as u64);
        let begins_at = self.start.filter(|index| *index >= 1).unwrap_or(if whole { 1 } else { start });
        let skipped = usize::try_from(start.saturating_sub(begins_at)).unwrap_or(usize::MAX);
        self.resources.into_iter().skip(skipped).take(count as usize).collect()
    }
}

fn no_list(class: Class<'_>) -> Error {
    Error::unavailable(None, format!("the answer for `{}` is no list of SCIM resources", class.path()))
}

fn without_repeats(resources: Vec<Attributes>) -> Vec<Attributes> {
    let mut seen = std::collections::HashSet::new();
    resources.into_iter().filter(|resource| id_of(resource).is_none_or(|id| seen.insert(id))).collect()
}
