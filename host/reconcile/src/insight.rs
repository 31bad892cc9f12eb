//! Reports that need the declarations beside the store: dormant accounts, and entitlements that nobody grants.

use crate::engine::{Engine, EngineError};
use crate::observe::values_at;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use purser_model::Attributes;
use purser_model::id::{AccountId, TargetName};
use purser_store::{EntitlementHolders, PageRequest, ReportedAccount};
use serde::Serialize;
use std::collections::BTreeSet;

const PAGE: u32 = 500;

/// Why an account counts as dormant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dormancy {
    /// The target shows no sign-in.
    NeverUsed,
    /// The last sign-in is too long ago.
    NotUsedLately,
    /// What the target shows is no time.
    Unreadable,
}

impl Dormancy {
    /// The name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NeverUsed => "never-used",
            Self::NotUsedLately => "not-used-lately",
            Self::Unreadable => "unreadable",
        }
    }
}

/// An account that can be used and is not.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DormantAccount {
    /// The account.
    #[serde(flatten)]
    pub account: ReportedAccount,
    /// Why.
    pub why: Dormancy,
    /// The last sign-in.
    pub last_sign_in: Option<Timestamp>,
}

/// An entitlement with how many hold it and who grants it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EntitlementUse {
    /// The target.
    pub target: TargetName,
    /// Its class there.
    pub class: String,
    /// The target's primary id; none where it is declared and not there.
    pub remote_id: Option<String>,
    /// Its name in the declarations.
    pub name: Option<String>,
    /// How many accounts hold it.
    pub holders: u64,
    /// The only holder, by its primary id.
    pub only_holder: Option<String>,
    /// For a declared one: whether a role grants it or something that needs it.
    pub granted: Option<bool>,
}

impl Engine {
    /// Accounts of the targets that declare how a sign-in shows, and that were not used for the declared time or ever.
    ///
    /// # Errors
    /// The target is not declared, or the store fails.
    pub async fn dormant(&self, target: Option<&TargetName>) -> Result<Vec<DormantAccount>, EngineError> {
        let now = self.clock.now();
        let mut dormant = Vec::new();
        for name in self.reported_targets(target)? {
            let Some(insight) = &self.target(&name)?.insight else { continue };
            let long_ago = now.checked_sub(insight.dormant_after).unwrap_or(Timestamp::MIN);
            let mut page: PageRequest<AccountId> = PageRequest::first(PAGE);
            loop {
                let accounts = self.store.usable_accounts(&name, page).await?;
                let Some(last) = accounts.last() else { break };
                page.after = Some(last.account.account);
                dormant.extend(accounts.into_iter().filter_map(|account| {
                    let (why, last_sign_in) = dormancy(&account.attributes, &insight.last_sign_in, long_ago)?;
                    Some(DormantAccount { account: account.account, why, last_sign_in })
                }));
            }
        }
        Ok(dormant)
    }

    /// Every entitlement with how many hold it, those that are declared and not there included.
    ///
    /// # Errors
    /// The target is not declared, or the store fails.
    pub async fn entitlement_use(&self, target: Option<&TargetName>) -> Result<Vec<EntitlementUse>, EngineError> {
        let names = self.reported_targets(target)?;
        let mut rows = Vec::new();
        let mut page = PageRequest::first(PAGE);
        loop {
            let found = self.store.entitlement_holders(target, page).await?;
            let Some(last) = found.last() else { break };
            page.after = Some(last.entitlement);
            rows.extend(found.into_iter().map(|holders| self.with_grants(holders)));
        }
        for name in &names {
            let there: BTreeSet<String> =
                rows.iter().filter(|row| row.target == *name).filter_map(|row| row.name.clone()).collect();
            let missing = self.target(name)?.entitlements.iter().filter(|(declared, _)| !there.contains(*declared));
            rows.extend(missing.map(|(declared, entitlement)| EntitlementUse {
                target: name.clone(),
                class: entitlement.class.clone(),
                remote_id: None,
                name: Some(declared.clone()),
                holders: 0,
                only_holder: None,
                granted: Some(self.granted_names(name).contains(declared)),
            }));
        }
        rows.sort_by(|left, right| {
            (&left.target, left.holders, &left.class, &left.name, &left.remote_id).cmp(&(
                &right.target,
                right.holders,
                &right.class,
                &right.name,
                &right.remote_id,
            ))
        });
        Ok(rows)
    }

