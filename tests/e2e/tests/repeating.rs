//! Requests under an `Idempotency-Key` while the host is killed: each is done once or not at all, whatever its caller saw of it.

use purser_e2e::http::{Message, exchange};
use purser_e2e::people::{crm, staffed};
use purser_e2e::served::{QUIET, Served, eventually};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

const PEOPLE: usize = 20;
const KILLS: u32 = 12;
const SEED: u64 = 20_261_126;
/// Half of the roles give something in a target, so that the host has work to do while it is asked.
const ROLES: &str =
    "[role.guest]\n[role.writer]\n[[role.writer.grant]]\ntarget = \"crm\"\nentitlements = [\"write\"]\n";

/// Status and answer, or nothing where the host was gone before it answered.
fn post(address: SocketAddr, token: &str, key: &str, body: &Value) -> Option<(u16, Value)> {
    let headers = [
        ("Host", address.to_string()),
        ("Authorization", format!("Bearer {token}")),
        ("Content-Type", "application/json".to_owned()),
        ("Idempotency-Key", format!("\"{key}\"")),
    ];
    let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let request = Message {
        first_line: "POST /v1/assignments HTTP/1.1".to_owned(),
        headers,
        body: body.to_string().into_bytes(),
    };
    let answer = exchange(address, &request).ok()?;
    Some((answer.status()?, serde_json::from_slice(&answer.body).ok()?))
}

fn wanted(ids: &[Value], key: &str, number: usize) -> Value {
    let role = if number.is_multiple_of(2) { "guest" } else { "writer" };
    json!({"identity": ids[number % ids.len()], "role": role, "reason": key})
}

/// How often each key led to an assignment.
fn made(served: &Served<'_>) -> BTreeMap<String, u32> {
    let mut made = BTreeMap::new();
    for one in served.list("/v1/assignments?origin=api&") {
        *made.entry(one["origin"]["reason"].as_str().expect("a reason").to_owned()).or_default() += 1;
    }
    made
}

#[test]
fn a_request_that_is_made_again_after_a_kill_is_done_once() {
    let (home, _people) = staffed(PEOPLE);
    home.declare("more", ROLES);
    let mut random = StdRng::seed_from_u64(SEED);
    let (mut replayed, mut done_after, mut unknown, mut number) = (0, 0, 0, 0);
    for round in 0..KILLS {
        let served = Served::start(&home, &QUIET);
        let (address, token) = (served.address, served.own_token());
        let ids: Vec<Value> = served.list("/v1/identities?").iter().map(|identity| identity["id"].clone()).collect();
        let first = number;
        let keys: Vec<String> = (0..100).map(|place| format!("{round}-{place}")).collect();
        let asking = thread::spawn({
            let (token, ids, keys) = (token.clone(), ids.clone(), keys.clone());
            move || {
                let asked = keys
                    .iter()
                    .zip(first..)
                    .map_while(|(key, number)| post(address, &token, key, &wanted(&ids, key, number)));
                asked.count()
            }
        });
        served.process.kill_after(Duration::from_millis(random.random_range(5..400)));
        let answered = asking.join().expect("it asks until the host is gone");

        let served = Served::start(&home, &QUIET);
        let before = made(&served);
        // Those that were answered, the one that was not, and one that was not asked.
        for (key, number) in keys.iter().zip(first..).take(answered + 2) {
            let (status, answer) = post(served.address, &token, key, &wanted(&ids, key, number)).expect("an answer");
            match (status, before.contains_key(key)) {
                (201, true) => replayed += 1,
                (201, false) => done_after += 1,
                (409, true) if answer["code"] == "end-unknown" => unknown += 1,
                other => panic!("{key}: {other:?} {answer}"),
            }
        }
        number = first + answered + 2;
        let made = made(&served);
        for key in keys.iter().take(answered + 2) {
            assert_eq!(made.get(key), Some(&1), "{key}");
        }
        served.stop();
    }
    assert!(replayed >= KILLS && done_after >= 3, "{replayed} replayed, {done_after} done, {unknown} unknown");
    // What was assigned flows on as if nothing had happened.
    let served = Served::start(&home, &QUIET);
    eventually("whoever is assigned a writer can write", || {
        let writers = served.list("/v1/roles/writer/holders?").len();
        let able =
            crm(&home).values().filter(|user| user["permissions"].to_string().contains("write-customers")).count();
        writers > 0 && able >= writers
    });
    served.stop();
}
