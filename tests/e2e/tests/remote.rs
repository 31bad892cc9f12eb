//! Commands at a host that serves: what they answer over the API is what they answer in its home.

use purser_e2e::builds::{importing, with_version};
use purser_e2e::environment::connector;
use purser_e2e::home::Home;
use purser_e2e::people::{People, Policy, company, edit_directory, guard_as_usual, staffed};
use purser_e2e::program::Answer;
use purser_e2e::secrecy::set;
use purser_e2e::served::{QUIET, Served, eventually};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

/// A home with something of everything: accounts, an unlinked one, held items, a plan, a quiet host.
fn eventful() -> (Home, People) {
    let home = company(Policy { leaving: "disable", ..Policy::default() });
    let mut people = People::employed(30);
    people.export(&home);
    home.purser(&["import", "hr", "--apply"]).done();
    guard_as_usual(&home);
    for place in 0..15 {
        people.at(place).employed = false;
    }
    people.at(20).email = "moved@example.org".to_owned();
    people.export(&home);
    home.purser(&["import", "hr", "--allow-departures", "15"]).done();
    home.purser(&["apply"]).ended_with(3);
    edit_directory(&home, "E00019", "mail", "drifted@example.com");
    assert_eq!(set(&home, "spare", "hunter2").0, 0);
    let hr = home.read("declarations/hr.toml");
    home.declare("hr", &hr.replace("lifecycle =", "schedule = \"0 0 29 2 *\"\nlifecycle ="));
    (home, people)
}

/// Runs a command at a host, with a folder of the user's own.
fn at<'a>(home: &'a Home, served: &Served<'_>) -> impl Fn(&[&str]) -> Answer + 'a {
    home.set_variable("XDG_CONFIG_HOME", &home.path("config").to_string_lossy());
    let (url, token) = (format!("http://{}", served.address), served.own_token());
    move |arguments: &[&str]| {
        home.set_variable("PURSER_TOKEN", &token);
        home.purser(&[&["--server", url.as_str()], arguments].concat())
    }
}

