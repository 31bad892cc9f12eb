//! Every attack of `purser_guests::attack`. One on the answer misbehaves in the answer; every other one answers with an
//! object that says how the host replied.
#![cfg(target_arch = "wasm32")]

use purser_guests::attack::Attack;
use purser_guests::contract::purser::connector::http::{self, Field, Method, SecretEncoding, SecretUse};
use purser_guests::contract::purser::connector::types::{
    Error, ErrorClass, Manifest, Object, Outcome, Page, Request, SearchRequest, Tail,
};
use purser_guests::contract::purser::connector::{clock, files, log, random, state};
use purser_guests::{Program, manifest, needs, object, observations, page, program};
use std::hint::black_box;

struct Attacks;

impl Program for Attacks {
    fn describe() -> Manifest {
        let (egress, directories) = needs();
        manifest(egress, directories)
    }

    fn search(request: SearchRequest) -> Result<Page, Error> {
        answer(Attack::named(&request.class).expect("an attack"), &request)
    }

    fn apply(requests: Vec<Request>) -> Vec<Result<Outcome, Error>> {
        let attack = Attack::named(&requests[0].class).expect("an attack");
        requests.iter().map(|_| Ok(Outcome::Done(Some(observations(vec![("answer", attempt(attack))]))))).collect()
    }
}

