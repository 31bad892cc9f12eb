//! The functions that expressions can call beyond CEL's standard library.

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue};
use cel::common::types::{CelNull, CelString, DYN_TYPE, STRING_TYPE};
use cel::common::value::CowVal;
use cel::{Context, DeclarationError, Env, ExecutionError, extensions};

/// Selects a field and gives null where there is none. The name cannot be written in CEL.
pub(super) const FIELD: &str = "@field";

/// The standard library, the strings extension (`lowerAscii`, `replace`, `split`, `join`, `trim`, `substring`, ...), and
/// `lower` and `upper`, which know every letter of Unicode.
pub(super) fn environment() -> Env {
    let mut env = Env::stdlib();
    extensions::strings(&mut env)
        .and_then(|()| add_ours(&mut env))
        .expect("no name is declared twice: the environment is fresh and the libraries share none");
    env
}

fn add_ours(env: &mut Env) -> Result<(), DeclarationError> {
    env.add_overload(FIELD, "@field(dyn, string)", vec![DYN_TYPE, STRING_TYPE], field)?;
    env.add_member_overload("lower", "string.lower()", STRING_TYPE, vec![], lower)?;
    env.add_member_overload("upper", "string.upper()", STRING_TYPE, vec![], upper)
}

fn field<'b, 'v>(mut args: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let (Some(name), Some(operand)) = (args.pop(), args.pop()) else {
        return Err(ExecutionError::invalid_argument_count(2, args.len()));
    };
    let found = match operand {
        CowVal::Borrowed(value) => value.as_indexer().and_then(|indexer| indexer.get(name.as_ref()).ok()),
        CowVal::Owned(value) => value
            .as_indexer()
            .and_then(|indexer| indexer.get(name.as_ref()).ok())
            .map(|found| CowVal::Owned(found.into_owned())),
    };
    Ok(found.unwrap_or_else(|| CowVal::owned(CelNull)))
}

#[expect(clippy::needless_pass_by_value, reason = "the signature of CEL functions")]
fn lower<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    change_case(&args, str::to_lowercase)
}

#[expect(clippy::needless_pass_by_value, reason = "the signature of CEL functions")]
fn upper<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    change_case(&args, str::to_uppercase)
}

fn change_case<'b, 'v>(args: &[CowVal<'b, 'v>], change: fn(&str) -> String) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let text = args.first().and_then(|text| text.downcast_ref::<CelString<'_>>());
    let text = text.ok_or_else(ExecutionError::missing_argument_or_target)?;
    Ok(CowVal::owned(CelString::from(change(text.inner()))))
}

/// The qualified name of a call such as `strings.quote(x)`, where the target may be a namespace.
pub(super) fn namespace(call: &CallExpr) -> Option<String> {
    match &call.target.as_ref()?.expr {
        Expr::Ident(name) if matches!(name.as_str(), "strings" | "optional") => {
            Some(format!("{name}.{}", call.func_name))
        }
        _ => None,
    }
}

/// Whether a function of this name is declared, called as it is called here.
///
/// The environment tells only by trying: a call without arguments fails one way for an unknown name and another way for
/// arguments that fit none of a known name's signatures.
pub(super) fn is_declared(scope: &Context<'_, '_>, call: &CallExpr) -> bool {
    let null = || Box::new(IdedExpr { id: 0, expr: Expr::Literal(LiteralValue::Null) });
    let (func_name, target) = match namespace(call) {
        Some(qualified) => (qualified, None),
        None => (call.func_name.clone(), call.target.as_ref().map(|_| null())),
    };
    let probe = CallExpr { func_name, target, args: Vec::new() };
    let outcome = scope.resolve(&IdedExpr { id: 0, expr: Expr::Call(probe) });
    !matches!(outcome, Err(ExecutionError::UndeclaredReference(_)))
}
