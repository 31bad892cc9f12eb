//! From words to a filter. `not` binds closest, then `and`, then `or`.

use super::lexer::{Token, tokens};
use super::{Filter, MAX_DEPTH, MAX_LENGTH, MAX_TERMS, Operator, invalid};
use crate::error::{ErrorKind, ScimError};
use crate::path::AttributePath;
use serde_json::Value;

/// Reads a text that is a filter and nothing else.
pub(super) fn whole(text: &str) -> Result<Filter, ScimError> {
    if text.len() > MAX_LENGTH {
        return Err(invalid(format!("the filter is longer than {MAX_LENGTH} bytes: ask for less at once")));
    }
    let mut parser = Parser { tokens: tokens(text)?.into_iter().peekable(), depth: 0, terms: 0 };
    let filter = parser.any()?;
    match parser.tokens.next() {
        None => Ok(filter),
        Some(_) => Err(invalid("the filter goes on where it should end: join comparisons by `and` or `or`")),
    }
}

struct Parser {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
    depth: usize,
    terms: usize,
}

impl Parser {
    fn any(&mut self) -> Result<Filter, ScimError> {
        let mut terms = vec![self.all()?];
        while self.takes_word("or") {
            terms.push(self.all()?);
        }
        Ok(one_or(terms, Filter::Any))
    }

    fn all(&mut self) -> Result<Filter, ScimError> {
        let mut terms = vec![self.factor()?];
        while self.takes_word("and") {
            terms.push(self.factor()?);
        }
        Ok(one_or(terms, Filter::All))
    }

    fn factor(&mut self) -> Result<Filter, ScimError> {
        match self.tokens.next() {
            Some(Token::Bracket('(')) => self.enclosed(')'),
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("not") && self.takes('(') => {
                Ok(Filter::Not(Box::new(self.enclosed(')')?)))
            }
            Some(Token::Word(word)) => self.about(&word),
            Some(_) => Err(invalid("the filter has a value or bracket where an attribute should stand")),
            None => Err(invalid("the filter ends where a comparison should stand")),
        }
    }

    /// The filter up to the closing bracket.
    fn enclosed(&mut self, closing: char) -> Result<Filter, ScimError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(invalid(format!("the filter is nested deeper than {MAX_DEPTH}: simplify it")));
        }
        let inner = self.any()?;
        if !self.takes(closing) {
            return Err(invalid(format!("the filter lacks a `{closing}`")));
        }
        self.depth -= 1;
        Ok(inner)
    }

    fn about(&mut self, name: &str) -> Result<Filter, ScimError> {
        self.terms += 1;
        if self.terms > MAX_TERMS {
            return Err(invalid(format!("the filter has more than {MAX_TERMS} comparisons: ask for less at once")));
        }
        let path = AttributePath::parse(name, ErrorKind::InvalidFilter)?;
        if self.takes('[') {
            return Ok(Filter::Values { path, filter: Box::new(self.enclosed(']')?) });
        }
        let Some(Token::Word(word)) = self.tokens.next() else {
            return Err(invalid("an attribute in the filter is not followed by an operator such as `eq` or `pr`"));
        };
        if word.eq_ignore_ascii_case("pr") {
            return Ok(Filter::Present(path));
        }
        let operator = Operator::of(&word).ok_or_else(|| {
            invalid("the filter has an operator that is none: use eq, ne, co, sw, ew, pr, gt, ge, lt or le")
        })?;
        Ok(Filter::Compare { path, operator, value: self.value()? })
    }

    fn value(&mut self) -> Result<Value, ScimError> {
        match self.tokens.next() {
            Some(Token::Value(value)) => Ok(value),
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("true") => Ok(true.into()),
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("false") => Ok(false.into()),
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("null") => Ok(Value::Null),
            _ => Err(invalid("an operator in the filter is not followed by a value; put texts in double quotes")),
        }
    }

    fn takes(&mut self, bracket: char) -> bool {
        self.tokens.next_if_eq(&Token::Bracket(bracket)).is_some()
    }

    fn takes_word(&mut self, wanted: &str) -> bool {
        let is_wanted = |token: &Token| matches!(token, Token::Word(word) if word.eq_ignore_ascii_case(wanted));
        self.tokens.next_if(is_wanted).is_some()
    }
}

fn one_or(mut terms: Vec<Filter>, several: impl FnOnce(Vec<Filter>) -> Filter) -> Filter {
    match terms.pop() {
        Some(only) if terms.is_empty() => only,
        Some(last) => {
            terms.push(last);
            several(terms)
        }
        None => several(terms),
    }
}
