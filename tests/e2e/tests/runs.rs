//! Reconciling single objects, and what runs by a schedule.

use purser_e2e::home::Home;
use purser_e2e::people::{People, Policy, company, directory, edit_directory};
use serde_json::{Value, json};

/// A company whose people have their accounts, with these lines added to the directory's declaration.
fn provisioned(count: usize, lines: &str) -> (Home, People) {
    let home = company(Policy::default());
    if !lines.is_empty() {
        let text = home.read("declarations/directory.toml");
        // Behind the section's own line, before its tables.
        let declared = text.replacen("[target.directory]\n", &format!("[target.directory]\n{lines}\n"), 1);
        assert_ne!(text, declared, "the declaration begins the target's section");
        home.declare("directory", &declared);
    }
    let people = People::employed(count);
    people.export(&home);
    home.purser(&["import", "hr"]).done();
    home.purser(&["apply"]).done();
    people.assert_provisioned(&home);
    (home, people)
}

fn mail(home: &Home, number: &str) -> String {
    directory(home)[number]["mail"].clone()
}

#[test]
fn one_identity_is_repaired_and_nobody_else() {
    let (home, people) = provisioned(8, "");
    edit_directory(&home, "E00002", "mail", "spoiled@example.org");
    edit_directory(&home, "E00003", "mail", "spoiled@example.org");

    let planned = home.purser(&["reconcile", "directory", "--identity", "hr/E00002", "--dry-run"]).ended_with(3);
    assert_eq!(planned["plan"]["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(mail(&home, "E00002"), "spoiled@example.org");

    let report = home.purser(&["reconcile", "directory", "--identity", "hr/E00002"]).done();
    assert_eq!((&report["operations"]["applied"], &report["accounts"][0]["situation"]), (&json!(1), &json!("linked")));
    assert_eq!(mail(&home, "E00002"), people.0["E00002"].email);
    assert_eq!(mail(&home, "E00003"), "spoiled@example.org");

    home.purser(&["reconcile", "directory", "--account", "E00003"]).done();
    people.assert_provisioned(&home);
}

#[test]
fn who_is_not_there_is_named_and_what_cannot_be_read_is_bad_usage() {
    let (home, _) = provisioned(2, "");
    let nobody = home.purser(&["reconcile", "directory", "--account", "nobody"]).complaint(1);
    assert!(nobody.starts_with("no account `nobody` in target directory"), "{nobody}");
    let nobody = home.purser(&["reconcile", "directory", "--identity", "hr/E99999"]).complaint(1);
    assert!(nobody.starts_with("no identity `hr/E99999`"), "{nobody}");
    let no_feed = home.purser(&["reconcile", "directory", "--delta"]).complaint(1);
    assert!(no_feed.contains("no change feed"), "{no_feed}");
    for wrong in [&["--identity", "E1"][..], &["--delta", "--full"], &["--delta", "--outside-window"]] {
        let answer = home.purser(&[&["reconcile", "directory"], wrong].concat());
        assert_eq!(answer.code, Some(2), "{wrong:?}");
    }
}

#[test]
fn a_window_that_is_closed_is_respected_and_can_be_set_aside() {
    // One minute a week; should the test run in it, there is another one.
    let closed = |home: &Home| home.purser(&["reconcile", "directory"]).code == Some(1);
    let (home, _) = provisioned(2, "window = [\"Su 03:00-03:01\"]");
    let (other, _) = provisioned(2, "window = [\"We 15:00-15:01\"]");
    assert!(closed(&home) || closed(&other));
    let report = home.purser(&["reconcile", "directory", "--outside-window"]).done();
    assert_eq!(report["gone"], 0);
}

#[test]
fn schedules_are_listed_with_their_next_time() {
    let (home, _) = provisioned(
        1,
        "reconcile = { full = \"0 2 * * *\", delta = \"*/15 * * * *\", jitter = \"10m\", time_zone = \"Europe/Berlin\" }",
    );
    let listed = home.purser(&["schedule", "list"]).done();
    let jobs = listed["jobs"].as_array().expect("jobs are listed");
    let names: Vec<_> = jobs.iter().map(|job| job["job"].as_str().unwrap_or_default()).collect();
    assert_eq!(names, ["full directory", "delta directory"]);
    for job in jobs {
        assert_eq!((&job["time_zone"], &job["result"]), (&json!("Europe/Berlin"), &Value::Null));
        assert!(job["next"].as_str().is_some_and(|next| next.ends_with('Z')), "{job}");
    }
    home.declare("wrong", "[source.other]\nconnector = \"flatfile\"\nclass = \"person\"\nschedule = \"0 25 * * *\"\n");
    let wrong = home.purser(&["schedule", "list"]);
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.output.contains("`0 25 * * *` is no schedule"), "{}", wrong.output);
}
