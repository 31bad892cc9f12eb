//! The console, as a browser meets it, over a real store.

use crate::router;
use crate::tests::{now, own, state};
use crate::token::issue_token;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use purser_model::access::ApiRole;
use tower::ServiceExt;

/// Somebody with a browser that keeps cookies.
struct Browser {
    host: Router,
    cookies: Vec<(String, String)>,
}

struct Shown {
    status: StatusCode,
    headers: HeaderMap,
    page: String,
}

impl Shown {
    fn form_token(&self) -> String {
        let after = self.page.split("name=\"form_token\" value=\"").nth(1).expect("a form");
        after.split('"').next().expect("a value").to_owned()
    }
}

impl Browser {
    fn new(host: &Router) -> Self {
        Self { host: host.clone(), cookies: Vec::new() }
    }

    async fn send(&mut self, method: &str, path: &str, body: String, extra: &[(&str, &str)]) -> Shown {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = Request::builder().method(method).uri(path).header(header::COOKIE, cookies.join("; "));
        for (name, value) in extra {
            request = request.header(*name, *value);
        }
        let answer = self.host.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        let (parts, body) = answer.into_parts();
        for set in parts.headers.get_all(header::SET_COOKIE) {
            let (name, rest) = set.to_str().unwrap().split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            self.cookies.push((name.to_owned(), rest.split(';').next().unwrap().to_owned()));
        }
        let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        Shown { status: parts.status, headers: parts.headers, page: String::from_utf8(bytes.to_vec()).unwrap() }
    }

    async fn get(&mut self, path: &str) -> Shown {
        self.send("GET", path, String::new(), &[]).await
    }

    async fn sign_in(&mut self, token: &str) -> Shown {
        let form_token = self.get("/sign-in").await.form_token();
        self.send("POST", "/sign-in", format!("form_token={form_token}&token={token}"), &[]).await
    }
}

async fn host(people: usize) -> (Router, Vec<(ApiRole, String)>, tempfile::TempDir) {
    let (state, folder) = state(people).await;
    let mut tokens = Vec::new();
    for role in ApiRole::ALL {
        let name = role.as_str().parse().unwrap();
        tokens.push((role, issue_token(state.store.as_ref(), name, role, own(role), None, now()).await.unwrap().1));
    }
    (router(state), tokens, folder)
}

const PAGES: [&str; 24] = [
    "/",
    "/identities",
    "/targets",
    "/plans",
    "/held",
    "/cases",
    "/quarantine",
    "/runs",
    "/operations",
    "/audit",
    "/insight",
    "/insight?report=dormant",
    "/insight?report=entitlements&target=crm",
    "/tokens",
    "/backups",
    "/targets/crm",
    "/connectors",
    "/settings",
    "/roles",
    "/groups",
    "/assignments",
    "/webhooks",
    "/declarations",
    "/checks",
];

/// Pages for admins alone.
const ADMINS: [&str; 3] = ["/tokens", "/backups", "/declarations"];

