//! Binding a filter to a type: names are found, values are checked and brought into the form in which they are compared.

use super::{Filter, Operator, invalid};
use crate::error::{ErrorKind, ScimError};
use crate::path::{AttributePath, Resolved};
use crate::schema::{AttributeDefinition, AttributeType, ResourceType, Returned};
use crate::value::Comparable;
use serde_json::Value;

/// What becomes of an attribute that the type does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownAttributes {
    /// The filter is refused.
    Refused,
    /// It has no value in any resource of the type (RFC 7644 3.4.2.1).
    NoValue,
}

/// A filter that can be tried on resources of its type.
#[derive(Debug, Clone, PartialEq)]
pub struct BoundFilter(pub(super) Node);

/// Where a value lies in a resource.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Place {
    /// The URI of the extension, the key of its object.
    pub(super) extension: Option<String>,
    pub(super) attribute: String,
    pub(super) part: Option<String>,
    /// What decides about type and case.
    pub(super) leaf: AttributeDefinition,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
    /// The value is none for null.
    Compare {
        place: Place,
        operator: Operator,
        value: Option<Comparable>,
        text: Option<String>,
    },
    Present(Place),
    Extension(String),
    Values {
        place: Place,
        filter: Box<Node>,
    },
    /// An attribute that the type does not have.
    Never,
}

impl Filter {
    /// Binds the filter to a type.
    ///
    /// # Errors
    /// `invalidFilter`: it names an attribute that is not there (where those are refused) or is never shown, or compares
    /// what cannot be compared.
    pub fn bind(&self, resource_type: &ResourceType, unknown: UnknownAttributes) -> Result<BoundFilter, ScimError> {
        Ok(BoundFilter(Binder { scope: Scope::Resource(resource_type), unknown }.node(self)?))
    }

    /// Binds the filter to the values of an attribute.
    pub(crate) fn bind_to_values(&self, attribute: &AttributeDefinition) -> Result<BoundFilter, ScimError> {
        let binder = Binder { scope: Scope::Values(attribute), unknown: UnknownAttributes::Refused };
        Ok(BoundFilter(binder.node(self)?))
    }

    /// Every attribute that it names at the top.
    pub fn paths(&self) -> Vec<&AttributePath> {
        match self {
            Self::All(terms) | Self::Any(terms) => terms.iter().flat_map(Self::paths).collect(),
            Self::Not(inner) => inner.paths(),
            Self::Compare { path, .. } | Self::Present(path) | Self::Values { path, .. } => vec![path],
        }
    }
}

#[derive(Clone, Copy)]
enum Scope<'t> {
    Resource(&'t ResourceType),
    Values(&'t AttributeDefinition),
}

#[derive(Clone, Copy)]
struct Binder<'t> {
    scope: Scope<'t>,
    unknown: UnknownAttributes,
}

