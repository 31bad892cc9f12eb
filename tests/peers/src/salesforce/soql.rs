//! A subset of SOQL, read.

use super::refusal::Refusal;

/// A query.
#[derive(Debug, Clone)]
pub(super) struct Query {
    pub(super) fields: Vec<String>,
    pub(super) counts: bool,
    pub(super) object: String,
    pub(super) condition: Option<Condition>,
    pub(super) order: Vec<(String, bool)>,
    pub(super) limit: Option<usize>,
}

/// What must hold.
#[derive(Debug, Clone)]
pub(super) enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    Compare(String, String, Literal),
    In(String, Vec<Literal>),
    InQuery(String, Box<Query>),
}

/// A value in a query.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Literal {
    Text(String),
    /// A number, a time, `true`, `false` or `null`, as it stands there.
    Plain(String),
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Sign(String),
}

/// Reads a query.
///
/// # Errors
/// `MALFORMED_QUERY`.
pub(super) fn read(text: &str) -> Result<Query, Refusal> {
    let mut reader = Reader { tokens: tokens(text)?, place: 0 };
    let query = reader.query()?;
    if reader.place < reader.tokens.len() {
        return Err(malformed(format!("unexpected token: {:?}", reader.tokens[reader.place])));
    }
    Ok(query)
}

fn malformed(message: impl Into<String>) -> Refusal {
    Refusal::bad("MALFORMED_QUERY", message)
}

fn tokens(text: &str) -> Result<Vec<Token>, Refusal> {
    let mut tokens = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(next) = rest.peek().copied() {
        if next.is_whitespace() {
            rest.next();
        } else if next == '\'' {
            rest.next();
            tokens.push(Token::Text(quoted(&mut rest)?));
        } else if "(),".contains(next) {
            tokens.push(Token::Sign(next.to_string()));
            rest.next();
        } else if "=<>!".contains(next) {
            let mut sign = String::new();
            while let Some(more) = rest.next_if(|more| "=<>!".contains(*more)) {
                sign.push(more);
            }
            tokens.push(Token::Sign(sign));
        } else {
            let mut word = String::new();
            while let Some(more) = rest.next_if(|more| !more.is_whitespace() && !"(),=<>!'".contains(*more)) {
                word.push(more);
            }
            tokens.push(Token::Word(word));
        }
    }
    Ok(tokens)
}

