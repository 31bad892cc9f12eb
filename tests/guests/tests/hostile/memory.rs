//! What attacks on memory took is given back with their instances.

use crate::attacks::{begin_with, furnish, perform};
use crate::environment::{load, settings};
use crate::server::{Behaviour, Server};
use purser_guests::attack::Attack;
use purser_model::secret::Slots;
use purser_runtime::Endpoint;
use std::fs;
use std::process::Command;

/// Those that take much: memory, answers, texts, files, states and bodies.
const GREEDY: [Attack; 12] = [
    Attack::TakesMemoryAtOnce,
    Attack::LivesOnTheEdgeOfMemory,
    Attack::RecursesForEver,
    Attack::AnswersAHugeCursor,
    Attack::AnswersDeepJson,
    Attack::ComplainsAtLength,
    Attack::PanicsAtLength,
    Attack::LogsOneHugeLine,
    Attack::AsksForAllRandomness,
    Attack::KeepsForEver,
    Attack::BeginsForEver,
    Attack::SendsAHugeBody,
];
const ROUNDS: u64 = 4;
/// Less than one instance that is not given back in each round.
const MOST_RESIDENT_MIB: u64 = 64;
/// An instance reserves gigabytes of addresses.
const MOST_RESERVED_MIB: u64 = 2 << 10;

#[test]
fn memory_is_back_after_each_attack() {
    // In a process of its own: what other tests take and give back meanwhile is not counted.
    let own = std::env::current_exe().unwrap();
    let ended =
        Command::new(own).args(["--ignored", "--exact", "memory::attacks_alone_in_a_process"]).output().unwrap();
    let said = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success() && said.contains("1 passed"), "{said}{}", String::from_utf8_lossy(&ended.stderr));
}

#[tokio::test]
#[ignore = "memory_is_back_after_each_attack runs it in a process of its own"]
async fn attacks_alone_in_a_process() {
    attack_all().await;
    let before = Taken::now();
    for _ in 0..ROUNDS {
        attack_all().await;
    }
    let after = Taken::now();
    assert!(after.resident_mib < before.resident_mib + MOST_RESIDENT_MIB, "{before:?}, then {after:?}");
    assert!(after.reserved_mib < before.reserved_mib + MOST_RESERVED_MIB, "{before:?}, then {after:?}");
}

async fn attack_all() {
    let connector = load("attacks").await.unwrap();
    for attack in GREEDY {
        let outside = tempfile::tempdir().unwrap();
        let folder = furnish(outside.path());
        let server = Server::start(Behaviour::Answers).await;
        let session = begin_with(&connector, Endpoint::new(server.url.clone()), &folder, settings());
        // How each ends is another test's.
        let _ended = perform(&session, attack, Slots::default()).await;
    }
}

#[derive(Debug)]
struct Taken {
    resident_mib: u64,
    reserved_mib: u64,
}

impl Taken {
    /// What this process takes, as the kernel says.
    fn now() -> Self {
        let status = fs::read_to_string("/proc/self/status").unwrap();
        let mib = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() >> 10
        };
        Self { resident_mib: mib("VmRSS:"), reserved_mib: mib("VmSize:") }
    }
}
