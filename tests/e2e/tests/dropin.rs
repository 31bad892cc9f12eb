//! Files that are dropped into the folder, good and bad, and what becomes of them.

use purser_e2e::builds::{importing, pathological, with_version};
use purser_e2e::environment::connector;
use purser_e2e::home::Home;
use purser_e2e::people::{People, Policy, company};
use purser_e2e::program::Running;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::thread;
use std::time::Duration;

const HR: &str = r#"
[source.hr]
connector = "flatfile"
class = "person"
config = { classes = { person = { file = "people.csv", key = "employeeNumber", kind = "account" } } }

[source.hr.directory.data]
path = "../hr"
"#;

/// A home with a source that works.
fn home() -> Home {
    let home = Home::new();
    home.write("hr/people.csv", "employeeNumber,login\n1,anna\n");
    home.declare("hr", HR);
    home.drop_in("flatfile");
    home
}

/// The findings of `check` about a subject that ends so.
fn findings(home: &Home, subject: &str) -> Vec<String> {
    let answer = home.purser(&["check"]);
    let checked: Value = serde_json::from_str(&answer.output).expect("`check` answers in JSON");
    let about = checked.as_array().expect("a list").iter();
    let about = about.filter(|one| one["subject"].as_str().is_some_and(|name| name.ends_with(subject)));
    about.filter_map(|one| one["message"].as_str().map(str::to_owned)).collect()
}

#[test]
fn a_file_that_makes_the_compiler_work_without_end_is_refused_and_the_others_work() {
    for (name, limits) in [("memory", r#"memory = "100MiB""#), ("time", r#"cpu = "3s""#)] {
        let home = home();
        home.declare("limits", &format!("[connectors]\ncompile = {{ {limits} }}\n"));
        home.write("connectors/bomb.wasm", pathological(9));
        let said = findings(&home, "bomb.wasm").join("\n");
        assert!(said.contains("cannot be compiled: the compiler ended with signal"), "{name}: {said}");
        assert_eq!(home.purser(&["import", "hr"]).done()["new"], 1, "{name}");
    }
}

#[test]
fn compiled_code_that_somebody_put_there_is_not_used() {
    let home = home();
    home.purser(&["import", "hr"]).done();
    let compiled = || {
        let files = fs::read_dir(home.path("data/compiled")).expect("it is there");
        let [file] = files
            .map(|file| file.expect("it can be looked at").path())
            .collect::<Vec<_>>()
            .try_into()
            .expect("one file");
        file
    };
    let (file, other) = (compiled(), home_with_code());
    let ours = fs::read(&file).expect("it can be read");
    fs::write(&file, &other).expect("it can be written");
    home.purser(&["import", "hr"]).done();
    assert_eq!(compiled(), file);
    let again = fs::read(&file).expect("it can be read");
    assert!(again == ours && again != other, "it was compiled again");
}

/// The compiled connector of another home.
fn home_with_code() -> Vec<u8> {
    let home = home();
    home.purser(&["import", "hr"]).done();
    let mut files = fs::read_dir(home.path("data/compiled")).expect("it is there");
    let file = files.next().expect("one file").expect("it can be looked at").path();
    fs::read(file).expect("it can be read")
}

/// Longer than anything here takes on a slow machine.
const PATIENCE: Duration = Duration::from_mins(3);
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

#[track_caller]
fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..PATIENCE.as_millis() / BETWEEN_LOOKS.as_millis() {
        if is_so() {
            return;
        }
        thread::sleep(BETWEEN_LOOKS);
    }
    panic!("within {PATIENCE:?} it was not so that {what}");
}

fn flatfile() -> Vec<u8> {
    fs::read(connector("flatfile")).expect("it can be read")
}

/// Puts a file into the folder in one step, as a good copy does.
fn drop_in(home: &Home, name: &str, content: &[u8]) {
    home.write("dropped", content);
    let to = home.path("connectors").join(name);
    fs::rename(home.path("dropped"), to).expect("a file can be moved");
}

/// What a source or target runs.
fn used(home: &Home, subject: &str) -> Value {
    let uses = home.purser(&["connector", "upgrade", "list"]).done();
    let mut uses = uses.as_array().expect("a list").iter();
    uses.find(|used| used["subject"] == subject).cloned().unwrap_or_default()
}

