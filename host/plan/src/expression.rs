//! CEL expressions: compiled once, checked against limits, evaluated to JSON.
//!
//! Two rules differ from plain CEL, since attributes are SCIM-shaped and null, absent and empty mean the same there
//! (RFC 7643 section 2.5): selecting a field that is not there gives null instead of an error, also on null itself, and
//! `has(x.y)` is false for a null field. Indexing (`x['y']`) keeps CEL's error.

mod dates;
mod functions;
mod limits;
mod names;
mod reads;
mod values;

use cel::common::ast::{CallExpr, EntryExpr, Expr, IdedExpr, LiteralValue, operators};
use cel::common::types::{CelBool, CelNull, CelString};
use cel::{Context, Env, ExecutionError, ParseErrors};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

pub(crate) use limits::TooCostly;
pub(crate) use values::{is_none, object_value, text_value};

/// The CEL environment that every expression shares: the standard library, the strings extension and our own functions.
#[derive(Clone)]
pub(crate) struct Dialect {
    env: Arc<Env>,
}

impl std::fmt::Debug for Dialect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Dialect")
    }
}

/// An expression that was accepted.
#[derive(Debug)]
pub(crate) struct Expression {
    text: String,
    tree: IdedExpr,
    /// The variables that it uses.
    variables: BTreeSet<String>,
}

/// Why an expression is not accepted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CompileError {
    #[error("the expression is empty")]
    Empty,
    #[error("{0}")]
    Syntax(String),
    #[error(transparent)]
    TooCostly(#[from] TooCostly),
    #[error("unknown variable `{name}`: here an expression can use {known}")]
    UnknownVariable { name: String, known: String },
    #[error(
        "unknown function `{0}`: use CEL's standard functions and macros, its strings extension, or lower, upper, \
         transliterate, slug, title, left, initials, addDays, addMonths, daysBetween, dateOf, formatDate"
    )]
    UnknownFunction(String),
}

/// Why an accepted expression gives nothing for this input.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EvaluationError {
    #[error("{0}")]
    Failed(ExecutionError),
    #[error("{0}: a value is missing; ask for it first, such as `has(identity.x) ? ... : null`")]
    MissingValue(ExecutionError),
    #[error("the rule gives {0}, not true or false")]
    NotBoolean(&'static str),
    #[error("the result cannot be written as JSON")]
    NotJson,
}

impl Dialect {
    pub(crate) fn new() -> Self {
        Self { env: Arc::new(functions::environment()) }
    }

    /// A scope in which expressions are evaluated; values are added as variables.
    pub(crate) fn scope<'p, 'v>(&self) -> Context<'p, 'v> {
        Context::with_env(Arc::clone(&self.env))
    }

    /// Compiles an expression that may use these variables.
    pub(crate) fn compile(&self, text: &str, variables: &[&str]) -> Result<Expression, CompileError> {
        if text.trim().is_empty() {
            return Err(CompileError::Empty);
        }
        limits::check_length(text)?;
        let mut tree = self.env.parser().parse(text).map_err(|errors| CompileError::Syntax(syntax_message(&errors)))?;
        limits::check_tree(&tree)?;
        let used = self.check_variables(&tree, variables)?;
        self.check_functions(&tree)?;
        read_missing_fields_as_null(&mut tree);
        Ok(Expression { text: text.to_owned(), tree, variables: used })
    }

    /// The names that it uses without binding them, which are known ones.
    fn check_variables(&self, tree: &IdedExpr, variables: &[&str]) -> Result<BTreeSet<String>, CompileError> {
        let scope = self.scope();
        let mut used = BTreeSet::new();
        free_names(tree, &mut Vec::new(), &mut used);
        // The names of types, such as `string`, are identifiers too; a scope without variables resolves only those.
        let is_type = |name: &str| scope.resolve(&IdedExpr { id: 0, expr: Expr::Ident(name.to_owned()) }).is_ok();
        match used.iter().find(|name| !variables.contains(&name.as_str()) && !is_type(name)) {
            None => Ok(used),
            Some(name) => Err(CompileError::UnknownVariable { name: name.clone(), known: quoted(variables) }),
        }
    }