impl Binder<'_> {
    fn node(self, filter: &Filter) -> Result<Node, ScimError> {
        Ok(match filter {
            Filter::All(terms) => Node::All(terms.iter().map(|term| self.node(term)).collect::<Result<_, _>>()?),
            Filter::Any(terms) => Node::Any(terms.iter().map(|term| self.node(term)).collect::<Result<_, _>>()?),
            Filter::Not(inner) => Node::Not(Box::new(self.node(inner)?)),
            Filter::Present(path) => match self.find(path)? {
                Some(Found::Place(place)) => Node::Present(place),
                Some(Found::Extension(id)) => Node::Extension(id),
                None => Node::Never,
            },
            Filter::Compare { path, operator, value } => match self.find(path)? {
                Some(Found::Place(place)) => compare(path, place.into_value(), *operator, value)?,
                Some(Found::Extension(_)) => return Err(invalid(format!("`{path}` is a schema and has no value"))),
                None => Node::Never,
            },
            Filter::Values { path, filter } => self.values(path, filter)?,
        })
    }

    fn values(self, path: &AttributePath, filter: &Filter) -> Result<Node, ScimError> {
        if matches!(self.scope, Scope::Values(_)) {
            return Err(invalid("brackets within brackets are not allowed in a filter"));
        }
        let place = match self.find(path)? {
            Some(Found::Place(place)) => place,
            Some(Found::Extension(_)) => return Err(invalid(format!("`{path}` is a schema and has no values"))),
            None => return Ok(Node::Never),
        };
        if !place.leaf.multi_valued && place.leaf.kind != AttributeType::Complex {
            return Err(invalid(format!("`{path}` has one value: compare it without brackets")));
        }
        let inner = Binder { scope: Scope::Values(&place.leaf), ..self }.node(filter)?;
        Ok(Node::Values { filter: Box::new(inner), place })
    }

    fn find(self, path: &AttributePath) -> Result<Option<Found>, ScimError> {
        let found = match self.scope {
            Scope::Resource(resource_type) => match path.resolve(resource_type) {
                Some(Resolved::Extension(schema)) => return Ok(Some(Found::Extension(schema.id.clone()))),
                Some(Resolved::Attribute { extension, attribute, part }) => Some(Place {
                    extension: extension.map(|schema| schema.id.clone()),
                    attribute: attribute.name.clone(),
                    part: part.map(|part| part.name.clone()),
                    leaf: part.unwrap_or(attribute).clone(),
                }),
                None => None,
            },
            Scope::Values(attribute) => part_of(attribute, path),
        };
        match found {
            Some(place) if place.leaf.returned == Returned::Never => Err(ScimError::new(
                ErrorKind::InvalidFilter,
                format!("`{path}` is never shown and cannot be asked for"),
            )),
            Some(place) => Ok(Some(Found::Place(place))),
            None if self.unknown == UnknownAttributes::NoValue => Ok(None),
            None => Err(invalid(format!("there is no attribute `{path}`: GET /Schemas says which there are"))),
        }
    }
}

enum Found {
    Place(Place),
    Extension(String),
}

/// A part of the values of an attribute; simple values are addressed as `value`.
fn part_of(attribute: &AttributeDefinition, path: &AttributePath) -> Option<Place> {
    let leaf = match attribute.sub_attribute(&path.0) {
        Some(part) => part.clone(),
        None if attribute.kind != AttributeType::Complex && path.0.eq_ignore_ascii_case("value") => {
            AttributeDefinition { name: String::new(), multi_valued: false, ..attribute.clone() }
        }
        None => return None,
    };
    Some(Place { extension: None, attribute: leaf.name.clone(), part: None, leaf })
}

impl Place {
    /// Of a complex attribute the part `value` is compared.
    fn into_value(self) -> Self {
        if self.leaf.kind != AttributeType::Complex || self.part.is_some() {
            return self;
        }
        match self.leaf.sub_attribute("value").cloned() {
            Some(value) => Self { part: Some(value.name.clone()), leaf: value, ..self },
            None => self,
        }
    }
}

fn compare(path: &AttributePath, place: Place, operator: Operator, value: &Value) -> Result<Node, ScimError> {
    use AttributeType::{Binary, Boolean, Complex};
    let (kind, name) = (place.leaf.kind, operator.as_str());
    if kind == Complex {
        return Err(invalid(format!("`{path}` is complex: compare one of its parts, such as `{path}.value`")));
    }
    let orders = matches!(operator, Operator::Gt | Operator::Ge | Operator::Lt | Operator::Le);
    let searches = matches!(operator, Operator::Co | Operator::Sw | Operator::Ew);
    if (orders && matches!(kind, Boolean | Binary)) || (searches && kind == Boolean) {
        return Err(invalid(format!("`{path}` cannot be compared by `{name}`")));
    }
    if value.is_null() {
        return match operator {
            Operator::Eq | Operator::Ne => Ok(Node::Compare { place, operator, value: None, text: None }),
            _ => Err(invalid(format!("null cannot be compared by `{name}`: use eq, ne or pr"))),
        };
    }
    if searches {
        let text = value.as_str().ok_or_else(|| invalid(format!("`{name}` needs a text in double quotes")))?;
        let text = if place.leaf.case_exact { text.to_owned() } else { crate::value::fold(text) };
        return Ok(Node::Compare { place, operator, value: None, text: Some(text) });
    }
    let comparable = Comparable::of(value, &place.leaf)
        .ok_or_else(|| invalid(format!("`{path}` is compared with a value of another type")))?;
    Ok(Node::Compare { place, operator, value: Some(comparable), text: None })
}