fn version(home: &Home, subject: &str) -> String {
    used(home, subject)["current"]["version"].as_str().unwrap_or_default().to_owned()
}

/// What `connector list` says of a file.
fn listed(home: &Home, file: &str) -> Value {
    let all = home.purser(&["connector", "list"]).done();
    all.as_array().expect("a list").iter().find(|one| one["file"] == file).cloned().unwrap_or_default()
}

/// The kinds of the events about connectors, in order.
fn events(home: &Home) -> Vec<String> {
    let said = home.purser(&["events"]).output;
    let events = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let kinds = events.filter_map(|event| event["kind"].as_str().map(str::to_owned));
    kinds.filter(|kind| kind.starts_with("connector-")).collect()
}

/// A host that reads its sources every second; it listens already.
fn serve(home: &Home) -> Running {
    let mut host = home.start(&["serve", "--listen", "127.0.0.1:0", "--import-every", "1"]);
    eventually("the host listens", || {
        assert!(!host.has_ended(), "{}", host.log());
        host.output().contains("listening")
    });
    host
}

#[test]
fn while_a_host_serves_good_files_take_over_and_bad_ones_are_refused() {
    let home = home();
    let host = serve(&home);
    eventually("the first build runs", || version(&home, "source hr") == "0.1.0");

    drop_in(&home, "newer.wasm", &with_version(&flatfile(), "0.1.1"));
    eventually("the newer build runs", || version(&home, "source hr") == "0.1.1");
    assert_eq!(used(&home, "source hr")["former"]["version"], "0.1.0");

    // A copy that takes its time.
    let next = with_version(&flatfile(), "0.1.2");
    home.write("connectors/newer.wasm", &next[..next.len() / 2]);
    thread::sleep(Duration::from_millis(700));
    home.write("connectors/newer.wasm", &next);
    eventually("the whole file runs", || version(&home, "source hr") == "0.1.2");

    home.write("connectors/newer.wasm", b"garbage");
    eventually("the bad file is told", || events(&home).last().is_some_and(|kind| kind == "connector-refused"));
    assert_eq!(version(&home, "source hr"), "0.1.2");
    assert_eq!(listed(&home, "newer.wasm")["state"], "refused");
    let kept = home.purser(&["connector", "list"]).done();
    let running = kept.as_array().expect("a list").iter().find(|one| one["version"] == "0.1.2");
    assert_eq!(running.expect("its copy is listed")["state"], "used");

    // It goes on with the copy.
    home.write("hr/people.csv", "employeeNumber,login\n1,anna\n2,otto\n");
    eventually("a new person is read", || changed_people(&home) == 2);

    home.purser(&["connector", "upgrade", "rollback", "hr", "--source"]).done();
    assert_eq!(version(&home, "source hr"), "0.1.1", "its copy is kept although its file is gone");
    host.terminate();
    assert_eq!(host.wait().code, Some(0));
    home.purser(&["import", "hr"]).done();
    assert_eq!(version(&home, "source hr"), "0.1.1", "what was rolled back is not taken again");
}

/// How often a person was new or changed.
fn changed_people(home: &Home) -> usize {
    let said = home.purser(&["events"]).output;
    let events = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    events.filter(|event| event["kind"] == "identity-changed").count()
}

