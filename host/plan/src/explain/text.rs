//! An explanation as a text for people: an indented tree.

use super::data::*;
use jiff::Timestamp;
use purser_model::assignment::Imposed;
use purser_model::id::RoleName;
use purser_model::identity::Validity;
use purser_model::operation::Intent;
use serde_json::Value;
use std::fmt::{self, Write};

/// Writes an explanation as an indented tree.
pub(super) fn text(explanation: &Explanation) -> String {
    let mut out = String::new();
    // Writing into a String does not fail.
    let _ = write_all(&mut out, explanation);
    out
}

fn write_all(out: &mut String, explanation: &Explanation) -> fmt::Result {
    write_identity(out, &explanation.identity)?;
    write_memberships(out, "groups", &explanation.groups)?;
    write_memberships(out, "roles", &explanation.roles)?;
    explanation.targets.iter().try_for_each(|target| write_target(out, target))?;
    match explanation.look_again_at {
        Some(at) => writeln!(out, "time alone changes this at {at:.0}"),
        None => Ok(()),
    }
}

fn write_identity(out: &mut String, identity: &ExplainedIdentity) -> fmt::Result {
    writeln!(out, "identity {} ({})", identity.reference, identity.label)?;
    let declared = match identity.declared_state == identity.state {
        true => String::new(),
        false => format!("; the source says {}", identity.declared_state),
    };
    writeln!(out, "  state: {}{declared}{}", identity.state, validity(&identity.validity))?;
    for imposed in &identity.imposed {
        let Imposed { state, validity: when, reason, by, .. } = imposed;
        writeln!(out, "  {state} is imposed by {by}{}: {reason}", validity(when))?;
    }
    writeln!(out, "  version {}, changed at {:.0}", identity.version, identity.changed_at)?;
    identity.attributes.iter().try_for_each(|(name, value)| writeln!(out, "  {name}: {}", shown(Some(value))))
}

fn validity(validity: &Validity) -> String {
    let end = |word: &str, time: Option<Timestamp>| time.map(|time| format!(", valid {word} {time:.0}"));
    [end("from", validity.from), end("until", validity.until)].into_iter().flatten().collect()
}

fn write_memberships(out: &mut String, what: &str, memberships: &[ExplainedMembership]) -> fmt::Result {
    if memberships.is_empty() {
        return Ok(());
    }
    writeln!(out, "{what}")?;
    for one in memberships {
        let (sign, why) = match one.membership {
            Membership::Has => ('+', one.origins.join(", ")),
            Membership::HasNot => ('-', one.because.clone().unwrap_or_default()),
            Membership::Undecided => ('?', one.because.clone().unwrap_or_default()),
        };
        writeln!(out, "  {sign} {}: {why}", one.name)?;
        if let Some(rule) = &one.rule {
            write_expression(out, "      rule", rule)?;
        }
    }
    Ok(())
}

fn write_expression(out: &mut String, what: &str, expression: &ExplainedExpression) -> fmt::Result {
    let result = match &expression.fault {
        Some(fault) => format!("fails: {fault}"),
        None => shown(expression.value.as_ref()),
    };
    writeln!(out, "{what} = \"{}\" -> {result}", expression.expression)
}

fn write_target(out: &mut String, target: &ExplainedTarget) -> fmt::Result {
    writeln!(out, "target {}", target.target)?;
    write_scope(out, target)?;
    for account in &target.accounts {
        writeln!(out, "  account {}", described(account))?;
    }
    if let Some(correlation) = &target.correlation {
        write_correlation(out, correlation)?;
    }
    write_mappings(out, &target.mappings)?;
    write_entitlements(out, &target.entitlements)?;
    if let Some(activation) = &target.activation {
        writeln!(out, "  enabled: {} -> {}: {}", state(activation.active), activation.desired, activation.because)?;
    }
    target.leaving.iter().try_for_each(|leaving| write_leaving(out, leaving))?;
    target.left_alone.iter().try_for_each(|message| writeln!(out, "  ! {message}"))?;
    write_preconditions(out, target)?;
    writeln!(out, "  => {}", target.conclusion)
}

