//! Connectors in JavaScript and Python go through the same door as those in Rust: the contract runs from them, and the WASI
//! that their toolchains import reaches nothing.
#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

mod people;

use people::People;
use purser_connector::{Fault, Limit, Session};
use purser_model::edit::{AttributeAction, AttributeChange, Edit, EditOutcome, ErrorClass, Request};
use purser_model::id::OperationId;
use purser_model::object::{Object, Page, SearchRequest, Tail};
use purser_model::secret::Slots;
use purser_runtime::{
    Access, CallLimits, Connector, DirectoryGrant, Endpoint, Grant, InMemoryState, Runtime, RuntimeSettings,
    SessionSettings, WasmSession,
};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// The folder of the components; `cargo xtask test` builds them.
fn component(name: &str) -> PathBuf {
    let folder = std::env::var_os("PURSER_LANGUAGES")
        .expect("PURSER_LANGUAGES names the folder of the connectors in other languages: run `cargo xtask test`");
    Path::new(&folder).join(name).with_extension("wasm")
}

fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        let mut settings = RuntimeSettings::new(Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled"));
        // An interpreter begins slowly where the host was not optimised and compiles three of them at once.
        settings.describe_limits = CallLimits { wall_time: Duration::from_mins(2), ..CallLimits::default() };
        Runtime::new(settings).unwrap()
    })
}

async fn load(name: &str) -> Arc<Connector> {
    runtime().load(&component(name)).await.unwrap()
}

fn session(connector: &Arc<Connector>, grant: Grant, limits: CallLimits) -> WasmSession {
    let settings = SessionSettings {
        subject: "target test".into(),
        config: json!({}),
        grant,
        limits,
        state: Arc::new(InMemoryState::default()),
    };
    connector.session(settings).unwrap()
}

fn listing(page_size: u32, cursor: Option<&str>) -> SearchRequest {
    SearchRequest {
        class: "person".into(),
        conditions: Vec::new(),
        extra_attributes: Vec::new(),
        page_size,
        cursor: cursor.map(str::to_owned),
    }
}

fn ids(page: &Page) -> Vec<&str> {
    page.objects.iter().map(|object| object.id.as_str()).collect()
}

fn attributes(object: &Object) -> Value {
    serde_json::from_str(&object.attributes).unwrap()
}

