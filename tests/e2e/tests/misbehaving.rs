//! Connectors that loop, flood and hoard while a host serves: it answers meanwhile, and says which limits they reached.
#![expect(clippy::disallowed_methods, reason = "a test that measures how long a host takes to answer")]

use purser_e2e::guests::components;
use purser_e2e::home::Home;
use purser_e2e::http::{Message, exchange};
use purser_e2e::program::Running;
use purser_e2e::served::address_in;
use serde_json::Value;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

/// Guests that misbehave in every search, and the limit that each comes to.
const GUESTS: [(&str, &str); 4] = [
    ("loops_in_search", "cpu"),
    ("floods_log", "log"),
    ("hoards_memory", "memory"),
    ("calls_the_host_forever", "host-calls"),
];
/// Far longer than anything here takes on a slow machine.
const PATIENCE: Duration = Duration::from_mins(4);
/// Half of all probes take no longer. Without load they take a millisecond; a busy machine is given its time.
const PROMPT: Duration = Duration::from_millis(250);

/// A home in which every guest is a source and a target.
fn home() -> Home {
    let home = Home::new();
    for (guest, component) in components(env!("CARGO_TARGET_TMPDIR"), &GUESTS.map(|(guest, _)| guest)) {
        home.write(&format!("connectors/{guest}.wasm"), component);
    }
    let listed = home.purser(&["connector", "list"]).done();
    for (number, (guest, _)) in GUESTS.iter().enumerate() {
        let mut files = listed.as_array().expect("a list").iter();
        let file = files.find(|one| one["file"] == format!("{guest}.wasm")).expect("it is listed");
        let digest = file["digest"].as_str().expect("it has a digest");
        let instance =
            format!("connector = \"guest@blake3:{digest}\"\nclass = \"account\"\nlimits = {{ cpu = \"2s\" }}\n");
        home.declare(guest, &format!("[source.s{number}]\n{instance}\n[target.t{number}]\n{instance}"));
    }
    home
}

struct Host {
    process: Running,
    address: SocketAddr,
}

impl Host {
    fn start(home: &Home) -> Self {
        let mut process =
            home.start(&["serve", "--listen", "127.0.0.1:0", "--import-every", "1", "--reconcile-every", "1"]);
        let begun = Instant::now();
        loop {
            if let Some(address) = address_in(&process.output()) {
                return Self { address, process };
            }
            assert!(!process.has_ended() && begun.elapsed() < PATIENCE, "{}", process.log());
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn get(&self, path: &str, token: &str) -> (u16, Vec<u8>) {
        let headers = vec![
            ("Host".to_owned(), self.address.to_string()),
            ("Authorization".to_owned(), format!("Bearer {token}")),
        ];
        let request = Message { first_line: format!("GET {path} HTTP/1.1"), headers, body: Vec::new() };
        let answer = exchange(self.address, &request).expect("the host answers");
        (answer.status().expect("a status"), answer.body)
    }

    fn limits(&self, home: &Home) -> BTreeSet<(String, String)> {
        let (status, body) = self.get("/v1/limits", &home.read("data/api-token"));
        assert_eq!(status, 200);
        reached(&serde_json::from_slice::<Value>(&body).expect("JSON")["items"])
    }
}

/// Limits, and who reached them.
fn reached(counts: &Value) -> BTreeSet<(String, String)> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let counts = counts.as_array().expect("a list").iter();
    counts
        .inspect(|one| assert!(one["times"].as_u64() > Some(0) && one["connector"] == "guest 1.0.0", "{one}"))
        .map(|one| (text(&one["limit"]), text(&one["subject"])))
        .collect()
}

#[test]
fn a_host_answers_while_connectors_misbehave_and_counts_the_limits_they_reach() {
    let home = home();
    let host = Host::start(&home);
    let expected: BTreeSet<_> = GUESTS
        .iter()
        .enumerate()
        .flat_map(|(number, (_, limit))| {
            [format!("source s{number}"), format!("target t{number}")].map(|subject| ((*limit).to_owned(), subject))
        })
        .collect();
    let begun = Instant::now();
    let mut waits = Vec::new();
    while !expected.is_subset(&host.limits(&home)) {
        assert!(begun.elapsed() < PATIENCE, "{:?}\n{}", host.limits(&home), host.process.log());
        for _ in 0..10 {
            let asked = Instant::now();
            assert_eq!(host.get("/healthz", "").0, 200);
            waits.push(asked.elapsed());
            thread::sleep(Duration::from_millis(20));
        }
    }
    waits.sort();
    let median = waits[waits.len() / 2];
    assert!(waits.len() >= 20 && median < PROMPT, "{median:?} of {} probes", waits.len());
    println!("{} probes: median {median:?}, longest {:?}", waits.len(), waits[waits.len() - 1]);

    host.process.terminate();
    assert_eq!(host.process.wait().code, Some(0));
    let status = home.purser(&["status"]).done();
    assert!(expected.is_subset(&reached(&status["limits"])), "{status}");
}
