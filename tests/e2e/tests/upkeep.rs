//! What keeps a host in order, over its API: the log is verified, backups are fetched, and what nobody needs is removed.

use purser_e2e::builds::with_version;
use purser_e2e::environment::connector;
use purser_e2e::home::Home;
use purser_e2e::http::{Message, exchange};
use purser_e2e::people::staffed;
use purser_e2e::program::Answer;
use purser_e2e::served::{QUIET, Served, eventually};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::thread;

/// Runs a command at a host, as its admin.
fn at<'a>(home: &'a Home, address: SocketAddr) -> impl Fn(&[&str]) -> Answer + 'a {
    home.set_variable("XDG_CONFIG_HOME", &home.path("config").to_string_lossy());
    home.set_variable("PURSER_TOKEN", &home.read("data/api-token"));
    let url = format!("http://{address}");
    move |arguments: &[&str]| home.purser(&[&["--server", url.as_str()], arguments].concat())
}

/// What a request that has no body is answered, as it came.
fn plain(address: SocketAddr, line: &str, token: &str) -> Message {
    let headers = [("Host", address.to_string()), ("Authorization", format!("Bearer {token}"))];
    let headers = headers.map(|(name, value)| (name.to_owned(), value)).to_vec();
    let request = Message { first_line: format!("{line} HTTP/1.1"), headers, body: Vec::new() };
    exchange(address, &request).unwrap_or_else(|error| panic!("{line}: {error}"))
}

fn sql(home: &Home, text: &str) {
    let connection = rusqlite::Connection::open(home.path("data/purser.db")).expect("the store can be opened");
    connection.busy_timeout(std::time::Duration::from_mins(1)).expect("a time can be set");
    connection.execute_batch(text).expect("the statements are right");
}

#[test]
fn the_log_is_verified_at_a_host_piece_by_piece_while_it_works() {
    let (home, _people) = staffed(30);
    let served = Served::start(&home, &QUIET);
    let (ask, own) = (at(&home, served.address), served.own_token());
    let whole = ask(&["audit", "verify"]).done();
    let head = whole["head"].as_str().expect("the head is told").to_owned();
    assert_eq!((&whole["whole"], &whole["broken"]), (&json!(true), &json!(null)), "{whole}");
    assert!(whole["rows"].as_i64().is_some_and(|rows| rows > 100), "{whole}");

    // A piece at a time comes to the same end, and what was kept elsewhere is found on the way.
    let (mut after, mut pieces) = (String::new(), 0);
    let last = loop {
        let path = format!("/v1/audit/verification?limit=50&expect={head}{after}");
        let (status, piece) = served.get(&path, Some(&own));
        assert_eq!((status, &piece["broken"]), (200, &json!(null)), "{piece}");
        pieces += 1;
        let Some(next) = piece["next"].as_str() else { break piece };
        assert_eq!(piece["whole"], json!(null), "{piece}");
        after = format!("&after={next}");
    };
    assert!(pieces > 2 && last["whole"] == true, "{pieces}: {last}");
    let other = format!("7:{}", "0".repeat(64));
    let unexpected = ask(&["audit", "verify", "--expect", &other]).ended_with(1);
    assert_eq!(unexpected["broken"]["sequence"], 7, "{unexpected}");
    for (query, status) in
        [("limit=0", 400), ("limit=50001", 400), ("after=7", 400), ("after=-1:00", 400), ("x=1", 400)]
    {
        assert_eq!(served.get(&format!("/v1/audit/verification?{query}"), Some(&own)).0, status, "{query}");
    }
    // Whoever goes on from a row that was never there is told so.
    let (_, astray) = served.get(&format!("/v1/audit/verification?after={other}"), Some(&own));
    assert_eq!((&astray["whole"], &astray["broken"]["sequence"]), (&json!(false), &json!(8)), "{astray}");

    // Many at once take their turn, and hold up nobody else.
    thread::scope(|all| {
        let many: Vec<_> =
            (0..8).map(|_| all.spawn(|| served.get("/v1/audit/verification?limit=50000", Some(&own)))).collect();
        assert_eq!(served.get("/v1/identities", Some(&own)).0, 200);
        for one in many {
            let (status, found) = one.join().expect("it is answered");
            assert_eq!((status, &found["whole"]), (200, &json!(true)), "{found}");
        }
    });

    sql(&home, "DROP TRIGGER audit_is_not_changed; UPDATE audit SET actor = 'nobody' WHERE sequence = 60");
    let broken = ask(&["audit", "verify"]).ended_with(1);
    assert_eq!((&broken["broken"]["sequence"], &broken["rows"]), (&json!(60), &json!(59)), "{broken}");
    served.stop();
    let locally = home.purser(&["audit", "verify"]).ended_with(1);
    assert_eq!((&locally["broken"], &locally["rows"]), (&broken["broken"], &broken["rows"]));
}

