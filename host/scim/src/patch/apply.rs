//! Doing the operations of a PATCH.

use super::{PatchOp, PatchOperation, PatchPath, PatchRequest};
use crate::error::{ErrorKind, ScimError};
use crate::filter::{Filter, Operator};
use crate::path::Resolved;
use crate::resource::{Resource, identity_of, is_kept, normal_value, object_at};
use crate::schema::{AttributeDefinition, AttributeType, Mutability, ResourceType, Schema};
use crate::value::{is_unassigned, member};
use serde_json::{Map, Value};
use std::collections::HashSet;

/// The resource as the request leaves it.
///
/// # Errors
/// `invalidPath`: nothing has this path; `noTarget`: no value fits its filter; `mutability`: it may not be changed, or a
/// required attribute would have no value; `invalidValue`: a value is of the wrong type.
pub fn apply(resource_type: &ResourceType, resource: &Resource, request: &PatchRequest) -> Result<Resource, ScimError> {
    let mut changed = resource.clone();
    for operation in &request.operations {
        Change { resource_type, op: operation.op }.operation(&mut changed.0, operation)?;
    }
    changed.0.retain(|_, value| !is_unassigned(value));
    changed.check_required(resource_type, ErrorKind::Mutability)?;
    Ok(changed)
}

#[derive(Clone, Copy)]
struct Change<'t> {
    resource_type: &'t ResourceType,
    op: PatchOp,
}

impl<'t> Change<'t> {
    fn operation(self, resource: &mut Map<String, Value>, operation: &PatchOperation) -> Result<(), ScimError> {
        let value = operation.value.as_ref().unwrap_or(&Value::Null);
        let Some(path) = &operation.path else { return self.all_of(resource, value) };
        let resolved = path.attribute.resolve_or(self.resource_type, ErrorKind::InvalidPath)?;
        self.at(resource, path, &resolved, value)
    }

    /// Without a path the value says which attributes. What it may not change and what is unknown is passed over, since
    /// clients send whole resources.
    fn all_of(self, resource: &mut Map<String, Value>, value: &Value) -> Result<(), ScimError> {
        let members = value.as_object().ok_or_else(|| {
            ScimError::new(ErrorKind::InvalidValue, "without a `path` the `value` must be an object of attributes")
        })?;
        members.iter().try_for_each(|(name, value)| {
            let Ok(path) = PatchPath::parse(name) else { return Ok(()) };
            let Some(resolved) = path.attribute.resolve(self.resource_type) else { return Ok(()) };
            let is_fixed = |attribute: &AttributeDefinition| attribute.mutability == Mutability::ReadOnly;
            match resolved {
                Resolved::Attribute { attribute, part, .. } if is_fixed(attribute) || part.is_some_and(is_fixed) => {
                    Ok(())
                }
                _ => self.at(resource, &path, &resolved, value),
            }
        })
    }

    fn at(
        self,
        resource: &mut Map<String, Value>,
        path: &PatchPath,
        resolved: &Resolved<'t>,
        value: &Value,
    ) -> Result<(), ScimError> {
        let (extension, attribute, part) = match resolved {
            Resolved::Extension(schema) => return self.extension(resource, schema, value),
            Resolved::Attribute { extension, attribute, part } => (*extension, *attribute, *part),
        };
        let part = match &path.part {
            None => part,
            Some(name) => Some(attribute.sub_attribute(name).ok_or_else(|| {
                ScimError::new(ErrorKind::InvalidPath, format!("`{}` has no part `{name}`", attribute.name))
            })?),
        };
        for one in [Some(attribute), part].into_iter().flatten() {
            match one.mutability {
                Mutability::ReadOnly => return Err(fixed(one, "only the server writes it")),
                // Not kept, and so nothing to do.
                Mutability::WriteOnly => return Ok(()),
                Mutability::Immutable | Mutability::ReadWrite => {}
            }
        }
        let holder = match extension {
            Some(schema) => object_at(resource, &schema.id),
            None => resource,
        };
        let before = holder.get(&attribute.name).cloned();
        match (&path.filter, part) {
            (Some(filter), part) => self.selected(holder, attribute, filter, part, value)?,
            (None, Some(part)) => self.part(holder, attribute, part, value)?,
            (None, None) => self.whole(holder, attribute, value)?,
        }
        tidy(holder, attribute, before.as_ref())
    }

