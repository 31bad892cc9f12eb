//! Every attack of the guest program `attacks`: what it comes to, and that everybody else goes on afterwards.

use crate::environment::{assert_others_go_on, create, load, observed, settings};
use crate::server::{Behaviour, Server};
use purser_connector::{Fault, Limit, Session};
use purser_guests::attack::Attack;
use purser_model::object::{Page, SearchRequest};
use purser_model::secret::Slots;
use purser_runtime::{Access, CallLimits, Connector, DirectoryGrant, Endpoint, Grant, SessionSettings, WasmSession};
use std::fs;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

/// No text of a guest is kept longer than this, in bytes.
const LONGEST_TEXT: usize = 4 << 10;

/// What an attack comes to.
enum Ending {
    /// The call ends with this limit.
    Limit(Limit),
    /// The guest traps, and these words say why.
    Trap(&'static str),
    /// The answer breaks the contract, and these words say how.
    Broken(&'static str),
    /// The guest was told this, and lived.
    Told(&'static str),
    /// The answer passes, and what the engine makes of it is an error.
    Unreadable,
    /// The connector's own error passes, cut to what can be read.
    Complaint,
}

use Ending::{Broken, Complaint, Told, Trap, Unreadable};

fn ending(attack: Attack) -> Ending {
    match attack {
        Attack::RecursesForEver => Ending::Limit(Limit::Stack),
        Attack::TakesMemoryAtOnce => Ending::Limit(Limit::Memory),
        Attack::LivesOnTheEdgeOfMemory => Told(" pages"),
        Attack::ComputesForEver => Ending::Limit(Limit::Cpu),
        Attack::WatchesTheClock => Ending::Limit(Limit::HostCalls),
        Attack::DividesByZero => Trap("unreachable"),
        Attack::RunsIntoUnreachable => Trap("unreachable"),
        Attack::AnswersTooMany => Broken("11 objects"),
        Attack::AnswersTwice => Broken("twice"),
        Attack::AnswersNobody => Broken("empty id"),
        Attack::GoesInCircles => Broken("never end"),
        Attack::AnswersAHugeCursor => Broken("cursor of 8388608 bytes"),
        Attack::AnswersAList | Attack::AnswersDeepJson | Attack::AnswersAHugeNumber => Unreadable,
        Attack::ComplainsAtLength | Attack::ComplainsInColours => Complaint,
        Attack::LogsOneHugeLine => Ending::Limit(Limit::Log),
        Attack::LogsForgedLines => Told("()"),
        Attack::PanicsAtLength => Trap("xxxx"),
        Attack::AsksForAllRandomness => Ending::Limit(Limit::Output),
        Attack::AsksForRandomnessForEver => Ending::Limit(Limit::HostCalls),
        Attack::KeepsAHugeKey => Told("a key has at most"),
        Attack::KeepsAHugeValue => Told("a value has at most"),
        Attack::KeepsForEver => Told("delete a key first"),
        Attack::ReadsTooMuch => Told("Limit(\"chunk"),
        Attack::ReadsBeyondNumbers => Told("Failed("),
        Attack::ReadsBehindAZero => Told("Denied("),
        Attack::ReadsStrangeNames => Told("NotFound"),
        Attack::ReadsAPipe => Told("not a regular file"),
        Attack::ReadsADirectory => Told("not a regular file"),
        Attack::UsesForeignHandles => Told("handle 7 is not open"),
        Attack::BeginsForEver => Told("open-files"),
        Attack::CommitsTwice => Told("Ok(()) Err(Error::Failed"),
        Attack::WritesOverADirectory => Told("is a directory"),
        Attack::WritesThroughALink => Told("Err(Error::Denied"),
        Attack::RemovesOutside => Told("Err(Error::Denied"),
        Attack::LeavesHalfAFile => Told("Ok(())"),
        Attack::AppendsTooMuch => Told("Limit(\"chunk"),
        Attack::SendsAHugeBody => Told("Denied("),
        Attack::SendsForEver => Told("Denied("),
        Attack::SendsManyHeaders => Told("Denied("),
        Attack::SendsHostHeaders => Told("[]"),
        Attack::WaitsForNothing => Told("time-out of 0"),
        Attack::SendsForeignSlots => Told("slot 0 is not attached"),
    }
}

/// Whether it happens in the write phase: then it is an operation of a plan, and the guest may write.
fn writes(attack: Attack) -> bool {
    matches!(
        attack,
        Attack::UsesForeignHandles
            | Attack::BeginsForEver
            | Attack::CommitsTwice
            | Attack::WritesOverADirectory
            | Attack::WritesThroughALink
            | Attack::RemovesOutside
            | Attack::LeavesHalfAFile
            | Attack::AppendsTooMuch
            | Attack::SendsAHugeBody
            | Attack::SendsForEver
            | Attack::SendsManyHeaders
            | Attack::SendsHostHeaders
            | Attack::WaitsForNothing
            | Attack::SendsForeignSlots
    )
}

/// A granted folder with people, a folder, a named pipe and a link out of it, beside a secret that is not granted.
pub fn furnish(outside: &Path) -> std::path::PathBuf {
    let folder = outside.join("granted");
    fs::create_dir_all(folder.join("folder")).unwrap();
    fs::write(outside.join("secret"), "TOP SECRET").unwrap();
    fs::write(folder.join("people.csv"), "id\n1\n").unwrap();
    std::os::unix::fs::symlink(outside, folder.join("link")).unwrap();
    assert!(Command::new("mkfifo").arg(folder.join("pipe")).status().unwrap().success());
    folder
}

async fn begin(server: &Server, folder: &Path) -> WasmSession {
    let connector = load("attacks").await.unwrap();
    begin_with(&connector, Endpoint::new(server.url.clone()), folder, settings())
}

/// What the attacks are granted.
pub fn grant(mut endpoint: Endpoint, folder: &Path) -> Grant {
    let directory = DirectoryGrant { path: folder.to_path_buf(), access: Access::ReadWrite };
    // Few enough that a machine under load comes to this limit before it comes to that on time.
    endpoint.egress.max_calls = 50;
    Grant {
        endpoints: [("api".to_owned(), endpoint)].into(),
        directories: [("data".to_owned(), directory)].into(),
        ..Grant::default()
    }
}

/// A session of the guest program `attacks`.
pub fn begin_with(
    connector: &Arc<Connector>,
    endpoint: Endpoint,
    folder: &Path,
    settings: SessionSettings,
) -> WasmSession {
    let grant = grant(endpoint, folder);
    let limits = CallLimits {
        memory_bytes: 128 << 20,
        host_calls: 20_000,
        cpu_time: Duration::from_secs(4),
        ..CallLimits::default()
    };
    connector.session(SessionSettings { grant, limits, ..settings }).unwrap()
}

pub async fn perform(session: &WasmSession, attack: Attack, slots: Slots) -> Result<Page, Fault> {
    if !writes(attack) {
        let request = SearchRequest {
            class: attack.name().to_owned(),
            conditions: Vec::new(),
            extra_attributes: Vec::new(),
            page_size: 10,
            cursor: Some("here".to_owned()),
        };
        return session.search(request).await;
    }
    create(session, attack.name(), slots).await
}

/// Whether it came to what it must.
fn is_as_expected(attack: Attack, ended: &Result<Page, Fault>) -> bool {
    match (ending(attack), ended) {
        (Ending::Limit(limit), Err(fault)) => fault.limit() == Some(limit),
        (Trap(words), Err(Fault::Trapped(trap))) => {
            let said = trap.guest_message.as_deref().unwrap_or_default();
            said.len() <= LONGEST_TEXT && (trap.reason.contains(words) || said.contains(words))
        }
        (Broken(words), Err(Fault::BrokenContract(text))) => text.contains(words),
        (Told(words), Ok(page)) => observed(page, "answer").contains(words),
        (Unreadable, Ok(page)) => page.objects[0].parse_attributes().is_err(),
        (Complaint, Err(Fault::Connector(error))) => {
            error.message.len() <= LONGEST_TEXT && !error.message.contains(char::is_control)
        }
        _ => false,
    }
}

#[tokio::test]
async fn every_attack_costs_its_own_call_and_nothing_else() {
    let mut surprises = Vec::new();
    for attack in Attack::ALL.iter().copied() {
        let outside = tempfile::tempdir().unwrap();
        let folder = furnish(outside.path());
        let server = Server::start(Behaviour::Answers).await;
        let session = begin(&server, &folder).await;
        let ended = perform(&session, attack, Slots::default()).await;
        if !is_as_expected(attack, &ended) {
            let shown: String = format!("{ended:?}").chars().take(300).collect();
            surprises.push(format!("{attack:?} came to {shown}"));
        }
        assert_untouched(attack, outside.path(), &folder);
        // The session itself goes on with the next call, and so does everybody else.
        let next = perform(&session, Attack::LogsForgedLines, Slots::default()).await.unwrap();
        assert_eq!(observed(&next, "answer"), "()", "after {attack:?}");
        assert_others_go_on().await;
    }
    assert!(surprises.is_empty(), "{}", surprises.join("\n"));
}

/// What was outside is as it was, and nothing half written is left inside.
fn assert_untouched(attack: Attack, outside: &Path, folder: &Path) {
    assert_eq!(fs::read_to_string(outside.join("secret")).unwrap(), "TOP SECRET", "{attack:?}");
    assert_eq!(fs::read_to_string(folder.join("people.csv")).unwrap(), "id\n1\n", "{attack:?}");
    assert!(folder.join("folder").is_dir() && fs::symlink_metadata(folder.join("pipe")).unwrap().file_type().is_fifo());
    let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.retain(|name| name != "twice.csv");
    names.sort();
    assert_eq!(names, ["folder", "link", "people.csv", "pipe"], "{attack:?}");
}
