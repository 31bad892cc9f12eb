//! Who changed what, told by the real program; and a log that somebody edits with SQL.

use purser_e2e::home::Home;
use purser_e2e::people::{People, Policy, company};
use serde_json::Value;

/// What is told line by line.
#[track_caller]
fn lines(home: &Home, arguments: &[&str]) -> Vec<Value> {
    let answer = home.purser(arguments);
    assert_eq!(answer.code, Some(0), "{arguments:?}: {}{}", answer.output, answer.log);
    answer.output.lines().map(|line| serde_json::from_str(line).expect("every line is JSON")).collect()
}

fn sql(home: &Home, text: &str) {
    let connection = rusqlite::Connection::open(home.path("data/purser.db")).expect("the store can be opened");
    connection.execute_batch(text).expect("the statements are right");
}

/// A company of three, where one has a new e-mail address.
fn story() -> Home {
    let home = company(Policy::default());
    let mut people = People::employed(3);
    people.export(&home);
    home.purser(&["import", "hr"]).done();
    home.purser(&["apply"]).done();
    people.at(1).email = "married@example.org".to_owned();
    people.export(&home);
    home.purser(&["import", "hr"]).done();
    home.purser(&["apply"]).done();
    home
}

#[test]
fn a_new_e_mail_address_is_told_from_the_import_to_both_applications() {
    let home = story();
    let told = lines(&home, &["audit", "list", "--identity", "hr/E00001", "--action", "identity-changed"]);
    let change = told.last().expect("the change is told");
    let email = change["details"]["attributes"].as_object().and_then(|all| all.values().next());
    let email = email.unwrap_or_else(|| panic!("no attribute in {change}"));
    assert_eq!((&email["old"], &email["new"]), (&"e00001@example.org".into(), &"married@example.org".into()));
    assert_eq!(change["activity"], "import of hr");
    assert!(change["actor"].as_str().is_some_and(|actor| actor.starts_with("cli:")), "{change}");
    assert!(change["connector"].as_str().is_some_and(|name| name.starts_with("flatfile@")), "{change}");

    let applied = lines(&home, &["audit", "list", "--identity", "hr/E00001", "--action", "operation-applied"]);
    let with_it: Vec<&Value> =
        applied.iter().filter(|row| row["details"].to_string().contains("married@example.org")).collect();
    assert_eq!(with_it.len(), 2, "both applications: {applied:?}");
    assert!(with_it.iter().all(|row| row["details"].to_string().contains("e00001@example.org")), "{with_it:?}");

    let log = lines(&home, &["log", "--identity", "hr/E00001", "--target", "crm"]);
    let last = log.last().expect("there is an operation");
    assert_eq!((last["kind"].as_str(), last["state"].as_str()), (Some("update"), Some("applied")));
    assert!(last["milliseconds"].as_i64().is_some_and(|took| took >= 0), "{last}");
    assert!(lines(&home, &["log", "--since", "2099-01-01T00:00:00Z"]).is_empty());

    let verified = home.purser(&["audit", "verify"]).done();
    let head = verified["head"].as_str().expect("the head is told").to_owned();
    home.purser(&["import", "hr"]).done();
    home.purser(&["audit", "verify", "--expect", &head]).done();
}

#[test]
fn a_row_that_somebody_edits_and_a_tail_that_somebody_cuts_off_are_named() {
    let home = story();
    sql(
        &home,
        "DROP TRIGGER audit_is_not_changed; UPDATE audit SET details = replace(details, 'married', 'another') WHERE sequence = \
         (SELECT max(sequence) FROM audit WHERE action = 'identity-changed')",
    );
    let changed = lines(&home, &["audit", "list", "--action", "identity-changed"]);
    let edited = changed.last().expect("it is still there")["sequence"].clone();
    let answer = home.purser(&["audit", "verify"]).ended_with(1);
    assert_eq!(answer["broken"]["sequence"], edited);

    let home = story();
    sql(&home, "DROP TRIGGER audit_is_not_deleted; DELETE FROM audit WHERE sequence > 10");
    assert_eq!(home.purser(&["audit", "verify"]).ended_with(1)["broken"]["sequence"], 11);
}

#[test]
fn events_are_followed_from_a_number_and_dropped_ones_are_missed_by_nobody() {
    let home = story();
    let all = lines(&home, &["events"]);
    let (first, last) = (&all[0], &all[all.len() - 1]);
    let after = first["sequence"].to_string();
    assert_eq!(lines(&home, &["events", "--after", &after]).len(), all.len() - 1);
    home.purser(&["events", "prune", "--before", "2099-01-01T00:00:00Z"]).done();
    let gone = home.purser(&["events", "--after", &after]).ended_with(1);
    let oldest = last["sequence"].as_u64().expect("a number") + 1;
    assert!(gone["error"].as_str().is_some_and(|text| text.contains("the oldest that is kept is")), "{gone}");
    let kept = lines(&home, &["events"]);
    assert!(kept[0]["sequence"].as_u64().is_some_and(|first| first >= oldest), "{kept:?}");
}