#[test]
fn an_upgrade_that_asks_for_more_waits_for_a_person() {
    let home = home();
    home.purser(&["import", "hr"]).done();
    let more = importing(&with_version(&flatfile(), "0.2.0"), "purser:connector/clock@0.1.0");
    drop_in(&home, "more.wasm", &more);
    home.purser(&["import", "hr"]).done();
    let waiting = used(&home, "source hr");
    assert_eq!((&waiting["current"]["version"], &waiting["candidate"]["stage"]), (&"0.1.0".into(), &"waiting".into()));
    assert_eq!(waiting["candidate"]["asks"][0], "import purser:connector/clock");
    assert_eq!(listed(&home, "more.wasm")["tried_by"][0], "source hr");
    let diff = home.purser(&["connector", "diff", "connectors/flatfile.wasm", "connectors/more.wasm"]).done();
    assert_eq!(diff["asks_for_more"], true);
    assert_eq!(diff["differences"][0]["name"], "purser:connector/clock");

    home.purser(&["import", "hr"]).done();
    assert_eq!(version(&home, "source hr"), "0.1.0");
    home.purser(&["connector", "upgrade", "advance", "hr", "--source"]).done();
    home.purser(&["import", "hr"]).done();
    assert_eq!(version(&home, "source hr"), "0.2.0");
    home.purser(&["connector", "upgrade", "rollback", "hr", "--source"]).done();
    home.purser(&["import", "hr"]).done();
    assert_eq!(version(&home, "source hr"), "0.1.0");
    assert_eq!(listed(&home, "more.wasm")["state"], "rolled-back");
    let told = ["connector-taken", "connector-waits", "connector-approved", "connector-taken", "connector-rolled-back"];
    assert_eq!(events(&home), told);
    let nothing = home.purser(&["connector", "upgrade", "advance", "hr", "--source"]).complaint(1);
    assert!(nothing.contains("no newer build"), "{nothing}");
}

#[test]
fn a_build_is_pinned_by_its_digest_also_when_its_file_is_gone() {
    let home = home();
    home.purser(&["import", "hr"]).done();
    let digest = listed(&home, "flatfile.wasm")["digest"].as_str().expect("it has one").to_owned();
    drop_in(&home, "flatfile.wasm", &with_version(&flatfile(), "0.1.1"));
    home.purser(&["import", "hr"]).done();
    assert_eq!(version(&home, "source hr"), "0.1.1");
    home.declare("hr", &HR.replace("\"flatfile\"", &format!("\"flatfile@blake3:{}\"", &digest[..12])));
    home.purser(&["import", "hr"]).done();
    assert_eq!(version(&home, "source hr"), "0.1.0");
    let unknown = HR.replace("\"flatfile\"", "\"flatfile@blake3:0123456789ab\"");
    home.declare("hr", &unknown);
    let refused = home.purser(&["import", "hr"]).complaint(1);
    assert!(refused.contains("blake3:0123456789ab") && refused.contains("flatfile 0.1.1"), "{refused}");

    // A copy that somebody changed is not used.
    home.declare("hr", &HR.replace("\"flatfile\"", &format!("\"flatfile@blake3:{digest}\"")));
    home.write(&format!("data/connectors/{digest}.wasm"), b"changed");
    let refused = home.purser(&["import", "hr"]).complaint(1);
    assert!(refused.contains("was changed"), "{refused}");
}

#[test]
fn signatures_count_as_the_operator_says() {
    let home = home();
    let sign = |keys: &minisign::KeyPair, file: &[u8]| {
        minisign::sign(None, &keys.sk, file, None, None).expect("it can be signed").into_string()
    };
    let keys = || minisign::KeyPair::generate_unencrypted_keypair().expect("keys can be made");
    let (acme, other) = (keys(), keys());
    let declare = |policy: &str| {
        let key = acme.pk.to_base64();
        home.declare(
            "trust",
            &format!("[connectors]\nsignatures = \"{policy}\"\npublishers = {{ acme = \"{key}\" }}\n"),
        );
    };
    let import = || home.purser(&["import", "hr"]);
    let signature = "connectors/flatfile.wasm.minisig";

    declare("warn");
    import().done();
    assert_eq!(listed(&home, "flatfile.wasm")["signature"], "missing");
    declare("require");
    let refused = import().complaint(1);
    assert!(refused.contains("is not signed"), "a copy from before does not run either: {refused}");
    home.write(signature, sign(&other, &flatfile()));
    assert!(import().complaint(1).contains("no declared publisher"));
    home.write(signature, sign(&acme, b"another file"));
    assert!(import().complaint(1).contains("not one of this file by `acme`"));
    home.write(signature, sign(&acme, &flatfile()));
    import().done();
    assert_eq!(listed(&home, "flatfile.wasm")["signature"]["good"], "acme");
    let inspected = home.purser(&["connector", "inspect", "connectors/flatfile.wasm"]).done();
    assert_eq!(inspected["signature"], "signed by acme");

    declare("allow");
    home.write(signature, sign(&acme, b"another file"));
    assert_eq!(listed(&home, "flatfile.wasm")["state"], "refused", "a bad signature is refused under every policy");
}