#[test]
fn a_backup_is_made_at_a_host_fetched_checked_and_restored() {
    let (home, people) = staffed(5);
    let served = Served::start(&home, &QUIET);
    let (ask, own) = (at(&home, served.address), served.own_token());
    let file = home.path("fetched.tar").display().to_string();
    let made = ask(&["backup", &file]).done();
    assert_eq!((&made["counts"]["identities"], &made["counts"]["accounts"]), (&json!(5), &json!(10)), "{made}");
    let mode = fs::metadata(&file).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "only its owner reads it");
    let again = ask(&["backup", &file]).complaint(1);
    assert!(again.contains("overwrites nothing"), "{again}");
    let kept = served.get("/v1/backups", Some(&own)).1;
    assert_eq!(kept["items"].as_array().map(Vec::len), Some(1), "none is made in vain: {kept}");
    let name = kept["items"][0]["name"].as_str().expect("a name").to_owned();
    assert_eq!(served.get(&format!("/v1/backups/{name}"), Some(&own)).1, kept["items"][0]);

    let sent = plain(served.address, &format!("GET /v1/backups/{name}/content"), &own);
    assert_eq!(sent.status(), Some(200));
    assert_eq!(sent.body, fs::read(&file).expect("it is there"));
    assert_eq!(sent.header("content-type"), Some("application/x-tar"));
    assert_eq!(sent.header("content-disposition"), Some(format!("attachment; filename=\"{name}\"").as_str()));
    assert_eq!(sent.header("cache-control"), Some("no-store"));
    let tag = sent.header("etag").expect("a tag").trim_matches('"').to_owned();
    assert_eq!(tag.len(), 64, "{tag}");
    assert!(sent.header("repr-digest").is_some_and(|digest| digest.starts_with("sha-256=:")), "{sent:?}");

    // No name leads out of the folder, and who is no admin gets nothing.
    fs::copy(home.path("data/api-token"), home.path("data/backups/other.tar")).expect("it can be copied");
    std::os::unix::fs::symlink(home.path("data/api-token"), home.path("data/backups/purser-1.tar")).expect("a link");
    for bad in [
        "..%2Fapi-token",
        "purser-..%2F..%2Fapi-token",
        "purser-%2e%2e%2fapi-token.tar",
        "..%2F..%2Fdata%2Fapi-token",
        "%2Fetc%2Fpasswd",
        "other.tar",
        "purser-1.tar",
        "purser-2.tar",
        "purser-1.tar%00",
    ] {
        for (method, end) in [("GET", "/content"), ("GET", ""), ("DELETE", "")] {
            let answer = plain(served.address, &format!("{method} /v1/backups/{bad}{end}"), &own);
            assert!(matches!(answer.status(), Some(400 | 404)), "{method} {bad}{end}: {answer:?}");
            assert!(!String::from_utf8_lossy(&answer.body).contains(&own), "{bad}");
        }
    }
    let otto = home.api_token("otto", "operator");
    for line in [format!("GET /v1/backups/{name}/content"), format!("DELETE /v1/backups/{name}")] {
        assert_eq!(plain(served.address, &line, &otto).status(), Some(403), "{line}");
    }

    // Who took it is known.
    let rows = served.list("/v1/audit?action=requested&");
    let taken = |one: &&Value| one["subject"] == format!("GET /v1/backups/{name}/content");
    assert_eq!(rows.iter().filter(taken).count(), 2, "{rows:?}");
    assert!(rows.iter().filter(taken).all(|one| one["actor"] == "api:host"), "{rows:?}");
    assert_eq!(served.ask("DELETE", &format!("/v1/backups/{name}"), Some(&own), None).0, 204);
    assert_eq!(served.get(&format!("/v1/backups/{name}"), Some(&own)).0, 404);
    assert_eq!(served.get("/v1/backups", Some(&own)).1["items"], json!([]));
    let refused = ask(&["restore", &file, "--force"]).complaint(1);
    assert!(refused.contains("stop the host"), "{refused}");
    served.stop();
    home.purser(&["restore", &file, "--force"]).done();
    people.assert_provisioned(&home);
}