    fn with_grants(&self, holders: EntitlementHolders) -> EntitlementUse {
        let granted = holders.name.as_ref().map(|name| self.granted_names(&holders.target).contains(name));
        let EntitlementHolders { target, class, remote_id, name, holders, only_holder, .. } = holders;
        EntitlementUse { target, class, remote_id, name, holders, only_holder, granted }
    }

    /// What roles grant in a target, with what that needs.
    fn granted_names(&self, target: &TargetName) -> BTreeSet<String> {
        let configuration = self.rules.configuration();
        let grants = configuration.roles.values().flat_map(|role| &role.grants).filter(|grant| grant.target == *target);
        let mut open: Vec<&String> = grants.flat_map(|grant| &grant.entitlements).collect();
        let mut granted = BTreeSet::new();
        while let Some(name) = open.pop() {
            if granted.insert(name.clone()) {
                let declared = configuration.targets.get(target).and_then(|target| target.entitlements.get(name));
                open.extend(declared.into_iter().flat_map(|declared| &declared.needs));
            }
        }
        granted
    }

    fn reported_targets(&self, target: Option<&TargetName>) -> Result<Vec<TargetName>, EngineError> {
        match target {
            Some(name) => self.target(name).map(|_| vec![name.clone()]),
            None => Ok(self.target_names()),
        }
    }
}

/// Whether an account is dormant by the time that it shows.
fn dormancy(attributes: &str, path: &str, long_ago: Timestamp) -> Option<(Dormancy, Option<Timestamp>)> {
    let attributes: Attributes = serde_json::from_str(attributes).ok()?;
    let shown: Vec<String> = values_at(&attributes, path).into_iter().filter(|value| !value.is_empty()).collect();
    if shown.is_empty() || shown.iter().all(|value| value == "0") {
        return Some((Dormancy::NeverUsed, None));
    }
    match shown.iter().filter_map(|value| moment(value)).max() {
        None => Some((Dormancy::Unreadable, None)),
        Some(last) => (last < long_ago).then_some((Dormancy::NotUsedLately, Some(last))),
    }
}

/// A time as targets show it: RFC 3339, a date, or seconds or milliseconds since 1970.
fn moment(text: &str) -> Option<Timestamp> {
    /// Seconds beyond this would lie after the year 5000; such numbers are milliseconds.
    const LARGEST_IN_SECONDS: i64 = 100_000_000_000;
    if let Ok(number) = text.parse::<i64>() {
        return match number.abs() < LARGEST_IN_SECONDS {
            true => Timestamp::from_second(number).ok(),
            false => Timestamp::from_millisecond(number).ok(),
        };
    }
    let date = || text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    text.parse().ok().or_else(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_dormant_by_the_time_that_it_shows() {
        let long_ago: Timestamp = "2026-06-01T00:00:00Z".parse().unwrap();
        let why = |attributes: &str| dormancy(attributes, "meta.lastLogin", long_ago).map(|(why, _)| why);
        assert_eq!(why(r#"{"meta": {"lastLogin": "2026-08-01T10:00:00+02:00"}}"#), None);
        assert_eq!(why(r#"{"meta": {"lastLogin": 1786000000}}"#), None, "seconds");
        assert_eq!(why(r#"{"meta": {"lastlogin": 1786000000000}}"#), None, "milliseconds, the name in any case");
        assert_eq!(why(r#"{"meta": {"lastLogin": "2026-05-31"}}"#), Some(Dormancy::NotUsedLately));
        assert_eq!(why(r#"{"meta": {"lastLogin": "yesterday"}}"#), Some(Dormancy::Unreadable));
        for never in [r#"{}"#, r#"{"meta": {"lastLogin": ""}}"#, r#"{"meta": {"lastLogin": 0}}"#] {
            assert_eq!(why(never), Some(Dormancy::NeverUsed), "{never}");
        }
    }
}