#[tokio::test]
async fn nobody_sees_a_page_who_is_not_signed_in() {
    let (host, _tokens, _folder) = host(1).await;
    let mut stranger = Browser::new(&host);
    stranger.cookies.push(("purser_session".to_owned(), "00".repeat(32)));
    for path in PAGES.iter().chain(&["/events", "/identities/x"]) {
        let shown = stranger.get(path).await;
        assert_eq!(
            (shown.status, &shown.headers[header::LOCATION]),
            (StatusCode::SEE_OTHER, &"/sign-in".parse().unwrap()),
            "{path}"
        );
        assert_eq!(shown.page, "");
    }
    let posted = stranger.send("POST", "/plans", "form_token=x".to_owned(), &[]).await;
    assert_eq!(posted.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn every_page_opens_to_those_roles_that_may() {
    let (host, tokens, _folder) = host(3).await;
    for (role, token) in tokens {
        let mut browser = Browser::new(&host);
        assert_eq!(browser.sign_in(&token).await.status, StatusCode::SEE_OTHER);
        for path in PAGES {
            let shown = browser.get(path).await;
            let is_whole = ["/connectors", "/settings", "/roles", "/groups", "/assignments", "/webhooks", "/checks"]
                .contains(&path);
            let may = (!ADMINS.contains(&path) || role == ApiRole::Admin) && (!is_whole || role != ApiRole::Owner);
            assert_eq!(shown.status == StatusCode::OK, may, "{path} as {role}: {}", shown.page);
            assert_eq!(shown.headers[header::CONTENT_SECURITY_POLICY], purser_console::CONTENT_POLICY);
            assert_eq!(shown.headers[header::CACHE_CONTROL], "no-store");
            assert!(!shown.page.contains(&token), "the token is in {path}");
        }
    }
}

#[tokio::test]
async fn a_person_is_found_and_a_page_that_is_none_says_so() {
    let (host, tokens, _folder) = host(30).await;
    let mut browser = Browser::new(&host);
    browser.sign_in(&tokens[0].1).await;
    let found = browser.get("/identities?search=PERSON17").await.page;
    assert_eq!(found.matches("href=\"/identities/").count(), 1, "{found}");
    assert!(
        !browser.get("/identities?search=userName").await.page.contains("href=\"/identities/"),
        "a name is no value"
    );
    assert!(
        !browser.get("/identities?search=%25").await.page.contains("href=\"/identities/"),
        "no letter stands for others"
    );
    let path =
        found.split("href=\"").find_map(|part| part.strip_prefix("/identities/")).unwrap().split('"').next().unwrap();
    let person = browser.get(&format!("/identities/{path}")).await;
    assert_eq!(person.status, StatusCode::OK, "{}", person.page);
    assert!(person.page.contains("person17") && person.page.contains("identity-changed"), "{}", person.page);
    for (path, status) in [
        ("/identities/00000000-0000-7000-8000-000000000000", 404),
        ("/identities/..%2Ftokens", 404),
        ("/identities?state=lost", 400),
    ] {
        assert_eq!(browser.get(path).await.status.as_u16(), status, "{path}");
    }
}

#[tokio::test]
async fn a_form_from_elsewhere_does_nothing() {
    let (host, tokens, _folder) = host(1).await;
    let mut browser = Browser::new(&host);
    browser.sign_in(&tokens.iter().find(|(role, _)| *role == ApiRole::Admin).unwrap().1).await;
    let form_token = browser.get("/tokens").await.form_token();
    let body = |token: &str| format!("form_token={token}&name=mallory&role=admin");
    let mut other = Browser::new(&host);
    other.sign_in(&tokens[0].1).await;
    let of_another = other.get("/").await.form_token();
    for (body, extra) in [
        (body(""), vec![]),
        ("name=mallory&role=admin".to_owned(), vec![]),
        (body(&of_another), vec![]),
        (body(&form_token), vec![("sec-fetch-site", "cross-site")]),
        (body(&form_token), vec![("sec-fetch-site", "same-site")]),
    ] {
        assert_eq!(
            browser.send("POST", "/tokens", body.clone(), &extra).await.status,
            StatusCode::FORBIDDEN,
            "{body} {extra:?}"
        );
    }
    assert!(!browser.get("/tokens").await.page.contains("mallory"));
    let made = browser.send("POST", "/tokens", body(&form_token), &[("sec-fetch-site", "same-origin")]).await;
    assert!(made.status == StatusCode::OK && made.page.contains("purser_"), "{}", made.page);
    let listed = browser.get("/tokens").await.page;
    assert!(listed.contains("mallory") && !listed.contains("purser_"), "the text is shown once");
}

#[tokio::test]
async fn who_may_only_look_can_post_nothing() {
    let (host, tokens, _folder) = host(1).await;
    let mut viewer = Browser::new(&host);
    viewer.sign_in(&tokens[0].1).await;
    let form_token = viewer.get("/").await.form_token();
    let nobody = "00000000-0000-7000-8000-000000000000";
    for path in [
        "/plans".to_owned(),
        format!("/plans/{nobody}/application"),
        format!("/plans/{nobody}/decision"),
        "/held/decision".to_owned(),
        format!("/cases/{nobody}/decision"),
        "/runs".to_owned(),
        format!("/identities/{nobody}/provisioning"),
        format!("/deletions/{nobody}/cancellation"),
        format!("/operations/{nobody}/retry"),
        format!("/operations/{nobody}/cancellation"),
        format!("/runs/{nobody}/stop"),
        "/targets/crm/release".to_owned(),
        "/tokens".to_owned(),
        "/tokens/admin/revocation".to_owned(),
        "/targets/crm/upgrade".to_owned(),
        "/sources/hr/upgrade".to_owned(),
        "/targets/crm/guard".to_owned(),
        "/secrets".to_owned(),
        "/secrets/x/removal".to_owned(),
        format!("/identities/{nobody}/assignments"),
        format!("/identities/{nobody}/groups"),
        format!("/assignments/{nobody}/withdrawal"),
        format!("/identities/{nobody}/imposing"),
        format!("/identities/{nobody}/lifting"),
        "/scim-tokens".to_owned(),
        "/scim-tokens/okta/revocation".to_owned(),
        "/backups".to_owned(),
        "/backups/purser-1.tar/removal".to_owned(),
        "/webhooks/siem/decision".to_owned(),
        "/declarations".to_owned(),
        "/checks".to_owned(),
    ] {
        let decision = if path.ends_with("upgrade") { "advance" } else { "approve" };
        let body = format!(
            "form_token={form_token}&decision={decision}&position=1&account={nobody}&kind=import&source=hr&name=x&role=admin&value=x&reason=x&group=x&file=x.toml&text=x&accounts_share=1&accounts_floor=1&accounts_count=1&revokes_share=1&revokes_floor=1&revokes_count=1"
        );
        let shown = viewer.send("POST", &path, body, &[]).await;
        assert_eq!(shown.status, StatusCode::FORBIDDEN, "{path}: {}", shown.page);
        assert!(shown.page.contains("your token has the role viewer"), "{path}: {}", shown.page);
    }
    for path in PAGES.iter().filter(|path| !ADMINS.contains(path)) {
        let page = viewer.get(path).await.page;
        assert_eq!(page.matches("method=\"post\"").count(), 1, "{path} has more than the form to sign out");
    }
}

#[tokio::test]
async fn cookies_are_kept_from_scripts_and_other_sites_and_over_tls_from_the_open() {
    let (host, tokens, _folder) = host(1).await;
    for (extra, secure) in [(vec![], false), (vec![("x-forwarded-proto", "https")], true)] {
        let mut browser = Browser::new(&host);
        let form_token = browser.send("GET", "/sign-in", String::new(), &extra).await.form_token();
        let body = format!("form_token={form_token}&token={}", tokens[0].1);
        let shown = browser.send("POST", "/sign-in", body, &extra).await;
        let set: Vec<_> = shown.headers.get_all(header::SET_COOKIE).iter().map(|set| set.to_str().unwrap()).collect();
        assert_eq!(set.len(), 2);
        for cookie in set {
            assert!(cookie.contains("; HttpOnly; SameSite=Strict") && !cookie.contains(&tokens[0].1), "{cookie}");
            assert_eq!(cookie.contains("; Secure"), secure, "{cookie}");
        }
    }
}

#[tokio::test]
async fn who_signs_out_or_loses_the_token_is_out() {
    let (state, _folder) = state(1).await;
    let store = state.store.clone();
    let name: purser_model::id::TokenName = "vera".parse().unwrap();
    let (_, token) =
        issue_token(store.as_ref(), name.clone(), ApiRole::Viewer, own(ApiRole::Viewer), None, now()).await.unwrap();
    let host = router(state);
    let mut browser = Browser::new(&host);
    browser.sign_in(&token).await;
    let before = browser.cookies.clone();
    let form_token = browser.get("/").await.form_token();
    browser.send("POST", "/sign-out", format!("form_token={form_token}"), &[]).await;
    browser.cookies = before;
    assert_eq!(browser.get("/").await.status, StatusCode::SEE_OTHER, "the id of a session that ended opens nothing");
    browser.sign_in(&token).await;
    assert_eq!(browser.get("/").await.status, StatusCode::OK);
    store.revoke_api_token(&name, now()).await.unwrap();
    assert_eq!(browser.get("/").await.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.sign_in(&token).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn signing_in_needs_the_pages_own_form_and_is_not_tried_without_end() {
    let (host, tokens, _folder) = host(1).await;
    let mut browser = Browser::new(&host);
    browser.get("/sign-in").await;
    let strange = browser.send("POST", "/sign-in", format!("form_token=x&token={}", tokens[0].1), &[]).await;
    assert_eq!(strange.status, StatusCode::FORBIDDEN);
    for _ in 0..20 {
        assert_eq!(browser.sign_in("purser_wrong").await.status, StatusCode::UNAUTHORIZED);
    }
    let refused = browser.sign_in(&tokens[0].1).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.headers[header::RETRY_AFTER], "60");
}

#[tokio::test]
async fn events_are_followed_by_pages() {
    let (host, tokens, _folder) = host(1).await;
    let mut browser = Browser::new(&host);
    browser.sign_in(&tokens[0].1).await;
    let cookie = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
    let request = Request::get("/events").header(header::COOKIE, cookie).body(Body::empty()).unwrap();
    let answer = host.clone().oneshot(request).await.unwrap();
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "text/event-stream");
}

#[tokio::test]
async fn a_file_is_passed_on_for_the_sessions_own_form_alone() {
    let (host, tokens, _folder) = host(1).await;
    let admin = &tokens.iter().find(|(role, _)| *role == ApiRole::Admin).unwrap().1;
    let mut browser = Browser::new(&host);
    browser.sign_in(admin).await;
    let form_token = browser.get("/connectors").await.form_token();
    let part = |name: &str, more: &str, content: &str| {
        format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"{more}\r\n\r\n{content}\r\n")
    };
    let file = part("component", "; filename=\"crm.wasm\"", "garbage") + &part("signature", "; filename=\"\"", "");
    let form = |token: &str| part("form_token", "", token) + &file + "--x--\r\n";
    let kind = ("content-type", "multipart/form-data; boundary=x");
    let late = file.clone() + &part("form_token", "", &form_token) + "--x--\r\n";
    for (body, extra) in [
        (form(""), vec![kind]),
        (form("x"), vec![kind]),
        (late, vec![kind]),
        (form(&form_token), vec![kind, ("sec-fetch-site", "cross-site")]),
    ] {
        let shown = browser.send("POST", "/connectors", body.clone(), &extra).await;
        assert_eq!(shown.status, StatusCode::FORBIDDEN, "{body} {extra:?}");
    }
    // The host of this test takes no file, and says why; the page tells it.
    let sent = browser.send("POST", "/connectors", form(&form_token), &[kind]).await;
    assert_eq!(sent.headers[header::LOCATION], "/connectors");
    let page = browser.get("/connectors").await.page;
    assert!(page.contains("crm.wasm: 7 bytes are no component"), "{page}");
}
