//! A plan as one page: nothing in it is executed or loaded from elsewhere, and it is written piece by piece.

use super::{EntitlementNames, Row, called, ordered, ordered_notices, shown, shown_all, state_of, summary_of};
use purser_model::Attributes;
use purser_model::edit::{AttributeAction, AttributeChange};
use purser_model::operation::Intent;
use purser_model::plan::{Link, Notice, PlanSummary, PlannedOperation};
use serde_json::Value;
use std::fmt::{self, Display, Write};

/// What stands on the page.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// The stored plan, where it is one.
    pub plan: Option<&'a PlanSummary>,
    /// The items.
    pub rows: &'a [Row<'a>],
    /// What was found and is left alone.
    pub notices: &'a [Notice],
    /// What else is to be said, a line each.
    pub remarks: &'a [String],
}

/// Colours for light and dark screens; on paper the signs before each line say the same.
const STYLE: &str = "\
:root{color-scheme:light dark;font:15px/1.45 system-ui,sans-serif}\
body{max-width:62rem;margin:2rem auto;padding:0 1rem}\
h2{border-bottom:1px solid #8888;margin-top:2rem}\
section{margin:.8rem 0 1.2rem}\
h3{font-size:1rem;margin:.6rem 0 .2rem}\
pre{margin:0;white-space:pre-wrap;overflow-wrap:anywhere;font:13px/1.45 ui-monospace,monospace}\
dt{float:left;clear:left;width:9rem;color:#888}\
dd{margin-left:9rem;overflow-wrap:anywhere}\
i{color:#888}\
.give{color:#1a7f37}.take{color:#cf222e}.change{color:#9a6700}.state{color:#888;font-weight:normal}\
@media(prefers-color-scheme:dark){.give{color:#3fb950}.take{color:#ff7b72}.change{color:#d29922}}";

/// Writes the page. Whatever comes from people or targets is escaped.
///
/// # Errors
/// Only those of `out`.
pub fn html(out: &mut dyn Write, page: &Page<'_>, names: &EntitlementNames<'_>) -> fmt::Result {
    let title = page.plan.map_or_else(|| "Plan".to_owned(), |plan| format!("Plan {}", plan.id));
    write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n",
        title = Escaped(&title)
    )?;
    write_head(out, page)?;
    for of_target in ordered(page.rows).chunk_by(|left, right| left.item.target == right.item.target) {
        writeln!(out, "<h2>{}</h2>", Escaped(of_target[0].item.target.as_str()))?;
        of_target.iter().try_for_each(|row| write_row(out, row, names))?;
    }
    write_notices(out, page.notices)?;
    out.write_str("</body>\n</html>\n")
}

fn write_head(out: &mut dyn Write, page: &Page<'_>) -> fmt::Result {
    writeln!(out, "<p><strong>{}</strong></p>", Escaped(&summary_of(page.rows, page.notices)))?;
    for remark in page.remarks {
        writeln!(out, "<p>{}</p>", Escaped(remark))?;
    }
    let Some(plan) = page.plan else { return Ok(()) };
    out.write_str("<dl>\n")?;
    let mut fact =
        |name: &str, value: &dyn Display| writeln!(out, "<dt>{name}</dt><dd>{}</dd>", Escaped(&value.to_string()));
    fact("made", &format!("{:.0}", plan.created_at))?;
    if let Some(applied_at) = plan.applied_at {
        fact("applied", &format!("{applied_at:.0}"))?;
    }
    if let Some(seal) = &plan.seal {
        fact("expires", &format!("{:.0}", seal.terms.expires_at))?;
        fact("digest", &seal.digest)?;
        fact("declarations", &seal.terms.configuration)?;
        if seal.terms.what_if {
            fact("kind", &"what if: the declarations were only tried")?;
        }
    }
    out.write_str("</dl>\n")
}