    fn extension(self, resource: &mut Map<String, Value>, schema: &'t Schema, value: &Value) -> Result<(), ScimError> {
        if self.op == PatchOp::Remove || is_unassigned(value) {
            let fixed_one = schema.attributes.iter().find(|one| one.mutability == Mutability::Immutable);
            let holder = resource.get(&schema.id).and_then(Value::as_object);
            return match fixed_one.filter(|one| holder.is_some_and(|holder| holder.contains_key(&one.name))) {
                Some(one) => Err(fixed(one, "it has a value already")),
                None => {
                    resource.remove(&schema.id);
                    Ok(())
                }
            };
        }
        let members = value.as_object().ok_or_else(|| {
            ScimError::new(ErrorKind::InvalidValue, format!("the value of `{}` must be an object", schema.id))
        })?;
        let with_uri = members.iter().map(|(name, value)| (format!("{}:{name}", schema.id), value.clone()));
        self.all_of(resource, &Value::Object(with_uri.collect()))
    }

    /// An attribute as a whole.
    fn whole(
        self,
        holder: &mut Map<String, Value>,
        attribute: &AttributeDefinition,
        value: &Value,
    ) -> Result<(), ScimError> {
        let removes_some = self.op == PatchOp::Remove && attribute.multi_valued && !is_unassigned(value);
        if removes_some {
            return remove_values(holder, attribute, value);
        }
        // An added nothing adds nothing; a replaced one takes away.
        if self.op == PatchOp::Add && value.as_array().is_some_and(Vec::is_empty) {
            return Ok(());
        }
        let is_one_complex = attribute.kind == AttributeType::Complex && !attribute.multi_valued;
        if self.op != PatchOp::Remove && is_one_complex && value.is_object() && !is_unassigned(value) {
            return self.merge(object_at(holder, &attribute.name), attribute, value);
        }
        let new = if self.op == PatchOp::Remove { None } else { normal_value(attribute, value)? };
        match new {
            None => {
                holder.remove(&attribute.name);
            }
            Some(Value::Array(items)) if self.op == PatchOp::Add => add_items(holder, attribute, items),
            Some(Value::Object(parts)) => object_at(holder, &attribute.name).extend(parts),
            Some(new) => {
                holder.insert(attribute.name.clone(), new);
            }
        }
        Ok(())
    }

    /// A part of an attribute: of its one value, or of all its values.
    fn part(
        self,
        holder: &mut Map<String, Value>,
        attribute: &AttributeDefinition,
        part: &AttributeDefinition,
        value: &Value,
    ) -> Result<(), ScimError> {
        if !attribute.multi_valued {
            return self.set_part(object_at(holder, &attribute.name), part, value);
        }
        let items = items_of(holder, attribute);
        if items.is_empty() && self.op != PatchOp::Remove {
            return Err(no_target(attribute));
        }
        items.iter_mut().filter_map(Value::as_object_mut).try_for_each(|item| self.set_part(item, part, value))
    }

    fn set_part(
        self,
        item: &mut Map<String, Value>,
        part: &AttributeDefinition,
        value: &Value,
    ) -> Result<(), ScimError> {
        let new = if self.op == PatchOp::Remove { None } else { normal_value(part, value)? };
        if part.mutability == Mutability::Immutable && item.get(&part.name).is_some_and(|old| Some(old) != new.as_ref())
        {
            return Err(fixed(part, "it has a value already; remove the whole value and add another"));
        }
        match new {
            Some(Value::Array(more)) if self.op == PatchOp::Add => add_items(item, part, more),
            Some(new) => {
                item.insert(part.name.clone(), new);
            }
            None => {
                item.remove(&part.name);
            }
        }
        Ok(())
    }

