//! `purser backup` and `purser restore`: going back to an older store loses nothing, doubles nobody, and gives nobody back
//! what was taken away since.

use purser_e2e::home::Home;
use purser_e2e::people::{People, Person, Policy, company, directory};
use purser_e2e::secrecy::{self, forms, holds};
use purser_e2e::served::{QUIET, Served, eventually};
use serde_json::json;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

const SECRET: &str = "a-secret-that-nobody-may-read-4711";

/// A company of so many people whose accounts are recognised as theirs wherever they come from.
fn company_of(count: usize) -> (Home, People) {
    let home = company(Policy { unlinked: "adopt", ..Policy::default() });
    let people = People::employed(count);
    people.export(&home);
    home.purser(&["import", "hr", "--apply"]).done();
    (home, people)
}

fn path(home: &Home, relative: &str) -> String {
    home.path(relative).to_string_lossy().into_owned()
}

#[test]
fn what_happened_after_the_backup_is_found_again_and_nobody_is_doubled_or_let_in() {
    let (home, mut people) = company_of(12);
    let (code, said) = secrecy::set(&home, "canary", SECRET);
    assert_eq!(code, 0, "{said}");
    let served = Served::start(&home, &["--import-every", "1", "--reconcile-every", "0"]);
    eventually("the host answers", || served.get("/readyz", None).0 == 200);
    let file = path(&home, "backup.tar");
    let made = home.purser(&["backup", &file]).done();
    assert_eq!((&made["counts"]["identities"], &made["counts"]["accounts"]), (&json!(12), &json!(24)), "{made}");
    let again = home.purser(&["backup", &file]).complaint(1);
    assert!(again.contains("overwrites nothing"), "{again}");
    let newest = served.list("/v1/events?").last().expect("something happened")["sequence"].as_u64();

    // After the backup two join, one leaves, one comes back, and one gets another name.
    for place in [12, 13] {
        let person = Person::at(place);
        people.0.insert(person.number.clone(), person);
    }
    people.at(3).employed = false;
    people.at(5).email = "married@example.org".to_owned();
    people.export(&home);
    eventually("the changes are in both applications", || people.are_provisioned(&home));
    assert!(served.process.kill_after(Duration::ZERO));

    let refused = home.purser(&["restore", &file]).complaint(1);
    assert!(refused.contains("--force"), "{refused}");
    let restored = home.purser(&["restore", &file, "--force"]).done();
    assert_eq!(restored["audit_signed"], true, "{restored}");
    let former = restored["former"].as_str().expect("the former store is kept");
    assert!(fs::metadata(format!("{former}/purser.db")).is_ok_and(|kept| kept.len() > 0), "{restored}");

    // The source cannot be read: as long as it is not known who is there, nobody gets anything back.
    let export = home.read("hr/people.csv");
    home.write("hr/people.csv", "employeeNumber\nE00001\n");
    let waits = home.purser(&["status"]).done();
    assert_eq!(waits["awaited"], json!({"sources": ["hr"], "targets": ["crm", "directory"]}), "{waits}");
    for command in [["apply"].as_slice(), &["reconcile", "directory"], &["provision", "hr/E00003"]] {
        let answer = home.purser(command);
        assert!(format!("{answer:?}").contains("purser import hr"), "{answer:?}");
    }
    people.assert_provisioned(&home);
    let served = Served::start(&home, &QUIET);
    eventually("the host says what it waits for", || served.process.log().contains("before this source was read"));
    people.assert_provisioned(&home);

    // Whoever followed the events of the lost store is told so.
    let token = served.own_token();
    let after = newest.expect("events are counted") + 40;
    let (status, problem) = served.get(&format!("/v1/events?after={after}"), Some(&token));
    assert_eq!((status, &problem["code"]), (410, &json!("events-gone")), "{problem}");

    home.write("hr/people.csv", export);
    served.post("/v1/runs", &token, &json!({"kind": "import", "source": "hr"}));
    for target in ["crm", "directory"] {
        served.post("/v1/runs", &token, &json!({"kind": "reconciliation", "target": target}));
    }
    eventually("everything was looked at", || {
        served.process.log().contains("after the restore: everything was looked at")
    });
    served.stop();
    home.purser(&["apply"]).done();
    people.assert_provisioned(&home);
    assert_eq!(directory(&home)["E00003"]["active"], "false", "who left stays out");
    home.assert_in_step();
    let status = home.purser(&["status"]).done();
    assert_eq!(status["awaited"], json!(null), "{status}");
    let accounts = status["accounts"].as_array().expect("accounts are counted");
    assert!(accounts.iter().all(|count| count["situation"] == "linked"), "{status}");
    assert_eq!(accounts.iter().filter_map(|count| count["accounts"].as_u64()).sum::<u64>(), 28, "{status}");
    home.purser(&["audit", "verify"]).done();
    let audited = home.purser(&["audit", "list", "--limit", "10000"]).output;
    assert!(audited.contains("store-restored") && audited.contains("store-looked-at"));
    // The secret is still sealed with the key that was never in the backup.
    assert_eq!(home.purser(&["secret", "list"]).done()[0]["name"], "canary");
}

