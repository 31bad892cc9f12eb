//! The guests as components, built once, and one runtime that all tests share: what one guest does must not reach another.

use purser_build::{BuildRequest, build_examples};
use purser_connector::{Fault, Session};
use purser_model::edit::EditOutcome;
use purser_model::object::{Page, SearchRequest, Tail};
use purser_model::secret::Slots;
use purser_runtime::{
    CallLimits, Connector, Grant, InMemoryState, LoadError, Runtime, RuntimeSettings, SessionSettings, WasmSession,
};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Every guest program, by the name of its file in `examples/`.
pub const GUESTS: [&str; 20] = [
    "answers_too_much",
    "attacks",
    "breaks_json",
    "breaks_manifest",
    "calls_the_host_forever",
    "fetches",
    "floods_log",
    "hoards_memory",
    "keeps",
    "keeps_badly",
    "keeps_differently",
    "keeps_upgraded",
    "loops_in_describe",
    "loops_in_search",
    "miscounts",
    "panics",
    "reaches_out",
    "traps_in_describe",
    "well_behaved",
    "writes_while_reading",
];

/// The component of a guest program.
pub fn component(guest: &str) -> PathBuf {
    static DIRECTORY: OnceLock<PathBuf> = OnceLock::new();
    DIRECTORY.get_or_init(build_all).join(guest).with_extension("wasm")
}

fn build_all() -> PathBuf {
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join("guests");
    let mut request = BuildRequest::new(env!("CARGO_MANIFEST_DIR"), scratch.join("components"));
    // Its own folder for intermediate files: cargo holds a lock on that of the tests.
    request.target_directory = Some(scratch);
    build_examples(&request, &GUESTS).unwrap();
    request.output_directory
}

/// The runtime of all tests, with short limits for `describe`.
pub fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        let mut settings = RuntimeSettings::new(Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled"));
        settings.describe_limits.cpu_time = Duration::from_millis(500);
        settings.describe_limits.wall_time = Duration::from_secs(5);
        Runtime::new(settings).unwrap()
    })
}

/// Loads a guest program.
pub async fn load(guest: &str) -> Result<Arc<Connector>, LoadError> {
    runtime().load(&component(guest)).await
}

/// Settings of a session that may reach nothing.
pub fn settings() -> SessionSettings {
    SessionSettings {
        subject: "target test".into(),
        config: serde_json::json!({ "greeting": "hello" }),
        grant: Grant::default(),
        limits: CallLimits::default(),
        state: Arc::new(InMemoryState::default()),
    }
}

/// A session of a guest program that needs nothing.
pub async fn session(guest: &str, limits: CallLimits) -> WasmSession {
    load(guest).await.unwrap().session(SessionSettings { limits, ..settings() }).unwrap()
}

/// Searches a class of a guest that takes it as a word for what to do.
pub async fn search(session: &WasmSession, class: &str) -> Result<Page, Fault> {
    let request = SearchRequest {
        class: class.into(),
        conditions: Vec::new(),
        extra_attributes: Vec::new(),
        page_size: 10,
        cursor: None,
    };
    session.search(request).await
}

/// Lets a guest create an object of a class, which it takes as [`search`] does. The page holds what it showed of it.
pub async fn create(session: &WasmSession, class: &str, slots: Slots) -> Result<Page, Fault> {
    let request = serde_json::json!({
        "operation_id": "01890a5d-ac96-774b-bcce-b302099a8057",
        "class": class,
        "edit": { "edit": "create", "attributes": {}, "active": true },
    });
    let mut answers = session.apply(vec![serde_json::from_value(request).unwrap()], slots).await?;
    match answers.remove(0) {
        Ok(EditOutcome::Done(Some(object))) => Ok(Page { objects: vec![object], tail: Tail::Complete }),
        other => panic!("{class}: {other:?}"),
    }
}

/// What a guest observed: the secondary id of this name of the page's only object.
pub fn observed<'a>(page: &'a Page, name: &str) -> &'a str {
    let [object] = page.objects.as_slice() else { panic!("one object of observations: {page:?}") };
    let found = object.secondary_ids.iter().find(|id| id.name == name);
    &found.unwrap_or_else(|| panic!("no observation `{name}`: {page:?}")).value
}

/// Another connector of the same runtime still answers.
pub async fn assert_others_go_on() {
    let session = session("well_behaved", CallLimits::default()).await;
    let page = search(&session, "account").await.unwrap();
    assert_eq!(observed(&page, "config"), r#"{"greeting":"hello"}"#);
}
