//! Filters (RFC 7644 section 3.4.2.2).

use super::dialect::{FilterForm, Filters};
use super::path::Name;
use super::schema::{Attribute, Kind, Schemas};
use super::values::{Attributes, each, is_unassigned, member};
use serde_json::Value;
use std::cmp::Ordering;

/// A filter.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// `name op value`.
    Compare(String, Operator, Value),
    /// `name pr`.
    Present(String),
    /// `name[filter]`.
    Within(String, Box<Filter>),
    /// Both.
    And(Box<Filter>, Box<Filter>),
    /// One of both.
    Or(Box<Filter>, Box<Filter>),
    /// Not.
    Not(Box<Filter>),
}

/// How values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `eq`
    Equal,
    /// `ne`
    Unequal,
    /// `co`
    Contains,
    /// `sw`
    Starts,
    /// `ew`
    Ends,
    /// `gt`
    Greater,
    /// `ge`
    AtLeast,
    /// `lt`
    Less,
    /// `le`
    AtMost,
}

/// A filter that is read.
pub struct Reading<'a> {
    rest: &'a str,
    equal_precedence: bool,
}

impl<'a> Reading<'a> {
    /// As a dialect reads it.
    pub fn new(text: &'a str, filters: &Filters) -> Self {
        Self { rest: text, equal_precedence: filters.equal_precedence }
    }

    /// Of a path.
    pub fn within(text: &'a str) -> Self {
        Self { rest: text, equal_precedence: false }
    }

    /// The whole text as one filter.
    ///
    /// # Errors
    /// It does not fit the grammar; the text says where.
    pub fn filter(mut self) -> Result<Filter, String> {
        let filter = self.any()?;
        match self.rest.trim() {
            "" => Ok(filter),
            rest => Err(format!("`{rest}` is too much")),
        }
    }

    fn any(&mut self) -> Result<Filter, String> {
        let mut filter = self.all()?;
        loop {
            if self.word("or") {
                filter = Filter::Or(Box::new(filter), Box::new(self.all()?));
            } else if self.equal_precedence && self.word("and") {
                filter = Filter::And(Box::new(filter), Box::new(self.one()?));
            } else {
                return Ok(filter);
            }
        }
    }

    fn all(&mut self) -> Result<Filter, String> {
        let mut filter = self.one()?;
        while !self.equal_precedence && self.word("and") {
            filter = Filter::And(Box::new(filter), Box::new(self.one()?));
        }
        Ok(filter)
    }

    fn one(&mut self) -> Result<Filter, String> {
        if self.word("not") {
            self.symbol('(')?;
            let inner = self.any()?;
            self.symbol(')')?;
            return Ok(Filter::Not(Box::new(inner)));
        }
        if self.rest.trim_start().starts_with('(') {
            self.symbol('(')?;
            let inner = self.any()?;
            self.symbol(')')?;
            return Ok(inner);
        }
        let name = self.name()?;
        if self.rest.starts_with('[') {
            self.symbol('[')?;
            let inner = self.any()?;
            self.symbol(']')?;
            return Ok(Filter::Within(name, Box::new(inner)));
        }
        if self.word("pr") {
            return Ok(Filter::Present(name));
        }
        let operator = self.operator()?;
        Ok(Filter::Compare(name, operator, self.value()?))
    }

    fn name(&mut self) -> Result<String, String> {
        let text = self.rest.trim_start();
        let is_part = |part: char| part.is_ascii_alphanumeric() || ".:_-$".contains(part);
        let end = text.find(|part| !is_part(part)).unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        self.rest = rest;
        if name.is_empty() { Err(format!("an attribute is missing before `{rest}`")) } else { Ok(name.to_owned()) }
    }

    fn operator(&mut self) -> Result<Operator, String> {
        use Operator::{AtLeast, AtMost, Contains, Ends, Equal, Greater, Less, Starts, Unequal};
        let known = [
            ("eq", Equal),
            ("ne", Unequal),
            ("co", Contains),
            ("sw", Starts),
            ("ew", Ends),
            ("gt", Greater),
            ("ge", AtLeast),
            ("lt", Less),
            ("le", AtMost),
        ];
        let found = known.into_iter().find(|(name, _)| self.word(name));
        found.map(|(_, operator)| operator).ok_or_else(|| format!("`{}` is no comparison", self.rest.trim()))
    }

    /// Takes a word without case, where it is the next one.
    fn word(&mut self, word: &str) -> bool {
        let text = self.rest.trim_start();
        let (Some(start), Some(rest)) = (text.get(..word.len()), text.get(word.len()..)) else { return false };
        let ends = rest.chars().next().is_none_or(|next| next.is_whitespace() || "()[]".contains(next));
        let is_it = start.eq_ignore_ascii_case(word) && ends;
        if is_it {
            self.rest = rest;
        }
        is_it
    }

    fn symbol(&mut self, symbol: char) -> Result<(), String> {
        let text = self.rest.trim_start();
        self.rest = text.strip_prefix(symbol).ok_or_else(|| format!("`{symbol}` is missing before `{text}`"))?;
        Ok(())
    }

    fn value(&mut self) -> Result<Value, String> {
        let text = self.rest.trim_start();
        let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
        match values.next() {
            Some(Ok(value)) if !value.is_object() && !value.is_array() => {
                self.rest = &text[values.byte_offset()..];
                Ok(value)
            }
            _ => Err(format!("`{text}` is no value in JSON")),
        }
    }
}