#[tokio::test]
async fn a_connector_in_javascript_keeps_accounts_over_http() {
    let people = People::start(&[("1", "anna"), ("2", "ben"), ("3", "carl")]).await;
    let connector = load("rest-example").await;
    let reach = connector.reach();
    assert_eq!(reach.interfaces.iter().map(|one| one.name).collect::<Vec<_>>(), ["purser:connector/http@0.1.0"]);
    let grant = Grant { endpoints: [("api".to_owned(), Endpoint::new(people.url()))].into(), ..Grant::default() };
    let session = session(&connector, grant, CallLimits::default());

    let first = session.search(listing(2, None)).await.unwrap();
    assert_eq!((ids(&first), &first.tail), (vec!["1", "2"], &Tail::More("2".into())));
    let last = session.search(listing(2, Some("2"))).await.unwrap();
    assert_eq!((ids(&last), &last.tail), (vec!["3"], &Tail::Complete));

    let edit = |edit| Request { operation_id: operation(), class: "person".into(), edit };
    let created = json!({"login": "dora", "mail": "dora@example.org"}).as_object().unwrap().clone();
    let change =
        AttributeChange { attribute: "mail".into(), action: AttributeAction::Replace(json!("anna.berg@example.org")) };
    let grant_edit = json!({
        "edit": "grant", "id": "1", "entitlement_class": "group", "entitlement": "g", "parameters": {}
    });
    let answers = session
        .apply(
            vec![
                edit(Edit::Create { attributes: created, active: Some(true) }),
                edit(Edit::Update { id: "1".into(), version: None, changes: vec![change] }),
                edit(Edit::SetActive { id: "2".into(), version: None, active: false }),
                edit(Edit::Delete { id: "3".into(), version: None }),
                edit(Edit::Delete { id: "3".into(), version: None }),
                edit(serde_json::from_value(grant_edit).unwrap()),
            ],
            Slots::default(),
        )
        .await
        .unwrap();
    let done = |answer: &Result<EditOutcome, _>| match answer {
        Ok(EditOutcome::Done(Some(object))) => object.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(attributes(&done(&answers[0]))["login"], "dora");
    assert_eq!(attributes(&done(&answers[1]))["mail"], "anna.berg@example.org");
    assert_eq!(done(&answers[2]).active, Some(false));
    assert_eq!(answers[3], Ok(EditOutcome::Done(None)));
    assert_eq!(answers[4], Ok(EditOutcome::Unchanged(None)));
    assert_eq!(answers[5].as_ref().unwrap_err().class, ErrorClass::Unsupported);

    let gone = session.get("person", "3").await.unwrap_err();
    assert!(gone.is_not_found(), "{gone}");
    people.break_down();
    let Err(Fault::Connector(broken)) = session.get("person", "1").await else { panic!("an error was expected") };
    assert_eq!(broken.class, ErrorClass::Defect, "{broken}");
}

#[tokio::test]
async fn fetch_of_javascript_reaches_the_endpoint_that_covers_its_url() {
    let people = People::start(&[("1", "anna"), ("2", "ben"), ("3", "carl")]).await;
    let connector = load("fetches").await;
    let reach = connector.reach();
    let names: Vec<_> = reach.interfaces.iter().map(|one| one.name.split('@').next().unwrap()).collect();
    assert_eq!(names, ["purser:connector/config", "wasi:http/outgoing-handler"]);
    let settings = SessionSettings {
        subject: "target test".into(),
        config: json!({ "base": people.url() }),
        grant: Grant { endpoints: [("api".to_owned(), Endpoint::new(people.url()))].into(), ..Grant::default() },
        limits: CallLimits::default(),
        state: Arc::new(InMemoryState::default()),
    };
    let session = connector.session(settings).unwrap();

    let first = session.search(listing(2, None)).await.unwrap();
    assert_eq!((ids(&first), &first.tail), (vec!["1", "2"], &Tail::More("2".into())));
    let last = session.search(listing(2, Some("2"))).await.unwrap();
    assert_eq!((ids(&last), &last.tail), (vec!["3"], &Tail::Complete));
    assert_eq!(attributes(&session.get("person", "2").await.unwrap())["login"], "ben");

    for class in ["elsewhere", "post"] {
        let Err(Fault::Connector(refused)) =
            session.search(SearchRequest { class: class.into(), ..listing(2, None) }).await
        else {
            panic!("{class}: an error was expected")
        };
        assert!(refused.message.starts_with("fetch: "), "{class}: {refused}");
    }
    let created = json!({"login": "dora"}).as_object().unwrap().clone();
    let edit = Edit::Create { attributes: created, active: Some(true) };
    let request = Request { operation_id: operation(), class: "person".into(), edit };
    let answers = session.apply(vec![request], Slots::default()).await.unwrap();
    let [Ok(EditOutcome::Done(Some(dora)))] = answers.as_slice() else { panic!("{answers:?}") };
    assert_eq!(
        (dora.id.as_str(), attributes(dora)["login"].as_str()),
        ("4", Some("dora")),
        "the first post was not sent"
    );
}

fn operation() -> OperationId {
    serde_json::from_value(json!("00000000-0000-0000-0000-000000000007")).unwrap()
}

const LDIF: &str = "\
version: 1
dn: uid=anna,ou=people
uid: anna
cn: Anna Berg
mail: anna@example.org
mail: anna.berg@
 example.org

# a comment
dn: uid=ben,ou=people
uid: ben
cn:: QmVuIE3DvGxsZXI=

dn: ou=people
ou: people
";

#[tokio::test]
async fn a_connector_in_python_reads_files() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.ldif"), LDIF).unwrap();
    std::fs::write(folder.path().join("b.ldif"), "uid: carl\nmail: carl@example.org\n").unwrap();
    std::fs::write(folder.path().join("c.ldif"), "uid dora\n").unwrap();
    let connector = load("ldif-example").await;
    let directory = DirectoryGrant { path: folder.path().to_path_buf(), access: Access::ReadOnly };
    let grant = Grant { directories: [("exports".to_owned(), directory)].into(), ..Grant::default() };
    let session = session(&connector, grant, CallLimits::default());

    let first = session.search(listing(1, None)).await.unwrap();
    let Tail::More(cursor) = &first.tail else { panic!("{first:?}") };
    let anna = json!({
        "dn": ["uid=anna,ou=people"], "uid": "anna", "cn": ["Anna Berg"],
        "mail": ["anna@example.org", "anna.berg@example.org"], "version": ["1"],
    });
    assert_eq!(attributes(&first.objects[0]), anna);
    let second = session.search(listing(1, Some(cursor))).await.unwrap();
    assert_eq!(attributes(&second.objects[0])["cn"], json!(["Ben Müller"]));
    let Tail::More(cursor) = &second.tail else { panic!("{second:?}") };
    let third = session.search(listing(1, Some(cursor))).await.unwrap();
    assert_eq!(ids(&third), ["carl"]);
    let Tail::More(cursor) = &third.tail else { panic!("{third:?}") };

    let Err(Fault::Connector(broken)) = session.search(listing(1, Some(cursor))).await else {
        panic!("line 1 is broken")
    };
    assert_eq!((broken.class, broken.message.as_str()), (ErrorClass::Defect, "c.ldif: logical line 1 has no colon"));
    std::fs::remove_file(folder.path().join("c.ldif")).unwrap();
    let Err(Fault::Connector(gone)) = session.search(listing(1, Some(cursor))).await else {
        panic!("the file is gone")
    };
    assert_eq!(gone.class, ErrorClass::CursorExpired);
    assert!(session.get("person", "nobody").await.unwrap_err().is_not_found());
    assert_eq!(session.get("person", "carl").await.unwrap().id, "carl");
}