    fn check_functions(&self, tree: &IdedExpr) -> Result<(), CompileError> {
        let scope = self.scope();
        let mut unknown = None;
        walk(tree, &mut |node| {
            if let Expr::Call(call) = &node.expr
                && call.func_name.starts_with(|c: char| c.is_ascii_alphabetic())
                && !functions::is_declared(&scope, call)
            {
                unknown.get_or_insert_with(|| call.func_name.clone());
            }
        });
        unknown.map_or(Ok(()), |name| Err(CompileError::UnknownFunction(name)))
    }
}

impl Expression {
    /// As it was written.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The attributes of these variables that it reads.
    pub(crate) fn reads(&self, variables: &[&str]) -> BTreeSet<String> {
        reads::paths(&self.tree, variables)
    }

    /// Whether it uses a variable.
    pub(crate) fn uses(&self, variable: &str) -> bool {
        self.variables.contains(variable)
    }

    /// Whether it is a list or an object as it is written, whatever the variables are.
    pub(crate) fn is_composed(&self) -> bool {
        matches!(self.tree.expr, Expr::List(_) | Expr::Map(_) | Expr::Struct(_))
    }

    /// The value, without null, empty texts, empty lists and empty objects; none where nothing is left.
    pub(crate) fn evaluate(&self, scope: &Context<'_, '_>) -> Result<Option<Value>, EvaluationError> {
        let value = cel::Value::resolve_val(&self.tree, scope).map_err(failed)?;
        values::to_json(value.as_ref())
    }

    /// Whether a rule holds. Null counts as false, so that a missing flag is no fault.
    pub(crate) fn holds(&self, scope: &Context<'_, '_>) -> Result<bool, EvaluationError> {
        let value = cel::Value::resolve_val(&self.tree, scope).map_err(failed)?;
        if let Some(holds) = value.downcast_ref::<CelBool>() {
            return Ok(*holds.inner());
        }
        if value.downcast_ref::<CelNull>().is_some() {
            return Ok(false);
        }
        Err(EvaluationError::NotBoolean(values::kind_name(value.as_ref())))
    }
}

