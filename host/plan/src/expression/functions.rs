//! The functions that expressions can call beyond CEL's standard library.

use super::{dates, names};
use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue};
use cel::common::functions::Function;
use cel::common::types::{CelInt, CelNull, CelString, DYN_TYPE, INT_TYPE, STRING_TYPE};
use cel::common::value::CowVal;
use cel::{Context, DeclarationError, Env, ExecutionError, extensions};

/// Selects a field and gives null where there is none. The name cannot be written in CEL.
pub(super) const FIELD: &str = "@field";

/// Functions whose result can be longer than what they are given.
pub(super) const TEXT_BUILDERS: &[&str] = &["replace", "join", "format", "transliterate", "slug", "formatDate"];

/// The standard library, the strings extension (`lowerAscii`, `replace`, `split`, `join`, `trim`, `substring`, ...), and
/// our own: `lower` and `upper`, which know every letter of Unicode, and those of [`names`] and [`dates`]. Functions of one
/// text can be called as `text.slug()` and as `slug(text)`.
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
    env.add_member_overload("upper", "string.upper()", STRING_TYPE, vec![], upper)?;
    add_names(env)?;
    add_dates(env)
}

fn add_names(env: &mut Env) -> Result<(), DeclarationError> {
    let of_one_text: [(&str, Function); 4] =
        [("transliterate", transliterate), ("slug", slug), ("title", title), ("initials", initials)];
    for (name, function) in of_one_text {
        env.add_member_overload(name, &format!("string.{name}()"), STRING_TYPE, vec![], function)?;
        env.add_overload(name, &format!("{name}(string)"), vec![STRING_TYPE], function)?;
    }
    env.add_member_overload("left", "string.left(int)", STRING_TYPE, vec![INT_TYPE], left)
}

fn add_dates(env: &mut Env) -> Result<(), DeclarationError> {
    env.add_overload("addDays", "addDays(string, int)", vec![STRING_TYPE, INT_TYPE], add_days)?;
    env.add_overload("addMonths", "addMonths(string, int)", vec![STRING_TYPE, INT_TYPE], add_months)?;
    env.add_overload("daysBetween", "daysBetween(string, string)", vec![STRING_TYPE, STRING_TYPE], days_between)?;
    env.add_overload("dateOf", "dateOf(string, string)", vec![STRING_TYPE, STRING_TYPE], date_of)?;
    env.add_overload("formatDate", "formatDate(string, string)", vec![STRING_TYPE, STRING_TYPE], format_date)
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

type Args<'b, 'v> = Vec<CowVal<'b, 'v>>;
type Answer<'b, 'v> = Result<CowVal<'b, 'v>, ExecutionError>;

/// Functions in the signature of CEL that give a text for a text.
macro_rules! of_one_text {
    ($($name:ident => $function:expr),+ $(,)?) => {
        $(fn $name<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
            Ok(text_value($function(text(&args, 0)?)))
        })+
    };
}
of_one_text!(
    lower => str::to_lowercase,
    upper => str::to_uppercase,
    transliterate => names::transliterate,
    slug => names::slug,
    title => names::title,
    initials => names::initials,
);

#[expect(clippy::needless_pass_by_value, reason = "the signature of CEL functions")]
fn left<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    let count = usize::try_from(integer(&args, 1)?)
        .map_err(|_| ExecutionError::function_error("left", "the count is negative: give 0 or more"))?;
    Ok(text_value(names::left(text(&args, 0)?, count)))
}

#[expect(clippy::needless_pass_by_value, reason = "the signature of CEL functions")]
fn add_days<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    dated("addDays", dates::add_days(text(&args, 0)?, integer(&args, 1)?)).map(text_value)
}

#[expect(clippy::needless_pass_by_value, reason = "the signature of CEL functions")]
fn add_months<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    dated("addMonths", dates::add_months(text(&args, 0)?, integer(&args, 1)?)).map(text_value)
}

#[expect(clippy::needless_pass_by_value, reason = "the signature of CEL functions")]
fn days_between<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    let days = dated("daysBetween", dates::days_between(text(&args, 0)?, text(&args, 1)?))?;
    Ok(CowVal::owned(CelInt::from(days)))
}

#[expect(clippy::needless_pass_by_value, reason = "the signature of CEL functions")]
fn date_of<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    dated("dateOf", dates::date_of(text(&args, 0)?, text(&args, 1)?)).map(text_value)
}

#[expect(clippy::needless_pass_by_value, reason = "the signature of CEL functions")]
fn format_date<'b, 'v>(args: Args<'b, 'v>) -> Answer<'b, 'v> {
    dated("formatDate", dates::format_date(text(&args, 0)?, text(&args, 1)?)).map(text_value)
}

fn dated<T>(function: &str, given: Result<T, dates::DateFault>) -> Result<T, ExecutionError> {
    given.map_err(|fault| ExecutionError::function_error(function, fault))
}

fn text<'a>(args: &'a [CowVal<'_, '_>], index: usize) -> Result<&'a str, ExecutionError> {
    let text = args.get(index).and_then(|text| text.downcast_ref::<CelString<'_>>());
    text.map(CelString::inner).ok_or_else(ExecutionError::missing_argument_or_target)
}

fn integer(args: &[CowVal<'_, '_>], index: usize) -> Result<i64, ExecutionError> {
    let integer = args.get(index).and_then(|integer| integer.downcast_ref::<CelInt>());
    integer.map(|integer| *integer.inner()).ok_or_else(ExecutionError::missing_argument_or_target)
}

fn text_value<'b, 'v>(text: String) -> CowVal<'b, 'v> {
    CowVal::owned(CelString::from(text))
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
