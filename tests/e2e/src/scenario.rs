//! One company and one story, written once and told with every kind of target: joiners, movers, leavers, re-hires, drift and
//! accounts that were there before. After each chapter the target itself is asked, with its own tools.

mod people;
mod story;

pub use people::{Company, Person};
pub use story::{Sizes, tell};

use crate::home::Home;
use std::collections::{BTreeMap, BTreeSet};

/// What a target shows of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The target's own id, which stays.
    pub id: String,
    /// The name to sign in with.
    pub login: String,
    /// The given name.
    pub given: String,
    /// The family name.
    pub family: String,
    /// The e-mail address.
    pub email: String,
    /// The title; empty where there is none.
    pub title: String,
    /// The department.
    pub department: String,
    /// The employee number of the manager; none where there is none, or where the target has none.
    pub manager: Option<String>,
    /// Whether the account can be used.
    pub active: bool,
    /// Which of the groups `everyone` and `engineers` it is in.
    pub groups: BTreeSet<String>,
}

/// A target of the story, started for it and alone its own.
pub trait Peer {
    /// The connector's name.
    fn connector(&self) -> &'static str;

    /// Writes the secrets of the declaration into the home.
    fn put_secrets(&self, home: &Home);

    /// The declaration of the target `app`: accounts are adopted, leavers disabled, everything is repaired, and the guard
    /// lets everything pass. It maps every attribute of [`Seen`], recognises accounts by the employee number, and has the
    /// entitlements `everyone` and `engineers`, which are made where they are missing.
    fn declaration(&self) -> String;

    /// Whether accounts have a manager.
    fn has_managers(&self) -> bool;

    /// What of an account as it must be this target has.
    fn shown(&self, wanted: Seen) -> Seen {
        wanted
    }

    /// Whether the account of somebody who left is there, disabled; else it is gone, and who comes back gets another.
    fn keeps_leavers(&self) -> bool {
        true
    }

    /// From now on these shares (0.0 to 1.0) of the requests are throttled, and of the answers lost, where that can be done
    /// in front of this target.
    fn disturb(&self, _throttled: f64, _lost: f64) {}

    /// All accounts by employee number, read with the target's own tools.
    fn accounts(&self) -> BTreeMap<String, Seen>;

    /// Makes an account as its own people would, with the employee number and an old family name.
    fn make_by_hand(&self, person: &Person);

    /// Changes the family name of an account as its own people would.
    fn change_family_by_hand(&self, number: &str, family: &str);
}
