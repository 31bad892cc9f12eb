//! What a resource and its values look like, by the schemas and the dialect.

use super::answer::Refusal;
use super::dialect::Dialect;
use super::schema::{Attribute, Kind, Schemas};
use super::values::{Attributes, is_unassigned, member};
use serde_json::{Map, Value};

/// Holds values against the schemas.
pub struct Shaping<'a> {
    /// What the server knows.
    pub schemas: &'a Schemas,
    /// The resource type.
    pub kind: &'a Kind,
    /// The dialect.
    pub dialect: &'a Dialect,
    /// Whether booleans are texts here.
    pub text_booleans: bool,
    /// What was passed over.
    pub notes: &'a mut Vec<String>,
}

impl Shaping<'_> {
    /// A whole resource, as it is kept: names as the schemas spell them, without what is unassigned or the server's own.
    ///
    /// # Errors
    /// It is no resource of this type.
    pub fn resource(&mut self, body: &Value) -> Result<Attributes, Refusal> {
        let body = body.as_object().ok_or_else(|| Refusal::syntax("the body is no JSON object"))?;
        let named = self.named_schemas(body)?;
        let mut resource = Map::new();
        for (name, value) in body.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("schemas")) {
            if let Some(extension) = self.schemas.extension(self.kind, name) {
                if !named.iter().any(|urn| urn.eq_ignore_ascii_case(&extension.id)) {
                    return Err(Refusal::syntax(format!("`schemas` does not name {}", extension.id)));
                }
                let inner = self.extension(&extension.id, value)?;
                resource.extend((!inner.is_empty()).then(|| (extension.id.clone(), Value::Object(inner))));
                continue;
            }
            let Some(attribute) = self.schemas.attribute(self.kind, None, name) else {
                self.notes.push(format!("{} has no attribute {name}", self.kind.name));
                continue;
            };
            resource.extend(self.kept(None, attribute, value)?);
        }
        Ok(resource)
    }

    fn named_schemas(&self, body: &Attributes) -> Result<Vec<String>, Refusal> {
        let named = member(body, "schemas").and_then(Value::as_array);
        let named: Vec<String> = named.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
        let has = |urn: &str| named.iter().any(|known| known.eq_ignore_ascii_case(urn));
        if !has(&self.kind.core) {
            return Err(Refusal::syntax(format!("`schemas` does not name {}", self.kind.core)));
        }
        match named.iter().find(|urn| !self.schemas.urns(self.kind).any(|known| known.eq_ignore_ascii_case(urn))) {
            Some(unknown) => Err(Refusal::syntax(format!("{} has no schema {unknown}", self.kind.name))),
            None => Ok(named),
        }
    }

    fn extension(&mut self, id: &str, value: &Value) -> Result<Attributes, Refusal> {
        let body = value.as_object().ok_or_else(|| Refusal::syntax(format!("{id} is no JSON object")))?;
        let mut inner = Map::new();
        for (name, value) in body {
            match self.schemas.attribute(self.kind, Some(id), name) {
                Some(attribute) => inner.extend(self.kept(Some(id), attribute, value)?),
                None => self.notes.push(format!("{id} has no attribute {name}")),
            }
        }
        Ok(inner)
    }

    /// A value under its name; none where it is unassigned, the server's own, or nothing that the server knows.
    fn kept(
        &mut self,
        extension: Option<&str>,
        attribute: &Attribute,
        value: &Value,
    ) -> Result<Option<(String, Value)>, Refusal> {
        if is_unassigned(value) {
            return Ok(None);
        }
        if attribute.mutability == "readOnly" {
            self.notes.push(format!("{} of a {} is the server's own", attribute.name, self.kind.name));
            return Ok(None);
        }
        if !self.knows(extension, attribute, None) {
            self.notes.push(format!("{} does not know {}", self.dialect.title, attribute.name));
            return Ok(None);
        }
        let value = self.value(attribute, value)?;
        Ok((!is_unassigned(&value)).then(|| (attribute.name.clone(), value)))
    }

    /// Whether the server knows an attribute, or the part of it.
    pub fn knows(&self, extension: Option<&str>, attribute: &Attribute, part: Option<&str>) -> bool {
        let Some(known) = self.dialect.known.get(&self.kind.name) else { return true };
        let whole = match extension {
            Some(urn) => format!("{urn}:{}", attribute.name),
            None => attribute.name.clone(),
        };
        let named = part.map(|part| format!("{whole}.{part}"));
        known.iter().any(|name| {
            *name == whole
                || named.as_deref() == Some(name)
                || (part.is_none() && name.starts_with(&format!("{whole}.")))
        })
    }

    /// A whole value of an attribute.
    ///
    /// # Errors
    /// It is of another type.
    pub fn value(&mut self, attribute: &Attribute, value: &Value) -> Result<Value, Refusal> {
        match (attribute.multi_valued, value) {
            (true, Value::Array(items)) => {
                let items: Vec<Value> = items.iter().map(|item| self.one(attribute, item)).collect::<Result<_, _>>()?;
                Ok(Value::Array(without_repeats(items)))
            }
            (true, _) => Err(Refusal::value(format!("{} is no list", attribute.name))),
            (false, _) => self.one(attribute, value),
        }
    }

    /// One value of an attribute.
    ///
    /// # Errors
    /// It is of another type.
    pub fn one(&mut self, attribute: &Attribute, value: &Value) -> Result<Value, Refusal> {
        let wrong = || Refusal::value(format!("{} is no {}", attribute.name, attribute.kind));
        match attribute.kind.as_str() {
            "complex" => {
                let parts = value.as_object().ok_or_else(wrong)?;
                let mut kept = Map::new();
                for (name, value) in parts.iter().filter(|(_, value)| !is_unassigned(value)) {
                    match attribute.part(name) {
                        Some(part) if self.knows(None, attribute, Some(&part.name)) => {
                            kept.insert(part.name.clone(), self.value(part, value)?);
                        }
                        _ => self.notes.push(format!("{} has no part {name}", attribute.name)),
                    }
                }
                Ok(Value::Object(kept))
            }
            "boolean" if self.text_booleans => match value.as_str() {
                Some("True") => Ok(true.into()),
                Some("False") => Ok(false.into()),
                _ => Err(Refusal::value(format!("{} is neither \"True\" nor \"False\"", attribute.name))),
            },
            "boolean" if value.is_boolean() => Ok(value.clone()),
            "integer" if value.is_i64() || value.is_u64() => Ok(value.clone()),
            "decimal" if value.is_number() => Ok(value.clone()),
            "string" | "reference" | "binary" | "dateTime" if value.is_string() => Ok(value.clone()),
            _ => Err(wrong()),
        }
    }
}

/// Each value once; of several that are primary the last one (RFC 7643 section 2.4).
pub fn without_repeats(items: Vec<Value>) -> Vec<Value> {
    let mut kept: Vec<Value> = Vec::new();
    for item in items.into_iter().filter(|item| !is_unassigned(item)) {
        let identity = identity(&item);
        match kept.iter_mut().find(|known| identity.is_some() && self::identity(known) == identity || **known == item) {
            Some(known) => *known = item,
            None => kept.push(item),
        }
    }
    kept
}

/// What makes a member of a list the same: what it refers to.
fn identity(item: &Value) -> Option<(String, String)> {
    let parts = item.as_object()?;
    let value = parts.get("value")?.as_str()?.to_owned();
    Some((value, parts.get("type").and_then(Value::as_str).unwrap_or_default().to_owned()))
}
