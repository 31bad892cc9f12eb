//! Which attributes an expression reads.

use super::{children, functions};
use cel::common::ast::{Expr, IdedExpr, LiteralValue, operators};
use std::collections::BTreeSet;

/// The paths that a compiled expression reads, such as `identity.name.familyName`; the variable alone where it is used as a
/// whole. What a comprehension reads from the elements of a list is not told apart from the list.
pub(super) fn paths(tree: &IdedExpr, variables: &[&str]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect(tree, variables, &mut found);
    found
}

fn collect(node: &IdedExpr, variables: &[&str], found: &mut BTreeSet<String>) {
    match path(node, variables) {
        Some(path) => {
            found.insert(path);
        }
        None => children(node).into_iter().for_each(|child| collect(child, variables, found)),
    }
}

fn path(node: &IdedExpr, variables: &[&str]) -> Option<String> {
    match &node.expr {
        Expr::Ident(name) => variables.contains(&name.as_str()).then(|| name.clone()),
        Expr::Call(call) if call.func_name == functions::FIELD || call.func_name == operators::INDEX => {
            let (operand, name) = (call.args.first()?, call.args.get(1)?);
            let Expr::Literal(LiteralValue::String(name)) = &name.expr else { return None };
            Some(format!("{}.{}", path(operand, variables)?, name.inner()))
        }
        _ => None,
    }
}
