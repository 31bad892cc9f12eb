//! `kill -9` at any moment: nothing is lost, nothing is done twice, and the next start goes on.

use purser_e2e::home::Home;
use purser_e2e::people::{People, Person, Policy, company, edit_directory};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::time::{Duration, Instant};

const PEOPLE: usize = 120;
/// Employee numbers are given out below this; who gets one that was somebody's comes back.
const PLACES: usize = 600;
const KILLS_IN_APPLY: u32 = 50;
const KILLS_ELSEWHERE: u32 = 10;
/// Starts that end before they are killed do not count; with so many of them something else is wrong.
const MOST_STARTS: u32 = 400;

/// Who leaves is deleted, so that what must be there follows from the export alone, whatever was done of it before.
const LEAVERS_ARE_DELETED: Policy = Policy { leaving: "delete", unlinked: "show", strength: "strong" };

/// What happens to the company in a round: some leave, some join or come back, many get another e-mail or department.
fn upheaval(people: &mut People, random: &mut StdRng) {
    for _ in 0..3 {
        let leaving = people.at(random.random_range(0..people.0.len())).number.clone();
        people.0.remove(&leaving);
    }
    for _ in 0..4 {
        let joining = Person::at(random.random_range(0..PLACES));
        people.0.insert(joining.number.clone(), joining);
    }
    let count = people.0.len();
    for _ in 0..count / 2 {
        let mail: u32 = random.random();
        people.at(random.random_range(0..count)).email = format!("{mail:08x}@example.org");
    }
    for _ in 0..count / 10 {
        let department = Person::at(random.random_range(0..5)).department;
        people.at(random.random_range(0..count)).department = department;
    }
}

#[expect(clippy::disallowed_methods, reason = "the moments of the kills are spread over the time that the work takes")]
fn time_taken(work: impl FnOnce()) -> Duration {
    let begun = Instant::now();
    work();
    begun.elapsed()
}

/// Starts a command again and again and kills it at random moments within `span`, until so many kills found it at work.
/// Before each start `prepare` gives it something to do.
fn kill_many(
    home: &Home,
    arguments: &[&str],
    span: Duration,
    kills: u32,
    random: &mut StdRng,
    mut prepare: impl FnMut(u32, &mut StdRng),
) {
    let mut killed = 0;
    for start in 0..MOST_STARTS {
        if killed == kills {
            return;
        }
        prepare(start, random);
        if home.start(arguments).kill_after(span.mul_f64(random.random())) {
            killed += 1;
        }
    }
    panic!("only {killed} of {MOST_STARTS} starts of {arguments:?} were still at work when they were killed");
}

/// How many operations were under way when the last process was killed.
fn unknown_ends(home: &Home) -> u64 {
    let status = home.purser(&["status"]).done();
    let queues = status["queues"].as_object().expect("the status has a queue for each target").values();
    queues.map(|queue| queue["unknown"].as_u64().expect("a queue counts unknown ends")).sum()
}

#[test]
fn a_killed_apply_is_gone_on_with_and_nothing_is_lost_or_done_twice() {
    let mut random = StdRng::seed_from_u64(0x5EED);
    let home = company(LEAVERS_ARE_DELETED);
    let mut people = People::employed(PEOPLE);
    people.export(&home);
    home.purser(&["import", "hr"]).done();
    // The first of the kills meet the creation of the accounts, all others a company that changes all the time.
    for _ in 0..5 {
        let moment = Duration::from_millis(random.random_range(20..400));
        home.start(&["apply"]).kill_after(moment);
    }
    home.purser(&["apply"]).done();
    people.assert_provisioned(&home);

    upheaval(&mut people, &mut random);
    people.export(&home);
    home.purser(&["import", "hr"]).done();
    let span = time_taken(|| {
        home.purser(&["apply"]).done();
    });
    people.assert_provisioned(&home);

    let mut under_way = 0;
    kill_many(&home, &["apply"], span, KILLS_IN_APPLY, &mut random, |start, random| {
        under_way += unknown_ends(&home);
        if start % 5 == 4 {
            home.purser(&["apply"]).done();
            people.assert_provisioned(&home);
        }
        upheaval(&mut people, random);
        people.export(&home);
        home.purser(&["import", "hr"]).done();
    });
    assert!(under_way > 0, "no kill met an operation under way: the moments are badly chosen");
    home.purser(&["apply"]).done();
    people.assert_provisioned(&home);
    for target in ["directory", "crm"] {
        let found = home.purser(&["reconcile", target]).done();
        assert_eq!(found["changed"], 0, "{target}: what was recorded is what is there: {found}");
    }
    home.assert_in_step();
}

#[test]
fn a_killed_import_takes_in_all_or_nothing_and_the_next_one_ends_it() {
    let mut random = StdRng::seed_from_u64(0x1A9);
    let home = company(LEAVERS_ARE_DELETED);
    let mut people = People::employed(800);
    people.export(&home);
    // The first one compiles the connector, and so takes longer than those that are killed.
    home.purser(&["import", "hr"]).done();
    upheaval(&mut people, &mut random);
    people.export(&home);
    let span = time_taken(|| {
        home.purser(&["import", "hr"]).done();
    });
    kill_many(&home, &["import", "hr"], span, KILLS_ELSEWHERE, &mut random, |_, random| {
        upheaval(&mut people, random);
        people.export(&home);
    });
    let last = home.purser(&["import", "hr"]).done();
    assert_eq!(last["staged"], people.0.len(), "{last}");
    home.purser(&["apply"]).done();
    people.assert_provisioned(&home);
}

#[test]
fn a_killed_reconciliation_is_gone_on_with() {
    let mut random = StdRng::seed_from_u64(0x2EC);
    let home = company(Policy::default());
    let people = People::employed(600);
    people.export(&home);
    home.purser(&["import", "hr", "--apply"]).done();
    people.assert_provisioned(&home);
    let span = time_taken(|| {
        home.purser(&["reconcile", "directory"]).done();
    });
    kill_many(&home, &["reconcile", "directory"], span, KILLS_ELSEWHERE, &mut random, |_, random| {
        for _ in 0..5 {
            let number = Person::at(random.random_range(0..600)).number;
            edit_directory(&home, &number, "mail", "drifted@example.com");
        }
    });
    // A run that goes on knows nothing of what drifted since on pages that it has listed: the next one finds that.
    if home.purser(&["reconcile", "directory"]).done()["resumed"] == true {
        home.purser(&["reconcile", "directory"]).done();
    }
    people.assert_provisioned(&home);
    home.assert_in_step();
}