fn answer(attack: Attack, request: &SearchRequest) -> Result<Page, Error> {
    let objects = |count: u32| (0..count).map(|id| object(&id.to_string())).collect::<Vec<_>>();
    let with = |attributes: String| page(vec![Object { attributes, ..object("1") }]);
    Ok(match attack {
        Attack::AnswersTooMany => page(objects(request.page_size + 1)),
        Attack::AnswersTwice => page(vec![object("1"), object("1")]),
        Attack::AnswersNobody => page(vec![object("")]),
        Attack::GoesInCircles => {
            Page { tail: Tail::More(request.cursor.clone().unwrap_or_default()), ..page(objects(1)) }
        }
        Attack::AnswersAHugeCursor => Page { tail: Tail::More("x".repeat(8 << 20)), ..page(objects(1)) },
        Attack::AnswersAList => with("[]".to_owned()),
        Attack::AnswersDeepJson => with("[".repeat(100_000) + &"]".repeat(100_000)),
        Attack::AnswersAHugeNumber => with(r#"{"x":1e999}"#.to_owned()),
        Attack::ComplainsAtLength => return Err(complaint("x".repeat(8 << 20))),
        Attack::ComplainsInColours => return Err(complaint("no\r\n2026-01-01 ERROR forged\x1b[31m".to_owned())),
        other => page(vec![observations(vec![("answer", attempt(other))])]),
    })
}

fn complaint(message: String) -> Error {
    Error { class: ErrorClass::Defect, message, native_code: None }
}

fn attempt(attack: Attack) -> String {
    match attack {
        Attack::RecursesForEver => recurse(0).to_string(),
        Attack::TakesMemoryAtOnce => black_box(vec![1_u8; 1 << 30]).len().to_string(),
        Attack::LivesOnTheEdgeOfMemory => live_on_the_edge(),
        Attack::ComputesForEver => (0_u64..).map(black_box).filter(|number| *number == u64::MAX).count().to_string(),
        Attack::WatchesTheClock => loop {
            black_box(clock::monotonic_ns());
        },
        Attack::DividesByZero => (1 / black_box(0_u32)).to_string(),
        Attack::RunsIntoUnreachable => core::arch::wasm32::unreachable(),
        Attack::LogsOneHugeLine => format!("{:?}", log::write(log::Level::Info, &"x".repeat(8 << 20))),
        Attack::LogsForgedLines => {
            format!("{:?}", log::write(log::Level::Info, "one\r\n2026-01-01T00:00:00Z ERROR purser: forged\x1b[2J"))
        }
        Attack::PanicsAtLength => {
            log::panicked(&"x".repeat(8 << 20));
            core::arch::wasm32::unreachable()
        }
        Attack::AsksForAllRandomness => random::bytes(u32::MAX).len().to_string(),
        Attack::AsksForRandomnessForEver => loop {
            black_box(random::bytes(64));
        },
        Attack::KeepsAHugeKey => format!("{:?}", state::set(&"x".repeat(1 << 20), b"x")),
        Attack::KeepsAHugeValue => format!("{:?}", state::set("key", &vec![0; 32 << 20])),
        Attack::KeepsForEver => keep_for_ever(),
        Attack::SendsAHugeBody => send(http::Request { body: Some(vec![0; 48 << 20]), ..post() }),
        Attack::SendsForEver => send_for_ever(),
        Attack::SendsManyHeaders => {
            let headers = (0..10_000).map(|number| field(&format!("x-{number}"), "x")).collect();
            send(http::Request { headers, ..post() })
        }
        Attack::SendsHostHeaders => send_host_headers(),
        Attack::WaitsForNothing => send(http::Request { timeout_ms: Some(0), ..post() }),
        Attack::SendsForeignSlots => {
            let foreign = |slot| SecretUse { slot, placeholder: "x".to_owned(), encoding: SecretEncoding::Raw };
            send(http::Request { body: Some(b"x".to_vec()), secrets: vec![foreign(0), foreign(u32::MAX)], ..post() })
        }
        about_files => attempt_on_files(about_files),
    }
}

fn attempt_on_files(attack: Attack) -> String {
    match attack {
        Attack::ReadsTooMuch => format!("{:?}", files::read("data", "people.csv", 0, u32::MAX)),
        Attack::ReadsBeyondNumbers => format!("{:?}", files::read("data", "people.csv", u64::MAX, 10)),
        Attack::ReadsBehindAZero => format!("{:?}", files::read("data", "people.csv\0.txt", 0, 10)),
        Attack::ReadsStrangeNames => format!("{:?}", files::read("data", "a\r\nb\x1b[31m", 0, 10)),
        Attack::ReadsAPipe => format!("{:?}", files::read("data", "pipe", 0, 10)),
        Attack::ReadsADirectory => format!("{:?}", files::read("data", "folder", 0, 10)),
        Attack::UsesForeignHandles => {
            format!("{:?} {:?} {:?}", files::append(0, b"x"), files::append(u32::MAX, b"x"), files::commit(7))
        }
        Attack::BeginsForEver => (0..1_000)
            .find_map(|number| files::begin("data", &format!("{number}.csv")).err())
            .map_or_else(|| "no limit".to_owned(), |error| format!("{error:?}")),
        Attack::CommitsTwice => {
            let handle = files::begin("data", "twice.csv").expect("it can be begun");
            files::append(handle, b"whole").expect("it can be appended to");
            format!("{:?} {:?}", files::commit(handle), files::commit(handle))
        }
        Attack::WritesOverADirectory => format!("{:?}", files::begin("data", "folder")),
        Attack::WritesThroughALink => {
            format!("{:?} {:?}", files::begin("data", "link/secret"), files::begin("data", "../secret"))
        }
        Attack::RemovesOutside => {
            format!("{:?} {:?}", files::remove("data", "../secret"), files::remove("data", "link/secret"))
        }
        Attack::LeavesHalfAFile => {
            let handle = files::begin("data", "people.csv").expect("it can be begun");
            format!("{:?}", files::append(handle, b"half"))
        }
        Attack::AppendsTooMuch => {
            let handle = files::begin("data", "big.csv").expect("it can be begun");
            format!("{:?}", files::append(handle, &vec![b'x'; 8 << 20]))
        }
        other => panic!("{other:?} is performed elsewhere"),
    }
}

#[expect(unconditional_recursion, reason = "the attack")]
fn recurse(depth: u64) -> u64 {
    black_box(recurse(black_box(depth) + 1)) + depth
}

/// Pages of memory are taken directly, so that a refusal is an answer and no abort.
fn live_on_the_edge() -> String {
    let mut pages = 0;
    while core::arch::wasm32::memory_grow::<0>(16) != usize::MAX {
        pages += 16;
    }
    format!("{pages} pages")
}

fn keep_for_ever() -> String {
    let value = vec![0; 60 << 10];
    (0..100_000)
        .find_map(|number| state::set(&number.to_string(), &value).err())
        .unwrap_or_else(|| "no limit".to_owned())
}

fn send_for_ever() -> String {
    (0..1_000_000)
        .find_map(|_| http::send(&post()).err())
        .map_or_else(|| "no limit".to_owned(), |error| format!("{error:?}"))
}

fn send_host_headers() -> String {
    let names =
        ["Host", "HOST", "Transfer-Encoding", "Content-Length", "Connection", "Proxy-Authorization", "X-Forwarded-For"];
    let passed = names.iter().filter(|name| {
        let request = http::Request { headers: vec![field(name, "evil.example")], ..post() };
        !matches!(http::send(&request), Err(http::Error::Denied(_)))
    });
    format!("{:?}", passed.collect::<Vec<_>>())
}

fn field(name: &str, value: &str) -> Field {
    Field { name: name.to_owned(), value: value.to_owned() }
}

fn send(request: http::Request) -> String {
    format!("{:?}", http::send(&request))
}

fn post() -> http::Request {
    http::Request {
        endpoint: "api".to_owned(),
        method: Method::Post,
        path: "/".to_owned(),
        query: Vec::new(),
        headers: Vec::new(),
        body: None,
        secrets: Vec::new(),
        timeout_ms: None,
    }
}

program!(Attacks);
