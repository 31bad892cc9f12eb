//! Secrets are planted where guests could come near them: as the credential of their endpoint and as the slots of their
//! calls. Whatever a guest does, neither its memory nor what is said about it holds one, in any form.

use crate::attacks::{begin_with, furnish, perform};
use crate::environment::{GUESTS, component, search, settings};
use crate::server::{Behaviour, Server};
use purser_broker::scan::{Forms, remove};
use purser_connector::Session;
use purser_guests::attack::Attack;
use purser_guests::memory::look_through;
use purser_model::manifest::CheckLevel;
use purser_model::secret::{Secret, Slots};
use purser_runtime::{
    Access, Authentication, CallLimits, CallObserver, DirectoryGrant, EndedCall, Endpoint, Grant, Runtime,
    RuntimeSettings, SessionSettings,
};
use std::borrow::Cow;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

/// The credential; and the slots, the second of which looks different in every encoding.
const CREDENTIAL: &str = "canary-credential-7f3a9c51";
const SLOTS: [&str; 2] = ["canary-slot-4be81d07", "canary \"slot\"/\\+ü-90c2e6"];
/// What the guests are given, so that it must be found in their memories.
const GIVEN: &str = "given-to-the-guest-5d20b8f3";
/// The calls in which it is looked for.
const SUBJECT: &str = "target canary";

static ZEROS: [u8; 2 << 20] = [0; 2 << 20];
static SECRETS: LazyLock<Forms> = LazyLock::new(|| forms(&[CREDENTIAL, SLOTS[0], SLOTS[1]]));
static MARKER: LazyLock<Forms> = LazyLock::new(|| forms(&[GIVEN]));
static LOOKED: AtomicUsize = AtomicUsize::new(0);
static MARKED: AtomicUsize = AtomicUsize::new(0);
static FOUND: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn forms(texts: &[&str]) -> Forms {
    let secrets: Vec<_> = texts.iter().map(|text| Secret::new(*text).unwrap()).collect();
    Forms::of(&secrets)
}

fn holds(bytes: &[u8], forms: &Forms) -> bool {
    matches!(remove(&[forms], bytes), Cow::Owned(_))
}

/// Looks through the memories of all guests at the end of each call of [`SUBJECT`].
pub struct Witness;

impl CallObserver for Witness {
    fn ended(&self, call: &EndedCall<'_>) {
        if call.subject != SUBJECT {
            return;
        }
        let overlap = 4 * SLOTS[1].len();
        let (mut is_marked, mut is_found) = (false, false);
        let memories = look_through(None, overlap, |piece| {
            // A memory is mostly zeros, which hold nothing; comparing is much faster than looking for something.
            if *piece != ZEROS[..piece.len()] {
                is_marked |= holds(piece, &MARKER);
                is_found |= holds(piece, &SECRETS);
            }
        });
        if memories.unwrap() > 0 {
            LOOKED.fetch_add(1, Ordering::SeqCst);
        }
        MARKED.fetch_add(usize::from(is_marked), Ordering::SeqCst);
        if is_found {
            FOUND.lock().unwrap().push(format!("{call:?}"));
        }
    }
}

/// A runtime of its own, in which only these calls have instances.
fn runtime(folder: &Path) -> Runtime {
    let mut settings = RuntimeSettings { max_concurrent_calls: 2, ..RuntimeSettings::new(folder) };
    settings.describe_limits.cpu_time = Duration::from_millis(500);
    settings.observer = Some(Arc::new(Witness));
    Runtime::new(settings).unwrap()
}

fn slots() -> Slots {
    let mut slots = Slots::default();
    for text in SLOTS {
        slots.attach(Secret::new(text).unwrap());
    }
    slots
}

fn endpoint(server: &Server) -> Endpoint {
    let authentication = Authentication::Bearer(Secret::new(CREDENTIAL).unwrap());
    Endpoint { authentication, ..Endpoint::new(server.url.clone()) }
}

fn marked() -> SessionSettings {
    // A guest soon writes over the beginning of what it has freed.
    let config = serde_json::json!({ "greeting": GIVEN.repeat(20) });
    SessionSettings { subject: SUBJECT.into(), config, ..settings() }
}

/// Demands that a text that people or programs see holds no secret.
#[track_caller]
fn assert_clean(what: &str, said: &impl std::fmt::Debug) {
    assert!(!holds(format!("{said:?}").as_bytes(), &SECRETS), "{what} tells a secret");
}

/// Everything that can be asked of a guest, with secrets around it.
async fn ask_everything(runtime: &Runtime, guest: &str, server: &Server, folder: &Path) {
    // Those that cannot describe themselves are refused before they are near any secret.
    let Ok(connector) = runtime.load(&component(guest)).await else { return };
    let directory = DirectoryGrant { path: folder.to_path_buf(), access: Access::ReadWrite };
    let grant = Grant {
        endpoints: [("api".to_owned(), endpoint(server))].into(),
        directories: [("data".to_owned(), directory)].into(),
        ..Grant::default()
    };
    let limits = CallLimits { memory_bytes: 64 << 20, cpu_time: Duration::from_millis(500), ..CallLimits::default() };
    let mut settings = SessionSettings { grant, limits, ..marked() };
    settings.config["base"] = server.url.as_str().into();
    let session = connector.session(settings).unwrap();
    for class in ["account", "echo", "honest", "attempts", "message", "silent", "stack", "at-once", "long", "answer"] {
        assert_clean(guest, &search(&session, class).await);
    }
    assert_clean(guest, &session.check(CheckLevel::Permissions).await);
    assert_clean(guest, &session.get("account", "7").await);
    let request = serde_json::json!({
        "operation_id": "01890a5d-ac96-774b-bcce-b302099a8057",
        "class": "account",
        "edit": { "edit": "set-password", "id": "7", "slot": 0, "must_change": true },
    });
    assert_clean(guest, &session.apply(vec![serde_json::from_value(request).unwrap()], slots()).await);
}

#[tokio::test]
async fn no_secret_is_in_the_memory_of_a_guest_or_in_what_is_said_about_it() {
    let compiled = tempfile::tempdir().unwrap();
    let runtime = runtime(compiled.path());
    let attacks = runtime.load(&component("attacks")).await.unwrap();
    for attack in Attack::ALL.iter().copied() {
        let outside = tempfile::tempdir().unwrap();
        let folder = furnish(outside.path());
        let server = Server::start(Behaviour::Echoes).await;
        let session = begin_with(&attacks, endpoint(&server), &folder, marked());
        assert_clean(attack.name(), &perform(&session, attack, slots()).await);
    }
    for guest in GUESTS.into_iter().filter(|guest| *guest != "attacks") {
        let (folder, server) = (tempfile::tempdir().unwrap(), Server::start(Behaviour::Echoes).await);
        ask_everything(&runtime, guest, &server, folder.path()).await;
    }
    assert_eq!(*FOUND.lock().unwrap(), [""; 0], "calls after which a guest's memory held a secret");
    let (looked, marked) = (LOOKED.load(Ordering::SeqCst), MARKED.load(Ordering::SeqCst));
    assert!(looked > Attack::ALL.len(), "only {looked} calls were looked at");
    assert!(marked > 0, "what a guest was given must be found in its memory");
}