#[tokio::test]
async fn the_wasi_of_an_interpreter_reaches_nothing() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let connector = load("snoops").await;
    assert!(connector.manifest().description.ends_with(" 0.0"), "time stands still: {:?}", connector.manifest());
    let session = session(&connector, Grant::default(), CallLimits::default());
    let look = |class: &str| SearchRequest {
        class: class.to_owned(),
        extra_attributes: vec![port.to_string()],
        ..listing(1, None)
    };

    let found = session.search(look("person")).await.unwrap();
    let found = attributes(&found.objects[0]);
    assert_eq!((&found["environment"], &found["arguments"]), (&json!([]), &json!([])));
    for attempt in ["password file", "above", "here", "written", "address", "datagram", "name"] {
        let outcome = found[attempt].as_str().unwrap();
        assert!(outcome.starts_with("refused"), "{attempt}: {outcome}");
    }
    assert_ne!(found["process"], "got 0", "{found}");
    assert_eq!(found["random"], 10);
    assert!(found["year"].as_i64().unwrap() >= 2025, "{found}");
    assert!(!Path::new("/tmp/purser-snoops").exists());
    let nobody_came = tokio::time::timeout(Duration::from_millis(100), listener.accept()).await;
    assert!(nobody_came.is_err());

    let Err(Fault::Trapped(trap)) = session.search(look("trap")).await else { panic!("a trap was expected") };
    assert_eq!(trap.guest_message.as_deref(), Some("about to give up"));
    assert_eq!(session.search(look("person")).await.unwrap().objects.len(), 1, "the next call works");
}

#[tokio::test]
async fn an_interpreter_that_prints_without_end_costs_its_own_call() {
    let connector = load("snoops").await;
    // Each line that it prints is a call into WASI.
    let long = Duration::from_mins(5);
    let limits = CallLimits { host_calls: 2_000, cpu_time: long, wall_time: long, ..CallLimits::default() };
    let session = session(&connector, Grant::default(), limits);
    let flood = SearchRequest { class: "flood".into(), ..listing(1, None) };
    let ended = session.search(flood).await.unwrap_err();
    assert_eq!(ended.limit(), Some(Limit::HostCalls), "{ended}");
}