#[test]
fn a_restored_host_looks_at_everything_by_itself() {
    let (home, mut people) = company_of(6);
    let file = path(&home, "backup.tar");
    home.purser(&["backup", &file]).done();
    people.at(2).employed = false;
    people.at(4).email = "again@example.org".to_owned();
    let person = Person::at(6);
    people.0.insert(person.number.clone(), person);
    people.export(&home);
    home.purser(&["import", "hr", "--apply"]).done();
    home.purser(&["restore", &file, "--force"]).done();
    let served = Served::start(&home, &QUIET);
    eventually("everything was looked at", || {
        served.process.log().contains("after the restore: everything was looked at")
    });
    // Accounts that were made since the backup follow when their owners are planned.
    let linked = || served.list("/v1/accounts?situation=linked&").len();
    eventually("every account is its owner's", || linked() == 2 * people.0.len());
    served.stop();
    people.assert_provisioned(&home);
    home.assert_in_step();
}

#[test]
fn a_backup_holds_no_key_and_no_secret_in_clear() {
    let (home, _) = company_of(2);
    assert_eq!(secrecy::set(&home, "canary", SECRET).0, 0);
    Served::start(&home, &QUIET).stop();
    let file = path(&home, "backup.tar");
    home.purser(&["backup", &file]).done();
    let keys = ["secret-key", "audit-key", "plan-key", "api-token", "compiled-key"]
        .map(|name| home.read(&format!("data/{name}")).trim().to_owned());
    let mut kept: Vec<&str> = keys.iter().map(String::as_str).collect();
    assert!(kept.iter().all(|key| key.len() > 20), "every key is there");
    kept.push(SECRET);
    let bytes = fs::read(&file).expect("the backup is there");
    assert!(!holds(&bytes, &forms(&kept)), "a key or a secret is in the backup");
    let mode = fs::metadata(&file).expect("the backup is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "only its owner reads it");
}

#[test]
fn what_is_no_sound_backup_changes_nothing() {
    let (home, people) = company_of(3);
    let file = path(&home, "backup.tar");
    home.purser(&["backup", &file]).done();
    let good = fs::read(&file).expect("the backup is there");
    let changed = |place: usize| {
        let mut bytes = good.clone();
        bytes[place] ^= 1;
        bytes
    };
    let manifest = good.windows(8).position(|bytes| bytes == b"accounts").expect("the manifest counts accounts");
    let cases = [
        ("text", b"this is no backup".to_vec(), "no backup"),
        ("empty", Vec::new(), "no backup"),
        ("short", good[..good.len() / 2].to_vec(), "damaged"),
        ("manifest", changed(manifest), "damaged"),
        ("middle", changed(good.len() / 2), "damaged"),
    ];
    for (name, bytes, words) in cases {
        home.write("bad.tar", bytes);
        let refused = home.purser(&["restore", &path(&home, "bad.tar"), "--force"]).complaint(1);
        assert!(refused.contains(words), "{name}: {refused}");
    }
    // A row of the log that somebody changed is in the copy as well, whose bytes are all as they were written.
    let store = rusqlite::Connection::open(home.path("data/purser.db")).expect("the store is there");
    store
        .execute_batch("DROP TRIGGER audit_is_not_changed; UPDATE audit SET actor = 'nobody' WHERE sequence = 3;")
        .expect("a row can be changed");
    drop(store);
    let tampered = path(&home, "tampered.tar");
    home.purser(&["backup", &tampered]).done();
    home.purser(&["restore", &file, "--force"]).done();
    let refused = home.purser(&["restore", &tampered, "--force"]).complaint(1);
    assert!(refused.contains("broken at row 3"), "{refused}");
    assert!(!home.path("data/restoring").exists(), "nothing is left behind");
    home.purser(&["import", "hr"]).done();
    let waits = home.purser(&["reconcile", "crm"]).ended_with(1);
    assert!(waits["open"]["failed_targets"]["directory"].is_string(), "{waits}");
    home.purser(&["reconcile", "directory"]).done();
    people.assert_provisioned(&home);
    home.assert_in_step();
}

#[test]
fn a_backup_is_restored_into_an_empty_home_and_only_while_nobody_works_there() {
    let (home, people) = company_of(3);
    let file = path(&home, "backup.tar");
    home.purser(&["backup", &file]).done();
    let served = Served::start(&home, &QUIET);
    let refused = home.purser(&["restore", &file, "--force"]).complaint(1);
    assert!(refused.contains("another purser"), "{refused}");
    served.stop();

    // Another machine, with the same declarations and connectors; its log cannot know who signed.
    fs::rename(home.path("data"), home.path("old-data")).expect("a folder can be moved");
    let restored = home.purser(&["restore", &file]).done();
    assert_eq!((&restored["audit_signed"], &restored["former"]), (&json!(false), &json!(null)), "{restored}");
    home.purser(&["restore", "--go-on"]).done();
    home.purser(&["apply"]).done();
    people.assert_provisioned(&home);
    home.assert_in_step();

    // With the key of another home the log is not taken for this one's.
    home.write("data/audit-key", "00".repeat(32));
    let refused = home.purser(&["restore", &file, "--force"]).complaint(1);
    assert!(refused.contains("not signed with this host's key") && refused.contains("audit-key"), "{refused}");

    // Where a restore broke off, nobody works with the half of it, until one is brought to its end.
    fs::copy(home.path("old-data/audit-key"), home.path("data/audit-key")).expect("the key is there");
    home.write("data/half-restored", "");
    for command in [["status"].as_slice(), &["audit", "list"], &["token", "list"], &["backup", "another.tar"]] {
        let refused = home.purser(command).complaint(1);
        assert!(refused.contains("a restore broke off"), "{command:?}: {refused}");
    }
    home.purser(&["restore", &file, "--force"]).done();
    home.purser(&["status"]).done();
}

#[test]
fn an_admin_has_backups_made_over_the_api_and_the_newest_stay() {
    let (home, _) = company_of(2);
    let served = Served::start(&home, &[QUIET.as_slice(), &["--backups-kept", "2"]].concat());
    let token = served.own_token();
    let names: Vec<String> = (0..3)
        .map(|_| served.post("/v1/backups", &token, &json!({}))["name"].as_str().expect("a name").to_owned())
        .collect();
    let (status, kept) = served.get("/v1/backups", Some(&token));
    assert_eq!(status, 200, "{kept}");
    let kept: Vec<&str> =
        kept["items"].as_array().expect("a list").iter().filter_map(|one| one["name"].as_str()).collect();
    assert_eq!(kept, [names[2].as_str(), names[1].as_str()]);
    let audited = home.purser(&["audit", "list", "--action", "requested"]).output;
    assert!(audited.matches("POST /v1/backups").count() >= 3, "{audited}");
    served.stop();
    home.purser(&["restore", &path(&home, &format!("data/backups/{}", names[2])), "--force"]).done();
}

#[test]
fn a_host_makes_backups_when_it_is_time() {
    let (home, _) = company_of(2);
    let served = Served::start(&home, &[QUIET.as_slice(), &["--backup-every", "1", "--backups-kept", "1"]].concat());
    let token = served.own_token();
    let name = || served.get("/v1/backups", Some(&token)).1["items"][0]["name"].as_str().map(str::to_owned);
    eventually("there is a backup", || name().is_some());
    let first = name();
    eventually("a newer one has taken its place", || name().is_some() && name() != first);
    served.stop();
}