    /// Those values of an attribute for which a filter holds.
    fn selected(
        self,
        holder: &mut Map<String, Value>,
        attribute: &AttributeDefinition,
        filter: &Filter,
        part: Option<&AttributeDefinition>,
        value: &Value,
    ) -> Result<(), ScimError> {
        let bound = filter.bind_to_values(attribute)?;
        if !attribute.multi_valued {
            let detail = format!("`{}` has one value: name it without brackets", attribute.name);
            return Err(ScimError::new(ErrorKind::InvalidPath, detail));
        }
        let items = items_of(holder, attribute);
        let chosen: Vec<usize> = (0..items.len()).filter(|at| bound.matches_value(&items[*at])).collect();
        if self.op == PatchOp::Remove && part.is_none() {
            items.retain(|item| !bound.matches_value(item));
            return Ok(());
        }
        if chosen.is_empty() {
            return if self.op == PatchOp::Remove {
                Ok(())
            } else {
                self.described(items, attribute, filter, part, value)
            };
        }
        for at in chosen {
            match (items[at].as_object_mut(), part) {
                (Some(item), Some(part)) => self.set_part(item, part, value)?,
                (Some(item), None) => self.merge(item, attribute, value)?,
                (None, _) => items[at] = only_value(attribute, value)?,
            }
        }
        Ok(())
    }

    /// Sets the parts that a value names and leaves the others.
    fn merge(
        self,
        item: &mut Map<String, Value>,
        attribute: &AttributeDefinition,
        value: &Value,
    ) -> Result<(), ScimError> {
        let members = match value {
            Value::Array(items) if items.len() == 1 => items[0].as_object(),
            other => other.as_object(),
        };
        let members = members.ok_or_else(|| {
            ScimError::new(ErrorKind::InvalidValue, format!("a value of `{}` must be an object", attribute.name))
        })?;
        for part in attribute.sub_attributes.iter().filter(|part| is_kept(part)) {
            if let Some(value) = member(members, &part.name) {
                self.set_part(item, part, value)?;
            }
        }
        Ok(())
    }

    /// Adds the value that a filter describes which no value fits: Entra changes `emails[type eq "work"].value` whether
    /// there is one or not.
    fn described(
        self,
        items: &mut Vec<Value>,
        attribute: &AttributeDefinition,
        filter: &Filter,
        part: Option<&AttributeDefinition>,
        value: &Value,
    ) -> Result<(), ScimError> {
        let no_target = || no_target(attribute);
        if attribute.is_told_by_value() || attribute.kind != AttributeType::Complex {
            return Err(no_target());
        }
        let mut item = Map::new();
        for (path, value) in equalities(filter).ok_or_else(no_target)? {
            let part = attribute.sub_attribute(path).filter(|part| is_kept(part)).ok_or_else(no_target)?;
            if let Some(value) = normal_value(part, value)? {
                item.insert(part.name.clone(), value);
            }
        }
        match part {
            Some(part) => self.set_part(&mut item, part, value)?,
            None => self.merge(&mut item, attribute, value)?,
        }
        if !filter.bind_to_values(attribute)?.matches_value(&Value::Object(item.clone())) {
            return Err(no_target());
        }
        items.push(Value::Object(item));
        Ok(())
    }
}

/// The comparisons of a filter that consists of `eq` joined by `and`.
fn equalities(filter: &Filter) -> Option<Vec<(&str, &Value)>> {
    match filter {
        Filter::Compare { path, operator: Operator::Eq, value } => Some(vec![(path.0.as_str(), value)]),
        Filter::All(terms) => {
            let each = terms.iter().map(equalities).collect::<Option<Vec<_>>>()?;
            Some(each.into_iter().flatten().collect())
        }
        _ => None,
    }
}

/// The values of an attribute, to be changed.
fn items_of<'m>(holder: &'m mut Map<String, Value>, attribute: &AttributeDefinition) -> &'m mut Vec<Value> {
    let slot = holder.entry(attribute.name.clone()).or_insert_with(|| Value::Array(Vec::new()));
    if !slot.is_array() {
        *slot = Value::Array(vec![slot.take()]);
    }
    match slot {
        Value::Array(items) => items,
        _ => unreachable!("a list was put there"),
    }
}

fn add_items(holder: &mut Map<String, Value>, attribute: &AttributeDefinition, more: Vec<Value>) {
    let items = items_of(holder, attribute);
    let mut known: HashSet<String> = items.iter().map(|item| identity_of(attribute, item)).collect();
    items.extend(more.into_iter().filter(|item| known.insert(identity_of(attribute, item))));
}