fn write_scope(out: &mut String, target: &ExplainedTarget) -> fmt::Result {
    let names: Vec<&str> = target.granted_by.iter().map(RoleName::as_str).collect();
    match target.scope {
        Scope::Granted => writeln!(out, "  in scope: granted by {}", names.join(", ")),
        Scope::NotGranted => writeln!(out, "  not in scope: {}", target.scope_because.join("; ")),
        Scope::Undecided => writeln!(out, "  cannot be decided: {}", target.scope_because.join("; ")),
        Scope::NotDeclared => writeln!(out, "  not declared any more"),
    }
}

fn described(account: &ExplainedAccount) -> String {
    let id = account.remote_id.as_deref().unwrap_or("(still to be created)");
    let known = if account.known || account.remote_id.is_none() { "" } else { ", not read since it was changed" };
    let owner = if account.belongs_to_another { ", belongs to another identity" } else { "" };
    format!("{id} ({}): {}, enabled: {}{known}{owner}", account.class, account.situation, state(account.active))
}

fn state(active: Option<bool>) -> &'static str {
    match active {
        Some(true) => "true",
        Some(false) => "false",
        None => "unknown",
    }
}

fn write_correlation(out: &mut String, correlation: &ExplainedCorrelation) -> fmt::Result {
    writeln!(out, "  no account is linked; looked for by")?;
    if correlation.questions.is_empty() {
        writeln!(out, "    nothing: no correlation is declared")?;
    }
    for question in &correlation.questions {
        write_expression(out, &format!("    {}", question.attribute), &question.expression)?;
    }
    if correlation.candidates.is_empty() {
        writeln!(out, "    none found")?;
    }
    correlation.candidates.iter().try_for_each(|account| writeln!(out, "    found {}", described(account)))
}

fn write_mappings(out: &mut String, mappings: &[ExplainedMapping]) -> fmt::Result {
    if mappings.is_empty() {
        return Ok(());
    }
    writeln!(out, "  mappings")?;
    for mapping in mappings {
        let ExplainedMapping { attribute, decision, because, .. } = mapping;
        writeln!(out, "    {attribute}: {}: {because}", decision.as_str())?;
        let strength = format!("      {:?}", mapping.strength).to_lowercase();
        write_expression(out, &strength, &mapping.expression)?;
        let (actual, pushed) = (shown(mapping.actual.as_ref()), shown(mapping.pushed.as_ref()));
        if !matches!(decision, MappingDecision::Created | MappingDecision::NotCompared) {
            writeln!(out, "      the account has {actual}; last written {pushed}")?;
        }
    }
    Ok(())
}

fn write_entitlements(out: &mut String, entitlements: &[ExplainedEntitlement]) -> fmt::Result {
    if entitlements.is_empty() {
        return Ok(());
    }
    writeln!(out, "  entitlements")?;
    for one in entitlements {
        writeln!(out, "    {}: {}: {}", one.entitlement, one.decision.as_str(), one.because)?;
    }
    Ok(())
}

fn write_leaving(out: &mut String, leaving: &ExplainedLeaving) -> fmt::Result {
    let since = leaving.since.map_or_else(|| "found just now".to_owned(), |since| format!("since {since:.0}"));
    let action = format!("{:?}", leaving.action).to_lowercase();
    let deleted = match (leaving.deletion_cancelled, leaving.deletes_at) {
        (true, _) => "; a person cancelled its deletion".to_owned(),
        (false, Some(at)) => format!("; deleted at {at:.0}"),
        (false, None) => String::new(),
    };
    writeln!(out, "  leaving ({since}): {action} at {:.0}{deleted}", leaving.acts_at)
}

fn write_preconditions(out: &mut String, target: &ExplainedTarget) -> fmt::Result {
    for item in &target.items {
        let condition = &item.precondition;
        let account = match condition.account_digest {
            Some(_) => ", and the account is as it was seen last".to_owned(),
            None => String::new(),
        };
        writeln!(out, "  holds while: the identity has version {}{account}", condition.identity_version)?;
        for operation in &item.operations {
            let about = match &operation.intent {
                Intent::Grant { entitlement } | Intent::Revoke { entitlement } => format!(" {entitlement}"),
                _ => String::new(),
            };
            writeln!(out, "    {}{about}  # {}", operation.intent.name(), operation.reason)?;
        }
    }
    Ok(())
}

fn shown(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "(none)".to_owned(),
        Some(value) => value.to_string(),
    }
}
