//! The story.

use super::{Company, Peer, Person, Seen};
use serde_json::Value;
use std::collections::BTreeMap;

/// The share of requests that are throttled, and of answers that are lost, where that can be done.
const THROTTLED: f64 = 0.1;
const LOST: f64 = 0.02;
/// How often something is tried again that a disturbed target did not let through.
const ATTEMPTS: u32 = 5;

/// How many of each.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    /// Who joins.
    pub joiners: usize,
    /// Whose name, e-mail address, department or manager changes.
    pub movers: usize,
    /// Who leaves.
    pub leavers: usize,
    /// Who of them comes back.
    pub rehires: usize,
    /// Whose account is changed by hand.
    pub drifted: usize,
    /// Whose account was there before.
    pub adopted: usize,
}

impl Sizes {
    /// The usual company.
    pub const USUAL: Self = Self { joiners: 300, movers: 60, leavers: 30, rehires: 10, drifted: 10, adopted: 10 };
}

/// Tells the whole story with a target, which is asked after each chapter.
///
/// # Panics
/// The target is not as it must be.
pub fn tell(peer: &impl Peer, sizes: Sizes) {
    peer.disturb(THROTTLED, LOST);
    let mut telling = Telling { company: found(peer, sizes), peer };
    for person in &telling.company.people[..sizes.adopted] {
        peer.make_by_hand(person);
    }
    let before = peer.accounts();
    telling.joiners();
    let ids = telling.ids();
    for (number, account) in before {
        assert_eq!(ids[&number], account.id, "the account of {number} was there and was taken over");
    }
    telling.movers(sizes.movers);
    telling.leavers(sizes.movers, sizes.leavers);
    telling.rehires(sizes.movers, sizes.rehires);
    telling.drift(sizes.drifted);
    for (number, id) in telling.ids() {
        let place = telling.company.people.iter().position(|person| person.number == number);
        let left = place.is_some_and(|place| (sizes.movers..sizes.movers + sizes.leavers).contains(&place));
        assert!(ids[&number] == id || (left && !peer.keeps_leavers()), "{number} got another account");
    }
    telling.quiet();
}

fn found(peer: &impl Peer, sizes: Sizes) -> Company {
    let company = Company::found(sizes.joiners, peer.connector(), &peer.declaration());
    peer.put_secrets(&company.home);
    company.export();
    company
}

struct Telling<'a, P> {
    company: Company,
    peer: &'a P,
}

impl<P: Peer> Telling<'_, P> {
    fn ids(&self) -> BTreeMap<String, String> {
        self.peer.accounts().into_iter().map(|(number, account)| (number, account.id)).collect()
    }

    /// Imports, applies until nothing is left that waits, and demands that nothing was refused.
    #[track_caller]
    fn provision(&self) {
        self.company.export();
        self.company.home.purser(&["import", "hr"]).done();
        for _ in 0..ATTEMPTS {
            let applied = self.company.home.purser(&["apply", "--patience", "180"]);
            if applied.code == Some(0) {
                assert_eq!(applied.done()["refused"], 0, "{applied:?}");
                return;
            }
            // What a lost answer left in doubt, and was refused for it, is seen by looking at everything.
            self.reconcile();
        }
        self.company.home.purser(&["apply", "--patience", "180"]).done();
    }

    /// Looks at everything in the target. A list that a throttled or lost answer cut short is begun again.
    #[track_caller]
    fn reconcile(&self) -> Value {
        for _ in 0..ATTEMPTS {
            let reconciled = self.company.home.purser(&["reconcile", "app"]);
            if reconciled.code == Some(0) {
                return reconciled.done();
            }
        }
        self.company.home.purser(&["reconcile", "app"]).done()
    }

    /// Holds the target against HR.
    #[track_caller]
    fn assert_mirrored(&self) {
        let found = self.peer.accounts();
        let is_there = |person: &&Person| person.employed || self.peer.keeps_leavers();
        let there: Vec<&Person> = self.company.people.iter().filter(is_there).collect();
        let wanted: Vec<&String> = there.iter().map(|person| &person.number).collect();
        assert_eq!(found.keys().collect::<Vec<_>>(), wanted, "one account for each person");
        for person in there {
            let account: &Seen = &found[&person.number];
            let wanted = self.peer.shown(person.account(&account.id, self.peer.has_managers()));
            if *account != wanted {
                let explained = self.company.home.purser(&["explain", &format!("hr/{}", person.number)]);
                panic!("the account of {} is {account:?}, and not {wanted:?}\n{explained:?}", person.number);
            }
        }
    }

    fn joiners(&self) {
        self.reconcile();
        self.provision();
        self.assert_mirrored();
        self.company.home.assert_in_step();
    }

    fn movers(&mut self, count: usize) {
        for (place, person) in self.company.people.iter_mut().take(count).enumerate() {
            move_one(place, person);
        }
        self.provision();
        self.assert_mirrored();
        self.company.home.assert_in_step();
    }

    fn leavers(&mut self, from: usize, count: usize) {
        self.company.people[from..from + count].iter_mut().for_each(|person| person.employed = false);
        self.provision();
        self.assert_mirrored();
        self.company.home.assert_in_step();
    }

    fn rehires(&mut self, from: usize, count: usize) {
        self.company.people[from..from + count].iter_mut().for_each(|person| person.employed = true);
        self.provision();
        self.assert_mirrored();
    }

    fn drift(&self, count: usize) {
        for person in &self.company.people[..count] {
            self.peer.change_family_by_hand(&person.number, "Changed by hand");
        }
        self.reconcile();
        self.provision();
        self.assert_mirrored();
    }

    fn quiet(&self) {
        self.peer.disturb(0.0, 0.0);
        self.reconcile();
        let report = self.reconcile();
        assert_eq!(report["changed"], 0, "a further look finds nothing new: {report}");
        self.company.home.assert_in_step();
    }
}

fn move_one(place: usize, person: &mut Person) {
    match place % 4 {
        0 => {
            person.family = format!("Wed-{place}");
            person.login = format!("wed{place:04}");
        }
        1 => person.email = format!("new{place:04}@corp.example.test"),
        2 => person.department = if person.department == "Sales" { "Engineering" } else { "Sales" }.to_owned(),
        _ => {
            // Nobody is their own manager: some targets refuse that.
            person.manager = if person.number == "E0020" { "E0019" } else { "E0020" }.to_owned();
            person.title = "Head".to_owned();
        }
    }
}
