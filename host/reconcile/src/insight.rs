//! Reports that need the declarations beside the store: dormant accounts, and entitlements that nobody grants.

use crate::engine::{Engine, EngineError};
use crate::holders::PageOf;
use crate::observe::values_at;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use purser_model::Attributes;
use purser_model::access::Reach;
use purser_model::configuration::TargetInsight;
use purser_model::id::{AccountId, TargetName};
use purser_store::{EntitlementHolders, PageRequest, ReportedAccount, UsableAccount};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// How many accounts a page looks at before it ends although it is not full.
const LOOKED_AT: usize = 2_000;
/// And how many it reads at once.
const AT_ONCE: u32 = 200;

/// Why an account counts as dormant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
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

/// Where a list of entitlements goes on: first come those that are declared and not there, by name, then those that are there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntitlementPlace {
    /// After this one, which is declared and not there.
    Declared(TargetName, String),
    /// After this one, which is there.
    There(AccountId),
}

impl fmt::Display for EntitlementPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Declared(target, name) => write!(f, "{target}/{name}"),
            Self::There(id) => id.fmt(f),
        }
    }
}

/// A text is no place in a list of entitlements.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no place in this list")]
pub struct NoSuchPlace(String);

impl FromStr for EntitlementPlace {
    type Err = NoSuchPlace;

    fn from_str(text: &str) -> Result<Self, NoSuchPlace> {
        let refused = || NoSuchPlace(text.to_owned());
        match text.split_once('/') {
            Some((target, name)) => Ok(Self::Declared(target.parse().map_err(|_| refused())?, name.to_owned())),
            None => text.parse().map(Self::There).map_err(|_| refused()),
        }
    }
}

impl Engine {
    /// Accounts of the targets that declare how a sign-in shows, and that were not used for the declared time or ever, in order of
    /// id. A page that looked at many accounts ends although it is not full.
    ///
    /// # Errors
    /// The store fails.
    pub async fn dormant(
        &self,
        reach: &Reach,
        page: PageRequest<AccountId>,
    ) -> Result<PageOf<DormantAccount, AccountId>, EngineError> {
        let now = self.clock.now();
        let signs = &self.rules.configuration().targets;
        let shown = signs.iter().filter(|(name, target)| reach.covers(name) && target.insight.is_some());
        let showing = Reach::Targets(shown.map(|(name, _)| name.clone()).collect());
        let (mut items, mut after, mut looked_at) = (Vec::new(), page.after, 0);
        while looked_at < LOOKED_AT {
            let accounts =
                self.store.usable_accounts(&showing, PageRequest { after, ..PageRequest::first(AT_ONCE) }).await?;
            if accounts.is_empty() {
                return Ok(PageOf { items, next: None });
            }
            looked_at += accounts.len();
            for account in accounts {
                after = Some(account.account.account);
                let insight = signs.get(&account.account.target).and_then(|target| target.insight.as_ref());
                items.extend(insight.and_then(|insight| dormant(account, insight, now)));
                if items.len() >= page.limit as usize {
                    return Ok(PageOf { items, next: after });
                }
            }
        }
        Ok(PageOf { items, next: after })
    }

    /// Entitlements with how many hold each, from a place on; first those that are declared and not there.
    ///
    /// # Errors
    /// The store fails.
    pub async fn entitlement_use(
        &self,
        reach: &Reach,
        page: PageRequest<EntitlementPlace>,
    ) -> Result<PageOf<EntitlementUse, EntitlementPlace>, EngineError> {
        let limit = page.limit as usize;
        let (mut items, after) = match page.after {
            Some(EntitlementPlace::There(id)) => (Vec::new(), Some(id)),
            Some(EntitlementPlace::Declared(target, name)) => {
                (self.declared_only(reach, Some((target, name))).await?, None)
            }
            None => (self.declared_only(reach, None).await?, None),
        };
        items.truncate(limit);
        if let Some(last) = items.get(limit - 1) {
            let name = last.name.clone().unwrap_or_default();
            let next = Some(EntitlementPlace::Declared(last.target.clone(), name));
            return Ok(PageOf { items, next });
        }
        let left = page.limit - u32::try_from(items.len()).unwrap_or(page.limit);
        let found = self.store.entitlement_holders(reach, PageRequest { after, ..PageRequest::first(left) }).await?;
        let next =
            found.last().filter(|_| found.len() == left as usize).map(|last| EntitlementPlace::There(last.entitlement));
        items.extend(found.into_iter().map(|holders| self.with_grants(holders)));
        Ok(PageOf { items, next })
    }

    /// What is declared and is not known in its target, by target and name.
    async fn declared_only(
        &self,
        reach: &Reach,
        after: Option<(TargetName, String)>,
    ) -> Result<Vec<EntitlementUse>, EngineError> {
        let there = self.store.named_entitlements(reach).await?;
        let mut missing = Vec::new();
        for (target, declared) in self.rules.configuration().targets.iter().filter(|(name, _)| reach.covers(name)) {
            let granted = self.granted_names(target);
            for (name, entitlement) in &declared.entitlements {
                let place = (target.clone(), name.clone());
                if !there.contains(&place) && after.as_ref().is_none_or(|after| *after < place) {
                    missing.push(EntitlementUse {
                        target: place.0,
                        class: entitlement.class.clone(),
                        remote_id: None,
                        name: Some(place.1),
                        holders: 0,
                        only_holder: None,
                        granted: Some(granted.contains(name)),
                    });
                }
            }
        }
        missing.sort_by(|left, right| (&left.target, &left.name).cmp(&(&right.target, &right.name)));
        Ok(missing)
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
}

fn dormant(account: UsableAccount, insight: &TargetInsight, now: Timestamp) -> Option<DormantAccount> {
    let long_ago = now.checked_sub(insight.dormant_after).unwrap_or(Timestamp::MIN);
    let (why, last_sign_in) = dormancy(&account.attributes, &insight.last_sign_in, long_ago)?;
    Some(DormantAccount { account: account.account, why, last_sign_in })
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
    fn a_place_in_a_list_of_entitlements_is_read_as_it_is_written() {
        let there: EntitlementPlace = "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap();
        assert!(matches!(there, EntitlementPlace::There(_)), "{there}");
        let declared: EntitlementPlace = "crm/a/b".parse().unwrap();
        assert_eq!(declared, EntitlementPlace::Declared("crm".parse().unwrap(), "a/b".to_owned()));
        for place in [there, declared] {
            assert_eq!(place.to_string().parse::<EntitlementPlace>().unwrap(), place);
        }
        for no_place in ["", "crm", "/x", "A B/x"] {
            assert!(no_place.parse::<EntitlementPlace>().is_err(), "{no_place}");
        }
    }

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