impl Filter {
    /// Whether it is one that the dialect takes.
    ///
    /// # Errors
    /// It is not; the text says why.
    pub fn fits(&self, filters: &Filters) -> Result<(), String> {
        let name_fits = |name: &str| {
            filters.attributes.is_empty() || filters.attributes.iter().any(|known| known.eq_ignore_ascii_case(name))
        };
        match (self, filters.takes) {
            (Self::Compare(name, operator, _), form) => match name_fits(name) {
                false => Err(format!("`{name}` cannot be filtered")),
                true if form != FilterForm::All && *operator != Operator::Equal => Err("only `eq` is known".into()),
                true => Ok(()),
            },
            (Self::And(left, right), FilterForm::All | FilterForm::Eq) => {
                left.fits(filters).and_then(|()| right.fits(filters))
            }
            (_, FilterForm::All) => Ok(()),
            _ => Err("this filter is not known".into()),
        }
    }

    /// Whether all its names are known.
    ///
    /// # Errors
    /// One is not; the text says which.
    pub fn is_known(&self, schemas: &Schemas, kind: &Kind) -> Result<(), String> {
        match self {
            Self::Compare(name, ..) | Self::Present(name) | Self::Within(name, _) => {
                let known = name.eq_ignore_ascii_case("schemas");
                if known { Ok(()) } else { Name::read(schemas, kind, name).described(schemas, kind).map(|_| ()) }
            }
            Self::And(left, right) | Self::Or(left, right) => {
                left.is_known(schemas, kind).and_then(|()| right.is_known(schemas, kind))
            }
            Self::Not(inner) => inner.is_known(schemas, kind),
        }
    }

    /// Whether it holds for a resource.
    pub fn holds(&self, schemas: &Schemas, kind: &Kind, resource: &Attributes) -> bool {
        self.test(&|name, test| {
            let name = Name::read(schemas, kind, name);
            let Ok((attribute, part)) = name.described(schemas, kind) else { return false };
            let home = match &name.extension {
                Some(urn) => member(resource, urn).and_then(Value::as_object),
                None => Some(resource),
            };
            let value = home.and_then(|home| member(home, &attribute.name));
            let values = value.map(each).unwrap_or_default();
            match (test, part) {
                (Test::Within(inner), _) => values.iter().any(|value| inner.holds_for(attribute, value)),
                (test, Some(part)) => values
                    .iter()
                    .filter_map(|value| part_of(value, &part.name))
                    .any(|value| each(value).iter().any(|value| test.passes(value, part.case_exact))),
                (test, None) => {
                    let default = attribute.part("value");
                    let case_exact = default.map_or(attribute.case_exact, |part| part.case_exact);
                    values.iter().any(|value| test.passes(part_of(value, "value").unwrap_or(value), case_exact))
                }
            }
        })
    }

    /// Whether it holds for one value of an attribute.
    pub fn holds_for(&self, attribute: &Attribute, value: &Value) -> bool {
        self.test(&|name, test| {
            let case_exact = attribute.part(name).is_some_and(|part| part.case_exact);
            let found = part_of(value, name).or_else(|| Some(value).filter(|value| !value.is_object()));
            found.is_some_and(|found| test.passes(found, case_exact))
        })
    }

    /// The parts that it demands to be equal to something, joined by `and` alone.
    pub fn equalities(&self) -> Option<Attributes> {
        match self {
            Self::Compare(name, Operator::Equal, value) => Some(Attributes::from_iter([(name.clone(), value.clone())])),
            Self::And(left, right) => {
                let mut both = left.equalities()?;
                both.extend(right.equalities()?);
                Some(both)
            }
            _ => None,
        }
    }

    fn test(&self, any: &dyn Fn(&str, &Test<'_>) -> bool) -> bool {
        match self {
            Self::Compare(name, Operator::Unequal, value) => !any(name, &Test::Compare(Operator::Equal, value)),
            Self::Compare(name, operator, value) => any(name, &Test::Compare(*operator, value)),
            Self::Present(name) => any(name, &Test::Present),
            Self::Within(name, inner) => any(name, &Test::Within(inner)),
            Self::And(left, right) => left.test(any) && right.test(any),
            Self::Or(left, right) => left.test(any) || right.test(any),
            Self::Not(inner) => !inner.test(any),
        }
    }
}

/// What is asked of one value.
enum Test<'a> {
    Compare(Operator, &'a Value),
    Present,
    Within(&'a Filter),
}

impl Test<'_> {
    fn passes(&self, found: &Value, case_exact: bool) -> bool {
        match self {
            Self::Present => !is_unassigned(found) && found.as_str() != Some(""),
            Self::Within(_) => false,
            Self::Compare(operator, wanted) => match (found, wanted) {
                (Value::String(found), Value::String(wanted)) if case_exact => compare(found, wanted, *operator),
                (Value::String(found), Value::String(wanted)) => {
                    compare(&found.to_lowercase(), &wanted.to_lowercase(), *operator)
                }
                (Value::Number(found), Value::Number(wanted)) => {
                    let order = found.as_f64().partial_cmp(&wanted.as_f64());
                    order.is_some_and(|order| ordered(order, *operator))
                }
                (found, wanted) => *operator == Operator::Equal && found == *wanted,
            },
        }
    }
}

fn part_of<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    member(value.as_object()?, name)
}

fn compare(found: &str, wanted: &str, operator: Operator) -> bool {
    match operator {
        Operator::Contains => found.contains(wanted),
        Operator::Starts => found.starts_with(wanted),
        Operator::Ends => found.ends_with(wanted),
        _ => ordered(found.cmp(wanted), operator),
    }
}

fn ordered(order: Ordering, operator: Operator) -> bool {
    match operator {
        Operator::Equal => order.is_eq(),
        Operator::Greater => order.is_gt(),
        Operator::AtLeast => order.is_ge(),
        Operator::Less => order.is_lt(),
        Operator::AtMost => order.is_le(),
        Operator::Unequal | Operator::Contains | Operator::Starts | Operator::Ends => false,
    }
}
