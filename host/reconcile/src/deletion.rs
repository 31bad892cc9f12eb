//! When an account that leaves is deleted.

use jiff::Timestamp;
use purser_model::account::Account;
use purser_model::configuration::{Configuration, Deprovisioning};

/// When an account that nobody grants is deleted, as its target declares; none where it is not.
pub fn deletion_of(account: &Account, configuration: &Configuration) -> Option<Timestamp> {
    let policy = &configuration.targets.get(&account.target)?.leaving;
    let wait = match policy.action {
        Deprovisioning::Keep => None,
        Deprovisioning::Disable => policy.delete_after,
        Deprovisioning::Delete => Some(policy.grace),
    }?;
    let since = account.leaving_since.filter(|_| !account.deletion_cancelled)?;
    since.checked_add(wait).ok()
}
