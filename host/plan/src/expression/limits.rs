//! What an expression may cost at most.
//!
//! The CEL crate has no limit while it evaluates, so the limit is set on what is accepted: a bounded number of steps, and
//! at most two comprehensions (`all`, `exists`, `map`, `filter` ...) inside one another or one after the other on the
//! same value, so that the work grows at most with the square of the longest list of one identity. `replace`, `join`, `slug`
//! and some more can multiply a text's length; few of them keep an honest mistake cheap. Operators are trusted; this is no
//! defence against one who wants to burn time.

use super::{children, functions};
use cel::common::ast::{Expr, IdedExpr};

/// Longest expression in bytes.
pub(crate) const MAX_LENGTH: usize = 4096;
/// Most nodes of the syntax tree, macros expanded.
pub(crate) const MAX_NODES: usize = 1000;
/// Deepest nesting.
pub(crate) const MAX_DEPTH: usize = 80;
/// Most comprehensions on a path from the root to a leaf.
pub(crate) const MAX_COMPREHENSIONS: usize = 2;
/// Most calls of functions that can multiply a text's length.
pub(crate) const MAX_TEXT_BUILDERS: usize = 12;

/// An expression passes a limit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TooCostly {
    #[error("the expression is {0} bytes long; {MAX_LENGTH} are allowed: let the source prepare the value")]
    Length(usize),
    #[error("the expression has {0} parts; {MAX_NODES} are allowed: let the source prepare the value")]
    Nodes(usize),
    #[error("the expression is nested more than {MAX_DEPTH} deep: let the source prepare the value")]
    Depth,
    #[error(
        "more than {MAX_COMPREHENSIONS} of all, exists, exists_one, map and filter work inside or after one another: simplify it"
    )]
    Comprehensions,
    #[error(
        "the expression calls replace, join, format, transliterate, slug and formatDate {0} times; {MAX_TEXT_BUILDERS} \
         are allowed"
    )]
    TextBuilders(usize),
}

pub(super) fn check_length(text: &str) -> Result<(), TooCostly> {
    if text.len() > MAX_LENGTH { Err(TooCostly::Length(text.len())) } else { Ok(()) }
}

#[derive(Default)]
struct Size {
    nodes: usize,
    text_builders: usize,
}

pub(super) fn check_tree(tree: &IdedExpr) -> Result<(), TooCostly> {
    let mut size = Size::default();
    measure(tree, 1, 0, &mut size)?;
    if size.nodes > MAX_NODES {
        return Err(TooCostly::Nodes(size.nodes));
    }
    if size.text_builders > MAX_TEXT_BUILDERS {
        return Err(TooCostly::TextBuilders(size.text_builders));
    }
    Ok(())
}

fn measure(node: &IdedExpr, depth: usize, comprehensions: usize, size: &mut Size) -> Result<(), TooCostly> {
    size.nodes += 1;
    if depth > MAX_DEPTH {
        return Err(TooCostly::Depth);
    }
    let mut comprehensions = comprehensions;
    match &node.expr {
        Expr::Comprehension(_) => comprehensions += 1,
        Expr::Call(call) if functions::TEXT_BUILDERS.contains(&call.func_name.as_str()) => size.text_builders += 1,
        _ => {}
    }
    if comprehensions > MAX_COMPREHENSIONS {
        return Err(TooCostly::Comprehensions);
    }
    children(node).into_iter().try_for_each(|child| measure(child, depth + 1, comprehensions, size))
}