fn write_row(out: &mut dyn Write, row: &Row<'_>, names: &EntitlementNames<'_>) -> fmt::Result {
    let number = row.position.map(|position| format!("{position}. ")).unwrap_or_default();
    let (label, state) = (Escaped(&row.item.label), state_of(row));
    write!(out, "<section><h3>{number}{label}<span class=\"state\">{}</span></h3>\n<pre>", Escaped(&state))?;
    if row.item.link == Link::Adopt {
        let what = format!("= adopt {}", row.item.class);
        write_line(out, "change", &what, "it matches, and nobody has linked it")?;
    }
    row.item.operations.iter().try_for_each(|operation| write_operation(out, row, operation, names))?;
    out.write_str("</pre></section>\n")
}

fn write_operation(
    out: &mut dyn Write,
    row: &Row<'_>,
    operation: &PlannedOperation,
    names: &EntitlementNames<'_>,
) -> fmt::Result {
    let (name, why) = (operation.intent.name(), operation.reason.as_str());
    match &operation.intent {
        Intent::Create { attributes, active } => {
            write_line(out, "give", &format!("+ {name} {}", row.item.class), why)?;
            write_attributes(out, attributes)?;
            let word = |active: bool| if active { "enabled" } else { "disabled" };
            active.map_or(Ok(()), |active| write_value(out, "give", word(active)))
        }
        Intent::CreateEntitlement { name: declared, attributes } => {
            write_line(out, "give", &format!("+ {name} {declared}"), why)?;
            write_attributes(out, attributes)
        }
        Intent::Update { changes } => {
            write_line(out, "change", &format!("~ {name}"), why)?;
            changes.iter().try_for_each(|change| write_change(out, change, &operation.before))
        }
        Intent::Enable => write_line(out, "give", &format!("+ {name}"), why),
        Intent::Disable | Intent::Delete => write_line(out, "take", &format!("- {name}"), why),
        Intent::Grant { entitlement } => {
            write_line(out, "give", &format!("+ {name} {}", called(row.item, entitlement, names)), why)
        }
        Intent::Revoke { entitlement } => {
            write_line(out, "take", &format!("- {name} {}", called(row.item, entitlement, names)), why)
        }
    }
}

fn write_line(out: &mut dyn Write, class: &str, what: &str, why: &str) -> fmt::Result {
    writeln!(out, "<span class=\"{class}\">{}</span>  <i>{}</i>", Escaped(what), Escaped(why))
}

fn write_value(out: &mut dyn Write, class: &str, text: &str) -> fmt::Result {
    writeln!(out, "    <span class=\"{class}\">{}</span>", Escaped(text))
}

fn write_attributes(out: &mut dyn Write, attributes: &Attributes) -> fmt::Result {
    attributes.iter().try_for_each(|(name, value)| write_value(out, "give", &format!("+ {name}: {}", shown(value))))
}

fn write_change(out: &mut dyn Write, change: &AttributeChange, before: &Attributes) -> fmt::Result {
    let name = &change.attribute;
    match &change.action {
        AttributeAction::Add(values) => write_value(out, "give", &format!("+ {name}: {}", shown_all(values))),
        AttributeAction::Remove(values) => write_value(out, "take", &format!("- {name}: {}", shown_all(values))),
        AttributeAction::Replace(value) => {
            write_former(out, name, before)?;
            write_value(out, "give", &format!("+ {name}: {}", shown(value)))
        }
        AttributeAction::Clear => write_former(out, name, before),
    }
}

fn write_former(out: &mut dyn Write, name: &str, before: &Attributes) -> fmt::Result {
    let former = before.get(name).unwrap_or(&Value::Null);
    write_value(out, "take", &format!("- {name}: {}", shown(former)))
}

fn write_notices(out: &mut dyn Write, notices: &[Notice]) -> fmt::Result {
    if notices.is_empty() {
        return Ok(());
    }
    out.write_str("<h2>Notices</h2>\n<ul>\n")?;
    for notice in ordered_notices(notices) {
        let target = notice.target.as_ref().map(|target| format!("{target}, ")).unwrap_or_default();
        writeln!(out, "<li>{}</li>", Escaped(&format!("{target}{}: {}", notice.label, notice.message)))?;
    }
    out.write_str("</ul>\n")
}

/// A text that means nothing to a browser, inside elements and inside attributes.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}