/// A function that fits no argument because one is null is the most frequent fault, and the error alone does not say so.
fn failed(error: ExecutionError) -> EvaluationError {
    match &error {
        ExecutionError::NoSuchOverload(call) if call.argument_types().iter().any(|kind| kind == "null_type") => {
            EvaluationError::MissingValue(error)
        }
        _ => EvaluationError::Failed(error),
    }
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The parser's first complaint, with the column: one mistake often makes several.
fn syntax_message(errors: &ParseErrors) -> String {
    match errors.errors.first() {
        None => "no CEL expression".to_owned(),
        Some(first) => {
            format!("no CEL expression: {} at line {}, column {} of it", first.msg, first.pos.0, first.pos.1)
        }
    }
}

/// Calls `visit` for a node and everything below it.
fn walk(node: &IdedExpr, visit: &mut dyn FnMut(&IdedExpr)) {
    visit(node);
    for child in children(node) {
        walk(child, visit);
    }
}

fn children(node: &IdedExpr) -> Vec<&IdedExpr> {
    match &node.expr {
        Expr::Call(call) => call.target.iter().map(|target| &**target).chain(&call.args).collect(),
        Expr::Comprehension(inner) => {
            vec![&inner.iter_range, &inner.accu_init, &inner.loop_cond, &inner.loop_step, &inner.result]
        }
        Expr::List(list) => list.elements.iter().collect(),
        Expr::Map(map) => map.entries.iter().flat_map(|entry| entry_parts(&entry.expr)).collect(),
        Expr::Struct(object) => object.entries.iter().flat_map(|entry| entry_parts(&entry.expr)).collect(),
        Expr::Select(select) => vec![&select.operand],
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => Vec::new(),
    }
}

fn entry_parts(entry: &EntryExpr) -> Vec<&IdedExpr> {
    match entry {
        EntryExpr::StructField(field) => vec![&field.value],
        EntryExpr::MapEntry(entry) => vec![&entry.key, &entry.value],
    }
}

fn children_mut(node: &mut IdedExpr) -> Vec<&mut IdedExpr> {
    match &mut node.expr {
        Expr::Call(call) => call.target.iter_mut().map(|target| &mut **target).chain(&mut call.args).collect(),
        Expr::Comprehension(inner) => {
            let inner = &mut **inner;
            vec![
                &mut inner.iter_range,
                &mut inner.accu_init,
                &mut inner.loop_cond,
                &mut inner.loop_step,
                &mut inner.result,
            ]
        }
        Expr::List(list) => list.elements.iter_mut().collect(),
        Expr::Map(map) => map.entries.iter_mut().flat_map(|entry| entry_parts_mut(&mut entry.expr)).collect(),
        Expr::Struct(object) => object.entries.iter_mut().flat_map(|entry| entry_parts_mut(&mut entry.expr)).collect(),
        Expr::Select(select) => vec![&mut select.operand],
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => Vec::new(),
    }
}

fn entry_parts_mut(entry: &mut EntryExpr) -> Vec<&mut IdedExpr> {
    match entry {
        EntryExpr::StructField(field) => vec![&mut field.value],
        EntryExpr::MapEntry(entry) => vec![&mut entry.key, &mut entry.value],
    }
}

/// Collects the identifiers that no comprehension binds.
fn free_names(node: &IdedExpr, bound: &mut Vec<String>, free: &mut BTreeSet<String>) {
    match &node.expr {
        Expr::Ident(name) if !bound.contains(name) => {
            free.insert(name.clone());
        }
        // `optional.of(x)`: the target of a function with a namespace is no variable; `is_declared` looks at it.
        Expr::Call(call) if functions::namespace(call).is_some() => {
            call.args.iter().for_each(|argument| free_names(argument, bound, free));
        }
        Expr::Comprehension(inner) => {
            free_names(&inner.iter_range, bound, free);
            free_names(&inner.accu_init, bound, free);
            let outer = bound.len();
            bound.extend([inner.iter_var.clone(), inner.accu_var.clone()].into_iter().chain(inner.iter_var2.clone()));
            for part in [&inner.loop_cond, &inner.loop_step, &inner.result] {
                free_names(part, bound, free);
            }
            bound.truncate(outer);
        }
        _ => children(node).into_iter().for_each(|child| free_names(child, bound, free)),
    }
}

/// Turns `x.y` into a call that gives null where `y` is not there, and `has(x.y)` into a comparison of it with null.
fn read_missing_fields_as_null(node: &mut IdedExpr) {
    children_mut(node).into_iter().for_each(read_missing_fields_as_null);
    let Expr::Select(select) = &mut node.expr else { return };
    let operand = std::mem::take(&mut *select.operand);
    let name = literal(LiteralValue::String(CelString::from(std::mem::take(&mut select.field))));
    let tested = select.test;
    let field = call(functions::FIELD, vec![operand, name]);
    node.expr = if tested {
        call(operators::NOT_EQUALS, vec![IdedExpr { id: node.id, expr: field }, literal(LiteralValue::Null)])
    } else {
        field
    };
}

fn literal(value: LiteralValue) -> IdedExpr {
    IdedExpr { id: 0, expr: Expr::Literal(value) }
}

fn call(function: &str, args: Vec<IdedExpr>) -> Expr {
    Expr::Call(CallExpr { func_name: function.to_owned(), target: None, args })
}

#[cfg(test)]
mod tests;