/// Removes the values that are listed: by their `value` where they have one, else those that equal it.
fn remove_values(
    holder: &mut Map<String, Value>,
    attribute: &AttributeDefinition,
    listed: &Value,
) -> Result<(), ScimError> {
    let normal = normal_value(&without_primary(attribute), listed)?;
    let Some(Value::Array(listed)) = normal else { return Ok(()) };
    items_of(holder, attribute).retain(|item| !listed.iter().any(|one| is_meant(attribute, one, item)));
    Ok(())
}

/// Several of what is removed may say that they are primary.
fn without_primary(attribute: &AttributeDefinition) -> AttributeDefinition {
    let mut listed = attribute.clone();
    listed.sub_attributes.retain(|part| part.name != "primary");
    listed
}

/// Whether an item has all the parts that are listed, or the listed `value` where that alone tells values apart. What is
/// only for people does not count.
fn is_meant(attribute: &AttributeDefinition, listed: &Value, item: &Value) -> bool {
    if attribute.is_told_by_value() {
        return listed["value"] == item["value"];
    }
    let (Some(listed), Some(item)) = (listed.as_object(), item.as_object()) else { return listed == item };
    listed.iter().filter(|(name, _)| name.as_str() != "display").all(|(name, value)| item.get(name) == Some(value))
}

fn only_value(attribute: &AttributeDefinition, value: &Value) -> Result<Value, ScimError> {
    match normal_value(attribute, value)? {
        Some(Value::Array(mut items)) if items.len() == 1 => Ok(items.remove(0)),
        _ => Err(ScimError::new(ErrorKind::InvalidValue, format!("`{}` needs one value here", attribute.name))),
    }
}

/// What holds after every operation: nothing empty stays, nothing stands twice, what was made primary last is the only
/// primary one, and what is immutable has not changed.
fn tidy(
    holder: &mut Map<String, Value>,
    attribute: &AttributeDefinition,
    before: Option<&Value>,
) -> Result<(), ScimError> {
    if let Some(Value::Array(items)) = holder.get_mut(&attribute.name) {
        let mut known = HashSet::new();
        items.retain(|item| !is_unassigned(item) && known.insert(identity_of(attribute, item)));
        if attribute.has_primary() {
            one_primary(attribute, items, before)?;
        }
    }
    if holder.get(&attribute.name).is_some_and(is_unassigned) {
        holder.remove(&attribute.name);
    }
    if attribute.required && !holder.contains_key(&attribute.name) {
        return Err(fixed(attribute, "it must have a value"));
    }
    let is_changed = before.is_some() && holder.get(&attribute.name) != before;
    if attribute.mutability == Mutability::Immutable && is_changed {
        return Err(fixed(attribute, "it has a value already"));
    }
    Ok(())
}

fn one_primary(attribute: &AttributeDefinition, items: &mut [Value], before: Option<&Value>) -> Result<(), ScimError> {
    let is_primary = |item: &Value| item["primary"] == true;
    let primary: Vec<usize> = (0..items.len()).filter(|at| is_primary(&items[*at])).collect();
    if primary.len() < 2 {
        return Ok(());
    }
    let before = before.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let was_primary = |item: &Value| before.iter().any(|old| is_primary(old) && old == item);
    let new: Vec<usize> = primary.iter().copied().filter(|at| !was_primary(&items[*at])).collect();
    let &[kept] = new.as_slice() else {
        let detail = format!("`{}`: at most one value is primary", attribute.name);
        return Err(ScimError::new(ErrorKind::InvalidValue, detail));
    };
    for at in primary.into_iter().filter(|at| *at != kept) {
        items[at]["primary"] = false.into();
    }
    Ok(())
}

fn fixed(attribute: &AttributeDefinition, why: &str) -> ScimError {
    ScimError::new(ErrorKind::Mutability, format!("`{}` cannot be changed: {why}", attribute.name))
}

fn no_target(attribute: &AttributeDefinition) -> ScimError {
    ScimError::new(ErrorKind::NoTarget, format!("no value of `{}` fits the path", attribute.name))
}
