//! What a guest can reach is what was granted, in the phase of its call.

use crate::environment::{assert_others_go_on, create, load, observed, search, settings};
use crate::server::{Behaviour, Server};
use purser_connector::{Fault, Limit};
use purser_model::egress::RequestRate;
use purser_model::secret::{Secret, Slots};
use purser_runtime::{
    Access, Authentication, CallLimits, DirectoryGrant, DirectorySettings, Endpoint, Grant, LdapGrant, Security,
    SessionError, SessionSettings,
};
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;
use tokio::time::Instant;

fn grant(server: &Server, folder: &Path) -> Grant {
    let directory = DirectoryGrant { path: folder.to_path_buf(), access: Access::ReadWrite };
    Grant {
        endpoints: [("api".to_owned(), Endpoint::new(server.url.clone()))].into(),
        directories: [("data".to_owned(), directory)].into(),
        ldap: None,
    }
}

/// A port of this machine on which nobody listens.
fn nobody_s_directory() -> LdapGrant {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let settings = DirectorySettings { security: Security::Plain, ..DirectorySettings::new("127.0.0.1", port) };
    LdapGrant { settings, addresses: Vec::new() }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_need_that_is_not_granted_is_named() {
    let connector = load("reaches_out").await.unwrap();
    let error = connector.session(settings()).err().unwrap();
    assert!(error.to_string().contains("`api`") && error.to_string().contains("target test"), "{error}");
    let server = Server::start(Behaviour::Answers).await;
    let folder = tempfile::tempdir().unwrap();
    let mut grant = grant(&server, folder.path());
    grant.directories.clear();
    let error = connector.session(SessionSettings { grant, ..settings() }).err().unwrap();
    assert!(matches!(&error, SessionError::DirectoryNotGranted { directory, .. } if directory == "data"), "{error}");
}

#[tokio::test]
async fn a_granted_directory_that_is_not_there_is_named() {
    let server = Server::start(Behaviour::Answers).await;
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    let connector = load("reaches_out").await.unwrap();
    let error = connector.session(SessionSettings { grant: grant(&server, &missing), ..settings() }).err().unwrap();
    assert!(error.to_string().contains("missing"), "{error}");
}

#[tokio::test]
async fn nothing_outside_the_grant_is_reached() {
    let server = Server::start(Behaviour::Answers).await;
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret"), "TOP SECRET").unwrap();
    let folder = outside.path().join("granted");
    fs::create_dir(&folder).unwrap();
    std::os::unix::fs::symlink(outside.path(), folder.join("link")).unwrap();
    let connector = load("reaches_out").await.unwrap();
    let session = connector.session(SessionSettings { grant: grant(&server, &folder), ..settings() }).unwrap();
    let page = search(&session, "attempts").await.unwrap();
    assert_eq!(page.objects[0].secondary_ids.len(), 29);
    for attempt in &page.objects[0].secondary_ids {
        assert!(attempt.value.starts_with("Err(Error::Denied("), "{}: {}", attempt.name, attempt.value);
    }
    assert!(observed(&page, "secret slot").contains('7'));
    assert!(observed(&page, "other endpoint").contains("intranet"));
    assert_eq!(server.requests(), 0);
    assert_others_go_on().await;
}

#[tokio::test]
async fn a_search_cannot_write_and_an_apply_can() {
    let server = Server::start(Behaviour::Answers).await;
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("old.csv"), "id\n").unwrap();
    let connector = load("writes_while_reading").await.unwrap();
    let mut grant = grant(&server, folder.path());
    grant.ldap = Some(nobody_s_directory());
    let session = connector.session(SessionSettings { grant, ..settings() }).unwrap();

    let page = search(&session, "account").await.unwrap();
    for write in ["post", "replace", "remove", "ldap", "password", "password of no slot", "password made by the server"]
    {
        assert!(observed(&page, write).starts_with("Err(Error::Denied("), "{}", observed(&page, write));
    }
    assert_eq!((server.requests(), names(folder.path())), (0, vec!["old.csv".to_owned()]));

    let page = create(&session, "account", Slots::default()).await.unwrap();
    let ldap = observed(&page, "ldap");
    assert!(ldap.contains("Unreachable"), "the phase allows it, and nobody listens there: {ldap}");
    let written = ["post", "replace", "remove"].map(|write| observed(&page, write));
    assert_eq!(written, ["Ok(200)", "Ok(())", "Ok(())"]);
    assert_eq!((server.requests(), names(folder.path())), (1, vec!["new.csv".to_owned()]));
    assert_eq!(fs::read_to_string(folder.path().join("new.csv")).unwrap(), "id\n1\n");
}