/// Stands between, and spoils each answer that is a backup.
fn spoiling(host: SocketAddr, spoil: fn(&mut Message)) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port of this machine can be had");
    let address = listener.local_addr().expect("a listener has an address");
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let Ok(Some(request)) = Message::read_request(&stream) else { continue };
            let Ok(mut answer) = exchange(host, &request) else { continue };
            if request.first_line.contains("/content") {
                spoil(&mut answer);
            }
            let _ = std::io::Write::write_all(&mut stream, &answer.to_bytes());
        }
    });
    address
}

/// Makes another answer of one.
type Spoil = fn(&mut Message);

#[test]
fn of_a_backup_that_comes_otherwise_than_it_was_sent_nothing_is_kept() {
    let (home, _people) = staffed(1);
    let served = Served::start(&home, &QUIET);
    let spoils: [(&str, Spoil); 3] = [
        ("not those that were sent", |answer| {
            let middle = answer.body.len() / 2;
            answer.body[middle] ^= 1;
        }),
        ("not those that were sent", |answer| answer.body.truncate(1_000)),
        ("repr-digest", |answer| answer.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("repr-digest"))),
    ];
    home.write("mine/keep", "");
    for (words, spoil) in spoils {
        let ask = at(&home, spoiling(served.address, spoil));
        let refused = ask(&["backup", &home.path("mine/fetched.tar").display().to_string()]).complaint(1);
        assert!(refused.contains(words), "{refused}");
        let left = fs::read_dir(home.path("mine")).expect("it is there").count();
        assert_eq!(left, 1, "nothing is left behind");
    }
    served.stop();
}

#[test]
fn what_nobody_needs_any_more_is_removed_at_a_host() {
    let (home, _people) = staffed(1);
    home.declare("keeping", "[connectors]\nkeep = { copies = 0, age = \"1ms\" }\n");
    let served = Served::start(&home, &QUIET);
    let (ask, own) = (at(&home, served.address), served.own_token());
    // A file that lay in the folder for a while and was taken by nobody.
    let built = fs::read(connector("flatfile")).expect("it can be read");
    let copies = || {
        let listed = served.get("/v1/connectors", Some(&own)).1;
        let digests = listed["items"].as_array().expect("a list").iter().filter_map(|one| one["digest"].as_str());
        digests.map(str::to_owned).collect::<BTreeSet<_>>()
    };
    let before = copies();
    for version in ["0.0.1", "0.0.2"] {
        home.write("upload/older.wasm", with_version(&built, version));
        ask(&["connector", "drop-in", &home.path("upload/older.wasm").display().to_string()]).done();
    }
    fs::remove_file(home.path("connectors/older.wasm")).expect("it is there");
    eventually("the file is gone", || {
        let listed = served.get("/v1/connectors", Some(&own)).1;
        !listed.to_string().contains("older.wasm")
    });
    let spare: BTreeSet<String> = copies().difference(&before).cloned().collect();
    assert_eq!(spare.len(), 2, "{spare:?}");
    let named = |answer: Value| {
        let copies = answer["copies"].as_array().expect("a list").iter().filter_map(Value::as_str);
        copies.map(str::to_owned).collect::<BTreeSet<_>>()
    };
    let would = ask(&["connector", "prune", "--dry-run"]).done();
    assert_eq!(would["removed"], false);
    assert_eq!(named(would), spare);
    assert_eq!(copies().len(), before.len() + 2, "nothing is removed yet");
    let removed = ask(&["connector", "prune"]).done();
    assert_eq!(removed["removed"], true);
    assert_eq!((named(removed), copies()), (spare, before));
    let asked = served.list("/v1/audit?action=requested&actor=api:host&");
    assert_eq!(asked.iter().filter(|one| one["subject"] == "POST /v1/connectors/pruning").count(), 1, "{asked:?}");

    let dropped = ask(&["events", "prune", "--before", "2099-01-01T00:00:00Z"]).done();
    assert!(dropped["dropped"].as_u64().is_some_and(|dropped| dropped > 5), "{dropped}");
    let (status, problem) = served.get("/v1/events?after=1", Some(&own));
    assert_eq!((status, &problem["code"]), (410, &json!("events-gone")), "{problem}");
    let rows = served.list("/v1/audit?action=events-pruned&");
    assert_eq!((&rows[0]["actor"], rows.len()), (&json!("api:host"), 1), "{rows:?}");
    assert_eq!(ask(&["events", "prune", "--before", "1d"]).done()["dropped"], 0);
    served.stop();
    home.purser(&["audit", "verify"]).done();
}