fn quoted(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<String, Refusal> {
    let mut text = String::new();
    loop {
        match rest.next() {
            Some('\'') => return Ok(text),
            Some('\\') => text.push(match rest.next() {
                Some('n') => '\n',
                Some('r') => '\r',
                Some('t') => '\t',
                Some(escaped @ ('\'' | '"' | '\\' | '%' | '_')) => escaped,
                _ => return Err(malformed("illegal escape in a string literal")),
            }),
            Some(other) => text.push(other),
            None => return Err(malformed("a string literal does not end")),
        }
    }
}

struct Reader {
    tokens: Vec<Token>,
    place: usize,
}

impl Reader {
    fn next(&mut self) -> Result<Token, Refusal> {
        let token = self.tokens.get(self.place).cloned().ok_or_else(|| malformed("unexpected end of the query"))?;
        self.place += 1;
        Ok(token)
    }

    fn takes_word(&mut self, word: &str) -> bool {
        let there = matches!(self.tokens.get(self.place), Some(Token::Word(found)) if found.eq_ignore_ascii_case(word));
        self.place += usize::from(there);
        there
    }

    fn takes_sign(&mut self, sign: &str) -> bool {
        let there = matches!(self.tokens.get(self.place), Some(Token::Sign(found)) if found == sign);
        self.place += usize::from(there);
        there
    }

    fn word(&mut self) -> Result<String, Refusal> {
        match self.next()? {
            Token::Word(word) => Ok(word),
            other => Err(malformed(format!("unexpected token: {other:?}"))),
        }
    }

    fn expect_word(&mut self, word: &str) -> Result<(), Refusal> {
        if self.takes_word(word) { Ok(()) } else { Err(malformed(format!("expecting {word}"))) }
    }

    fn expect_sign(&mut self, sign: &str) -> Result<(), Refusal> {
        if self.takes_sign(sign) { Ok(()) } else { Err(malformed(format!("expecting '{sign}'"))) }
    }

    fn query(&mut self) -> Result<Query, Refusal> {
        self.expect_word("SELECT")?;
        let (mut fields, mut counts) = (Vec::new(), false);
        loop {
            let field = self.word()?;
            if field.eq_ignore_ascii_case("count") && self.takes_sign("(") {
                self.expect_sign(")")?;
                counts = true;
            } else {
                fields.push(field);
            }
            if !self.takes_sign(",") {
                break;
            }
        }
        self.expect_word("FROM")?;
        let object = self.word()?;
        let condition = if self.takes_word("WHERE") { Some(self.any()?) } else { None };
        let order = self.order()?;
        let limit = if self.takes_word("LIMIT") {
            Some(self.word()?.parse().map_err(|_| malformed("LIMIT is no number"))?)
        } else {
            None
        };
        Ok(Query { fields, counts, object, condition, order, limit })
    }

    fn order(&mut self) -> Result<Vec<(String, bool)>, Refusal> {
        let mut order = Vec::new();
        if self.takes_word("ORDER") {
            self.expect_word("BY")?;
            loop {
                let field = self.word()?;
                let descending = self.takes_word("DESC");
                if !descending {
                    self.takes_word("ASC");
                }
                order.push((field, descending));
                if !self.takes_sign(",") {
                    break;
                }
            }
        }
        Ok(order)
    }

    fn any(&mut self) -> Result<Condition, Refusal> {
        let mut any = vec![self.all()?];
        while self.takes_word("OR") {
            any.push(self.all()?);
        }
        Ok(if any.len() == 1 { any.remove(0) } else { Condition::Any(any) })
    }

    fn all(&mut self) -> Result<Condition, Refusal> {
        let mut all = vec![self.one()?];
        while self.takes_word("AND") {
            all.push(self.one()?);
        }
        // SOQL refuses AND and OR on one level.
        if matches!(self.tokens.get(self.place), Some(Token::Word(word)) if all.len() > 1 && word.eq_ignore_ascii_case("OR"))
        {
            return Err(malformed("unexpected token: 'OR'"));
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Condition::All(all) })
    }

    fn one(&mut self) -> Result<Condition, Refusal> {
        if self.takes_word("NOT") {
            return Ok(Condition::Not(Box::new(self.one()?)));
        }
        if self.takes_sign("(") {
            let inner = self.any()?;
            self.expect_sign(")")?;
            return Ok(inner);
        }
        let field = self.word()?;
        if self.takes_word("NOT") {
            self.expect_word("IN")?;
            return Ok(Condition::Not(Box::new(self.inside(field)?)));
        }
        if self.takes_word("IN") {
            return self.inside(field);
        }
        if self.takes_word("LIKE") {
            return Ok(Condition::Compare(field, "LIKE".into(), self.literal()?));
        }
        match self.next()? {
            Token::Sign(sign) if ["=", "!=", "<>", "<", "<=", ">", ">="].contains(&sign.as_str()) => {
                Ok(Condition::Compare(field, sign, self.literal()?))
            }
            other => Err(malformed(format!("unexpected token: {other:?}"))),
        }
    }

    fn inside(&mut self, field: String) -> Result<Condition, Refusal> {
        self.expect_sign("(")?;
        if matches!(self.tokens.get(self.place), Some(Token::Word(word)) if word.eq_ignore_ascii_case("SELECT")) {
            let query = self.query()?;
            self.expect_sign(")")?;
            return Ok(Condition::InQuery(field, Box::new(query)));
        }
        let mut values = vec![self.literal()?];
        while self.takes_sign(",") {
            values.push(self.literal()?);
        }
        self.expect_sign(")")?;
        Ok(Condition::In(field, values))
    }

    fn literal(&mut self) -> Result<Literal, Refusal> {
        match self.next()? {
            Token::Text(text) => Ok(Literal::Text(text)),
            Token::Word(word) => Ok(Literal::Plain(word)),
            other => Err(malformed(format!("unexpected token: {other:?}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_soql_is_refused() {
        for text in [
            "SELECT Id",
            "SELECT Id FROM User WHERE",
            "SELECT Id FROM User WHERE Name = 'a",
            "SELECT Id FROM User WHERE Name = 'a' OR",
            "SELECT Id FROM User WHERE A = 1 AND B = 2 OR C = 3",
            "SELECT Id FROM User LIMIT x",
            "SELECT Id FROM User WHERE Name = 'O'Brien'",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn quotes_are_escaped_by_backslash() {
        let query = read(r"SELECT Id FROM User WHERE LastName = 'O\'Brien \\ x'").unwrap();
        let Some(Condition::Compare(_, _, Literal::Text(text))) = query.condition else { panic!() };
        assert_eq!(text, r"O'Brien \ x");
    }
}