#[tokio::test]
async fn a_password_is_set_from_a_slot_of_the_call_over_tls_for_an_entry_alone() {
    let server = Server::start(Behaviour::Answers).await;
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("old.csv"), "id\n").unwrap();
    // It lets clients connect, and says nothing.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut directory = nobody_s_directory();
    directory.settings.port = listener.local_addr().unwrap().port();
    directory.settings.timeout = Duration::from_millis(200);
    let connector = load("writes_while_reading").await.unwrap();
    let grant = Grant { ldap: Some(directory), ..grant(&server, folder.path()) };
    let session = connector.session(SessionSettings { grant, ..settings() }).unwrap();
    let mut slots = Slots::default();
    assert_eq!(slots.attach(Secret::new("canary-password-8a41").unwrap()), 0);
    let page = create(&session, "account", slots).await.unwrap();
    for (write, reason) in [
        ("password", "a secret only goes over TLS"),
        ("password of no slot", "the secret slot 7 is not attached"),
        ("password of whoever is bound", "no name of an entry"),
        ("password of a user", "no name of an entry"),
        ("password made by the server", "`set-password`"),
    ] {
        let answered = observed(&page, write);
        assert!(answered.starts_with("Err(Error::Denied(") && answered.contains(reason), "{write}: {answered}");
    }
    assert!(observed(&page, "ldap").contains("Interrupted"), "what holds no secret is sent: {page:?}");
    assert!(!format!("{page:?}").contains("canary-password"), "{page:?}");
}

#[tokio::test]
async fn a_post_reads_only_where_the_manifest_says_so_too() {
    let server = Server::start(Behaviour::Answers).await;
    let folder = tempfile::tempdir().unwrap();
    let connector = load("writes_while_reading").await.unwrap();
    let mut grant = grant(&server, folder.path());
    grant.endpoints.get_mut("api").unwrap().reading_posts = vec!["/Users".to_owned()];
    // Only the connector says what its posts do; an operator cannot make one of them read.
    grant.endpoints.get_mut("api").unwrap().declared_reading_posts = vec!["/Users".to_owned()];
    let session = connector.session(SessionSettings { grant, ..settings() }).unwrap();
    let page = search(&session, "account").await.unwrap();
    let post = observed(&page, "post");
    assert!(post.contains("the connector's manifest does not declare it"), "{post}");
    assert_eq!(server.requests(), 0);
}

#[tokio::test]
async fn a_credential_that_the_target_repeats_does_not_reach_the_guest() {
    let server = Server::start(Behaviour::Echoes).await;
    let folder = tempfile::tempdir().unwrap();
    let connector = load("reaches_out").await.unwrap();
    let secret = |text: &str| Secret::new(text).unwrap();
    for (authentication, leaks) in [
        (Authentication::Bearer(secret("canary-token-1")), vec!["canary-token-1"]),
        (
            Authentication::Basic { user: "purser".to_owned(), password: secret("canary-word-2") },
            vec!["canary-word-2", "cHVyc2VyOmNhbmFyeS13b3JkLTI", "Y2FuYXJ5LXdvcmQt"],
        ),
    ] {
        let mut grant = grant(&server, folder.path());
        grant.endpoints.get_mut("api").unwrap().authentication = authentication;
        let session = connector.session(SessionSettings { grant, ..settings() }).unwrap();
        let page = search(&session, "echo").await.unwrap();
        for place in ["body", "headers"] {
            let seen = observed(&page, place);
            assert!(seen.contains("[secret removed]"), "{place}: {seen}");
            assert!(leaks.iter().all(|leak| !seen.contains(leak)), "{place}: {seen}");
        }
        assert!(observed(&page, "body").contains("GET /base/echo HTTP/1.1"));
    }
    assert_eq!(server.requests(), 2);
}

#[tokio::test]
async fn a_wait_for_the_host_ends_at_the_wall_time() {
    let server = Server::start(Behaviour::StaysSilent).await;
    let folder = tempfile::tempdir().unwrap();
    let connector = load("reaches_out").await.unwrap();
    let wall_time = Duration::from_millis(300);
    let limits = CallLimits { wall_time, ..CallLimits::default() };
    let session =
        connector.session(SessionSettings { grant: grant(&server, folder.path()), limits, ..settings() }).unwrap();
    assert_eq!(search(&session, "wait").await, Err(Fault::TimedOut { limit: Limit::Wall, after: wall_time }));
    assert_eq!(server.requests(), 1);
    assert_others_go_on().await;
}

#[tokio::test]
async fn the_turns_of_a_rate_are_not_the_time_of_a_call() {
    let server = Server::start(Behaviour::Answers).await;
    let folder = tempfile::tempdir().unwrap();
    let mut grant = grant(&server, folder.path());
    let between = Duration::from_secs(4);
    let endpoint = grant.endpoints.get_mut("api").unwrap();
    endpoint.egress.rate = Some(RequestRate { requests: 2, per: between });
    let limits = CallLimits { wall_time: Duration::from_secs(2), ..CallLimits::default() };
    let connector = load("reaches_out").await.unwrap();
    let session = connector.session(SessionSettings { grant, limits, ..settings() }).unwrap();
    let began = Instant::now();
    for _ in 0..2 {
        let found = search(&session, "wait").await;
        assert!(!matches!(found, Err(Fault::TimedOut { .. })), "{found:?}");
    }
    assert!(began.elapsed() >= between && server.requests() == 2, "{:?}: {}", began.elapsed(), server.requests());
}