#[test]
fn a_staged_upgrade_compares_then_writes_a_share_then_takes_over_and_nothing_is_lost() {
    let home = company(Policy::default());
    let mut people = People::employed(30);
    people.export(&home);
    let crm = home.read("declarations/crm.toml");
    let staged = "upgrade = { mode = \"staged\", compare = 20, share = 50, operations = 5 }";
    home.declare("crm", &crm.replacen("class = \"user\"", &format!("class = \"user\"\n{staged}"), 1));
    home.purser(&["import", "hr", "--apply"]).done();
    people.assert_provisioned(&home);

    drop_in(&home, "newer.wasm", &with_version(&flatfile(), "0.1.1"));
    home.purser(&["reconcile", "crm"]).done();
    let tried = used(&home, "target crm");
    assert_eq!(
        (&tried["current"]["version"], &tried["candidate"]["stage"]),
        (&"0.1.0".into(), &"canary".into()),
        "{tried}"
    );
    assert_eq!(tried["candidate"]["trial"]["differences"], serde_json::json!([]));
    for place in 0..30 {
        people.at(place).email = format!("new{place}@example.org");
    }
    people.export(&home);
    home.purser(&["import", "hr", "--apply"]).done();
    people.assert_provisioned(&home);
    assert_eq!(version(&home, "target crm"), "0.1.1");
    assert_eq!(version(&home, "target directory"), "0.1.1", "there it is taken at once");
    home.assert_in_step();
}

#[test]
fn copies_that_nobody_needs_are_removed_and_no_other() {
    let home = home();
    home.declare("keep", "[connectors]\nkeep = { copies = 0, age = \"1ms\" }\n");
    let digest = || used(&home, "source hr")["current"]["digest"].as_str().expect("it has one").to_owned();
    let mut builds = Vec::new();
    for version in ["0.1.0", "0.1.1", "0.1.2", "0.1.3", "0.1.4"] {
        drop_in(&home, "flatfile.wasm", &with_version(&flatfile(), version));
        home.purser(&["import", "hr"]).done();
        builds.push(digest());
    }
    let copies = || {
        let files = fs::read_dir(home.path("data/connectors")).expect("it is there");
        let names = files.map(|file| file.expect("it can be looked at").file_name().into_string().expect("a name"));
        names.collect::<BTreeSet<_>>()
    };
    let of = |places: &[usize]| places.iter().map(|place| format!("{}.wasm", builds[*place])).collect::<BTreeSet<_>>();
    let compiled = || fs::read_dir(home.path("data/compiled")).expect("it is there").count();
    assert_eq!((copies(), compiled()), (of(&[0, 1, 2, 3, 4]), 5));

    // The first is pinned, the last runs, the one before it is kept for a rollback.
    let pinned =
        HR.replace("hr", "pinned").replace("\"flatfile\"", &format!("\"flatfile@blake3:{}\"", &builds[0][..16]));
    home.declare("pinned", &pinned);
    let would = home.purser(&["connector", "prune", "--dry-run"]).done();
    assert_eq!((would["copies"].as_array().map(Vec::len), copies().len()), (Some(2), 5), "{would}");
    let removed = home.purser(&["connector", "prune"]).done();
    let removed: BTreeSet<_> = removed["copies"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    assert_eq!(removed, BTreeSet::from([builds[1].as_str(), builds[2].as_str()]));
    assert_eq!((copies(), compiled()), (of(&[0, 3, 4]), 3));
    home.purser(&["connector", "upgrade", "rollback", "hr", "--source"]).done();
    home.purser(&["import", "hr"]).done();
    assert_eq!(version(&home, "source hr"), "0.1.3");

    // What was rolled back still lies in the folder; once it does not, a host that serves removes its copy.
    fs::remove_file(home.path("connectors/flatfile.wasm")).expect("it is there");
    fs::remove_file(home.path("declarations/pinned.toml")).expect("it is there");
    let host = serve(&home);
    eventually("only the copy that runs is left", || copies() == of(&[3]));
    drop(host);
    home.purser(&["import", "hr"]).done();
}