/// What people read, of a command at a host or in the home.
fn told(home: &Home, arguments: &[&str]) -> String {
    let command = home.command(arguments);
    let all: Vec<_> = command.get_args().filter(|argument| *argument != "--json").map(ToOwned::to_owned).collect();
    let mut people = Command::new(command.get_program());
    people.args(all).envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = people.current_dir(home.path("")).output().expect("the program starts");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn what_is_read_at_a_host_is_what_is_read_in_its_home() {
    let (home, _) = eventful();
    let plan = home.purser(&["reconcile", "directory", "--dry-run"]).ended_with(3);
    assert!(plan["plan"]["items"].is_array(), "{plan}");
    let kept = home.purser(&["plan"]).ended_with(3);
    let plan = kept["plan"]["id"].as_str().expect("a plan is kept").to_owned();
    let reads: Vec<Vec<&str>> = vec![
        vec!["status"],
        vec!["plan", "list"],
        vec!["plan", "show", &plan],
        vec!["explain", "hr/E00020"],
        vec!["explain", "hr/E00001", "--target", "crm"],
        vec!["held", "list"],
        vec!["held", "list", "--target", "crm"],
        vec!["quarantine", "list"],
        vec!["case", "list", "--all"],
        vec!["account", "list"],
        vec!["account", "list", "--target", "directory", "--situation", "linked"],
        vec!["deletion", "list"],
        vec!["audit", "list", "--limit", "700"],
        vec!["audit", "list", "--identity", "hr/E00001", "--target", "crm"],
        vec!["audit", "list", "--action", "operation-applied", "--limit", "5"],
        vec!["connector", "prune", "--dry-run"],
        vec!["insight"],
        vec!["insight", "accounts"],
        vec!["insight", "orphans"],
        vec!["insight", "orphans", "--target", "crm"],
        vec!["insight", "dormant"],
        vec!["insight", "entitlements"],
        vec!["insight", "entitlements", "--target", "directory"],
        vec!["insight", "latency"],
        vec!["insight", "failures"],
        vec!["insight", "drift"],
        vec!["insight", "drift", "--target", "directory"],
        vec!["token", "list"],
        vec!["scim-token", "list"],
        vec!["webhook", "list"],
        vec!["check"],
        vec!["log"],
        vec!["log", "--identity", "hr/E00001", "--target", "crm"],
        vec!["schedule", "list"],
        vec!["run", "list"],
        vec!["run", "list", "--limit", "2"],
        vec!["operation", "list"],
        vec!["operation", "list", "--identity", "hr/E00001", "--target", "crm", "--state", "applied"],
        vec!["secret", "list"],
        vec!["connector", "list"],
        vec!["connector", "upgrade", "list"],
    ];
    let served = Served::start(&home, &QUIET);
    // What a start does is done.
    eventually("nothing waits to be looked at", || served.get("/readyz", None).0 == 200);
    let ask = at(&home, &served);
    let server = format!("http://{}", served.address);
    let remote: Vec<(Answer, String)> = reads
        .iter()
        .map(|command| (ask(command), told(&home, &[&["--server", server.as_str()], command.as_slice()].concat())))
        .collect();
    let events = ask(&["events", "--after", "100"]).output;
    served.stop();
    let mut different = Vec::new();
    for (command, (remote, text)) in reads.iter().zip(remote) {
        let local = home.purser(command);
        let same = remote.code == local.code
            && settled(&remote.output) == settled(&local.output)
            && words(&text) == words(&told(&home, command));
        if !same {
            different.push(format!("{command:?}\n{}\n{}\n{text}", remote.output, local.output));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n\n"));
    let local = home.purser(&["events", "--after", "100"]).output;
    assert!(local.starts_with(&events) && events.lines().count() > 20, "{events}");
}

/// The answers of a command, one after the other, without the moment at which they were made.
fn settled(output: &str) -> Vec<Value> {
    let values = serde_json::Deserializer::from_str(output).into_iter::<Value>();
    let settled = values.map(|value| {
        let mut value = value.expect("the answer is JSON");
        if let Some(explained) = value.as_object_mut().filter(|answer| answer.contains_key("last_operations")) {
            explained.remove("at");
        }
        value
    });
    settled.collect()
}

/// The words of a text, without moments.
fn words(text: &str) -> Vec<&str> {
    let is_moment = |word: &&str| word.starts_with("20") && word.contains('T') && word.contains('Z');
    text.split_whitespace().filter(|word| !is_moment(word)).collect()
}

#[test]
fn what_is_done_at_a_host_is_done_and_answered_as_in_its_home() {
    let (home, mut people) = eventful();
    let served = Served::start(&home, &QUIET);
    let ask = at(&home, &served);

    // What the guard holds is rejected for one and approved for the others.
    let held = ask(&["held", "list"]).done();
    let account = held[0]["account"].as_str().expect("something is held").to_owned();
    assert_eq!(ask(&["held", "reject", &account]).done()["decided"], 1);
    assert!(ask(&["held", "approve", "--all"]).done()["decided"].as_u64().is_some_and(|count| count > 3));

    // A change is imported, planned, decided on and applied.
    people.at(22).email = "changed@example.org".to_owned();
    people.export(&home);
    let imported = ask(&["import", "hr"]).done();
    assert_eq!((&imported["staged"], &imported["changed"]), (&json!(30), &json!(1)), "{imported}");
    eventually("the host has provisioned it", || {
        purser_e2e::people::crm(&home).get("E00022").is_some_and(|user| user["email"] == "changed@example.org")
    });
    let reconciled = ask(&["reconcile", "directory"]).done();
    assert_eq!((&reconciled["kind"], &reconciled["changed"]), (&json!("reconciliation"), &json!(1)), "{reconciled}");
    let looked = ask(&["reconcile", "directory", "--dry-run"]);
    assert!(looked.code == Some(0) || looked.code == Some(3), "{looked:?}");
    let provisioned = ask(&["provision", "hr/E00022"]).done();
    assert!(provisioned["explained"]["targets"].is_array(), "{provisioned}");
    ask(&["apply"]).done();

    // Accounts are unlinked and linked by the names that people know.
    let unlinked = ask(&["account", "unlink", "crm/E00023"]).done();
    assert_eq!(unlinked["identity"], json!(null));
    let linked = ask(&["account", "link", "crm/E00023", "hr/E00023"]).done();
    assert_eq!(linked["account"], unlinked["account"]);

    // A token is made, used and revoked; whoever is refused is told why.
    let made = ask(&["token", "create", "reader", "--role", "viewer"]).done();
    let token = made["token"].as_str().expect("its text is shown").to_owned();
    let url = format!("http://{}", served.address);
    home.set_variable("PURSER_TOKEN", &token);
    home.purser(&["--server", &url, "status"]).done();
    let refused = home.purser(&["--server", &url, "import", "hr"]).complaint(1);
    assert!(refused.contains("operators, owners and admins"), "{refused}");
    ask(&["token", "revoke", "reader"]).done();
    home.set_variable("PURSER_TOKEN", &token);
    let refused = home.purser(&["--server", &url, "status"]).complaint(1);
    assert!(refused.contains("token"), "{refused}");

    // What is for the machine itself is said so, and nothing is done.
    for (command, words) in [
        (["secret", "rotate-key", "--new-key-file", "x"].as_slice(), "needs the home itself"),
        (&["serve"], "needs the home itself"),
        (&["restore", "x.tar", "--force"], "stop the host"),
        (&["demo", "--connectors", "x"], "without --server"),
    ] {
        let refused = ask(command).complaint(1);
        assert!(refused.contains(words), "{command:?}: {refused}");
    }
    let wrong = ask(&["explain", "hr/nobody"]).complaint(1);
    assert!(wrong.contains("hr/nobody"), "{wrong}");
    served.stop();
    home.purser(&["audit", "verify"]).done();
    assert!(
        home.purser(&["audit", "list", "--actor", "api:host", "--limit", "1000"]).output.contains("account-linked")
    );
}

#[test]
fn secrets_and_connectors_are_kept_at_a_host_as_in_its_home() {
    let (home, _people) = staffed(1);
    let served = Served::start(&home, &QUIET);
    let ask = at(&home, &served);

    home.write("spare.txt", "hunter2\n");
    let file = home.path("spare.txt").display().to_string();
    let secret = ask(&["secret", "set", "spare", "--from-file", &file]).done();
    assert_eq!((&secret["name"], &secret["version"]), (&json!("spare"), &json!(1)), "{secret}");
    assert_eq!(ask(&["secret", "list"]).done()[0]["set_by"], "api:host");
    assert_eq!(ask(&["secret", "remove", "spare"]).done()["was_used_by"], json!([]));
    assert!(ask(&["secret", "remove", "spare"]).complaint(1).contains("spare"));

    let built = fs::read(connector("flatfile")).expect("it can be read");
    home.write("upload/newer.wasm", importing(&with_version(&built, "0.2.0"), "purser:connector/clock@0.1.0"));
    home.write("upload/bad.wasm", "garbage");
    let upload = |name: &str| ask(&["connector", "drop-in", &home.path(name).display().to_string()]);
    assert!(upload("upload/bad.wasm").complaint(1).contains("bad.wasm"));
    let dropped = upload("upload/newer.wasm").done();
    assert_eq!(
        (&dropped["file"], &dropped["connector"]["manifest"]["version"]),
        (&json!("newer.wasm"), &json!("0.2.0"))
    );
    let inspected = ask(&["connector", "inspect", "newer.wasm"]).done();
    let digest = inspected["digest"].as_str().expect("a digest").to_owned();
    assert_eq!(dropped["connector"]["digest"], digest.as_str());
    let in_home = home.purser(&["connector", "inspect", "connectors/newer.wasm"]).done();
    for part in ["digest", "bytes", "signature", "reach", "manifest"] {
        assert_eq!(inspected[part], in_home[part], "{part}");
    }
    let compared = ask(&["connector", "diff", "flatfile.wasm", &digest[..8]]).done();
    let locally = home.purser(&["connector", "diff", "connectors/flatfile.wasm", "connectors/newer.wasm"]).done();
    for part in ["former", "newer", "asks_for_more", "differences"] {
        assert_eq!(compared[part], locally[part], "{part}");
    }
    assert!(ask(&["connector", "inspect", "nothing.wasm"]).complaint(1).contains("connector list"));

    // It is taken where a person approves it, and left again.
    served.post("/v1/targets/crm/upgrade", &served.own_token(), &json!({"decision": "begin"}));
    ask(&["connector", "upgrade", "advance", "crm"]).done();
    served.post("/v1/targets/crm/upgrade", &served.own_token(), &json!({"decision": "begin"}));
    let runs = || served.get("/v1/targets/crm", Some(&served.own_token())).1["runs"]["version"].clone();
    assert_eq!(runs(), "0.2.0");
    let left = ask(&["connector", "upgrade", "rollback", "crm"]).done();
    assert_eq!((&left["subject"], runs()), (&json!("target crm"), json!("0.1.0")), "{left}");
    served.stop();
    // In the home itself a file is dropped in the same way.
    fs::remove_file(home.path("connectors/newer.wasm")).expect("it is there");
    home.purser(&["connector", "drop-in", "upload/newer.wasm"]).done();
    assert!(home.path("connectors/newer.wasm").exists());
}

#[test]
fn tokens_of_clients_that_push_are_made_and_revoked_at_a_host() {
    let home = Home::new();
    home.declare("idp", "[source.idp]\nkind = \"scim\"\n");
    let served = Served::start(&home, &QUIET);
    let ask = at(&home, &served);
    assert!(ask(&["scim-token", "create", "okta", "--source", "nobody"]).complaint(1).contains("nobody"));
    let made = ask(&["scim-token", "create", "okta", "--source", "idp"]).done();
    let token = made["token"].as_str().expect("its text is shown").to_owned();
    assert!(!ask(&["scim-token", "list"]).done().to_string().contains(&token));
    assert_eq!(served.ask("GET", "/scim/v2/Users", Some(&token), None).0, 200);
    assert_eq!(ask(&["scim-token", "revoke", "okta"]).done(), json!({"revoked": "okta"}));
    assert_eq!(served.ask("GET", "/scim/v2/Users", Some(&token), None).0, 401);
    served.stop();
}

#[test]
fn declarations_are_exported_tried_and_put_in_force_at_a_host() {
    let (home, people) = staffed(2);
    let served = Served::start(&home, &QUIET);
    let ask = at(&home, &served);
    let folder = home.path("exported").display().to_string();
    let exported = ask(&["declarations", "export", &folder]).done();
    assert_eq!(exported["files"].as_array().map(Vec::len), Some(4), "{exported}");
    let digest = exported["digest"].as_str().expect("a digest").to_owned();
    let crm = home.read("exported/crm.toml");
    assert_eq!(crm, home.read("declarations/crm.toml"));

    home.write("exported/crm.toml", crm.replace("leaving = \"disable\"", "leaving = \"explode\""));
    let tried = ask(&["declarations", "apply", &folder, "--dry-run"]).ended_with(2);
    assert_eq!(tried["mistakes"][0]["file"], "crm.toml", "{tried}");
    let refused = ask(&["declarations", "apply", &folder]).complaint(1);
    assert!(refused.contains("crm.toml:5") && refused.contains("explode"), "{refused}");

    home.write(
        "exported/crm.toml",
        crm.replace("value = \"identity.email\"", "value = \"identity.email.upperAscii()\""),
    );
    let tried = ask(&["declarations", "apply", &folder, "--dry-run"]).ended_with(3);
    assert_eq!(tried["foreseen"]["new"], 2, "{tried}");
    people.assert_provisioned(&home);
    let wrong = ask(&["declarations", "apply", &folder, "--made-from", &"0".repeat(64)]).complaint(1);
    assert!(wrong.contains("other declarations are in force"), "{wrong}");
    let applied = ask(&["declarations", "apply", &folder, "--made-from", &digest]).done();
    assert_eq!(applied["applied"]["woken"], 2, "{applied}");
    eventually("the new mapping holds", || crm_of(&home, "E00001")["email"] == "E00001@EXAMPLE.ORG");
    home.write("exported/other.toml", "");
    assert!(ask(&["declarations", "export", &folder]).complaint(1).contains("other.toml"));
    served.stop();
    assert!(home.purser(&["declarations", "export", &folder]).complaint(1).contains("--server"));
}

fn crm_of(home: &Home, number: &str) -> Value {
    purser_e2e::people::crm(home)[number].clone()
}

#[test]
fn a_token_is_kept_for_its_owner_alone_and_goes_nowhere_in_clear() {
    let home = Home::new();
    home.declare("roles", "[role.employee]\nrule = \"true\"\n");
    home.set_variable("XDG_CONFIG_HOME", &home.path("config").to_string_lossy());
    let served = Served::start(&home, &QUIET);
    let url = format!("http://{}", served.address);
    assert_eq!(home.purser(&["--server", &url, "ready"]).done()["status"], "ready");
    let nobody = home.purser(&["--server", &url, "status"]).complaint(1);
    assert!(nobody.contains("purser login"), "{nobody}");

    let login = |token: &str| {
        let mut command = home.command(&["login", &url]);
        let streams = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = streams.spawn().expect("the program starts");
        std::io::Write::write_all(&mut child.stdin.take().expect("an input"), token.as_bytes()).expect("it reads");
        child.wait_with_output().expect("it ends")
    };
    assert_eq!(login("guessed").status.code(), Some(1));
    let signed_in = login(&format!("{}\n", served.own_token()));
    assert_eq!(signed_in.status.code(), Some(0), "{signed_in:?}");
    assert!(!String::from_utf8_lossy(&signed_in.stdout).contains(&served.own_token()));
    let kept = fs::metadata(home.path("config/purser/tokens.json")).expect("the token is kept");
    assert_eq!(kept.permissions().mode() & 0o777, 0o600);
    home.purser(&["--server", &url, "status"]).done();
    home.set_variable("PURSER_SERVER", &url);
    home.purser(&["held", "list"]).done();
    assert_eq!(home.purser(&["logout", &url]).done()["forgotten"], true);
    home.purser(&["held", "list"]).complaint(1);

    for (server, words) in [
        ("http://purser.example", "in clear"),
        ("https://user:password@purser.example", "leave out"),
        ("purser.example", "https://"),
    ] {
        let refused = home.purser(&["--server", server, "status"]).complaint(1);
        assert!(refused.contains(words), "{server}: {refused}");
    }
    served.stop();
    let gone = home.purser(&["ready"]).complaint(1);
    assert!(gone.contains("cannot be reached"), "{gone}");
}

#[test]
fn shells_complete_the_commands() {
    let home = Home::new();
    for (shell, words) in [("bash", "complete -F"), ("zsh", "#compdef purser"), ("fish", "complete -c purser")] {
        let script = home.purser(&["completions", shell]).output;
        assert!(script.contains(words) && script.contains("reconcile"), "{shell}: {script}");
    }
}
