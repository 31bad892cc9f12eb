//! People sign in to the console with a real issuer; whoever brings an answer that is not this browser's own is not let in.

use purser_e2e::browser::{Browser, pictures};
use purser_e2e::configuring::{changed as file_changed, declare, declared};
use purser_e2e::home::Home;
use purser_e2e::http::Message;
use purser_e2e::issuer::Issuer;
use purser_e2e::people::staffed;
use purser_e2e::secrecy;
use purser_e2e::served::{QUIET, Served, eventually};
use purser_e2e::visitor::Visitor;
use url::Url;

/// What the console shows the issuer.
const SECRET: &str = "another-secret/of+the tests";
const CLIENT: &str = "client_id = \"console\", client_secret = { secret = \"console-client\" }";

fn home() -> Home {
    let (home, _people) = staffed(1);
    assert_eq!(secrecy::set(&home, "console-client", SECRET).0, 0);
    home
}

/// A host in whose console people sign in with this issuer.
fn served<'a>(home: &'a Home, issuer: &Issuer, client: &str) -> Served<'a> {
    Served::start_as_declared(home, &QUIET, |console| {
        issuer.knows_console(&format!("http://{console}"));
        home.declare("issuer", &issuer.declaration("corp", &Issuer::sign_in(console, client)));
    })
}

fn page(answer: &Message) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}

/// The value of a parameter of a URL.
fn parameter(url: &str, name: &str) -> String {
    let url = Url::parse(url).expect("a URL");
    url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned()).expect("it is there")
}

/// The same URL with another value of a parameter.
fn changed(url: &str, name: &str, value: &str) -> String {
    let mut url = Url::parse(url).expect("a URL");
    let pairs: Vec<_> = url.query_pairs().into_owned().filter(|(known, _)| known != name).collect();
    url.query_pairs_mut().clear().extend_pairs(pairs).append_pair(name, value);
    url.into()
}

/// Somebody at the console without a browser.
struct Walk<'a> {
    visitor: Visitor,
    console: String,
    issuer: &'a Issuer,
}

impl<'a> Walk<'a> {
    fn new(served: &Served<'_>, issuer: &'a Issuer) -> Self {
        Self { visitor: Visitor::default(), console: format!("http://{}", served.address), issuer }
    }

    fn get(&mut self, path: &str) -> Message {
        self.visitor.get(&format!("{}{path}", self.console))
    }

    /// Goes to the issuer: where it leads.
    fn go(&mut self) -> String {
        let answer = self.get("/sign-in/corp");
        assert_eq!(answer.status(), Some(303), "{}", page(&answer));
        answer.header("location").expect("a place").to_owned()
    }

    /// Signs in at the issuer: where that leads back to.
    fn answered(&mut self, url: &str, login: &str) -> String {
        let back = self.visitor.sign_in_at(&self.issuer.url, url, login);
        assert!(back.starts_with(&format!("{}/sign-in/corp/answer?", self.console)), "{back}");
        back
    }

    /// Goes to the issuer, signs in there and comes back signed in.
    #[track_caller]
    fn sign_in(&mut self, login: &str) {
        let to = self.go();
        let back = self.answered(&to, login);
        assert_eq!(self.visitor.get(&back).status(), Some(200));
    }

    /// The status of the overview: 200 for who is signed in, 303 for who is not.
    fn overview(&mut self) -> Option<u16> {
        self.get("/").status()
    }

    /// That an answer lets nobody in.
    #[track_caller]
    fn assert_refused(&mut self, url: &str, status: u16, word: &str) {
        let answer = self.visitor.get(url);
        assert_eq!(answer.status(), Some(status), "{}", page(&answer));
        assert!(page(&answer).contains(word), "{}", page(&answer));
        assert_eq!(self.overview(), Some(303), "nobody is signed in");
    }
}

/// Looks at a page in every way, keeps a picture, and demands that it keeps nobody out.
fn inspect(browser: &Browser, name: &str) {
    for (look, width, height, scheme) in
        [("dark", 1280, 900, "dark"), ("phone", 390, 844, "light"), ("light", 1280, 900, "light")]
    {
        browser.look_as(width, height, scheme);
        browser.picture(&pictures().join(format!("{name}-{look}.png")));
        let found: Vec<_> = browser.violations().iter().map(|one| one["id"].clone()).collect();
        assert!(found.is_empty(), "{name} ({look}): what keeps people out: {found:?}");
    }
}

/// Signs in at the pages of the issuer.
fn walk_through(browser: &Browser, login: &str) {
    browser.follow("a[href='/sign-in/corp']");
    assert!(browser.url().starts_with("http://localhost:"), "{}", browser.url());
    browser.type_into("input[name=login]", login);
    browser.type_into("input[name=password]", "any");
    browser.follow("button[type=submit]");
    assert!(browser.text("body").contains("Continue"), "{}", browser.text("body"));
    browser.follow("button[type=submit]");
}

#[test]
fn people_walk_through_the_pages_of_the_issuer_and_are_who_it_says() {
    let issuer = Issuer::start();
    let home = home();
    let served = served(&home, &issuer, CLIENT);
    let console = format!("http://{}", served.address);

    let vera = Browser::start();
    vera.go(&format!("{console}/"));
    assert_eq!(vera.text(".doors"), "Sign in with corp");
    inspect(&vera, "sign-in-issuer");
    walk_through(&vera, "vera");
    eventually("vera is at the overview", || vera.url() == format!("{console}/"));
    assert_eq!((vera.text("h1").as_str(), vera.text(".who-name").as_str()), ("Overview", "corp/vera"));
    assert!(vera.text(".who-role").contains("viewer"));
    assert_eq!(vera.run("return document.cookie"), "", "no script reads a cookie");
    vera.go(&format!("{console}/tokens"));
    assert!(vera.text("main").contains("viewer"), "{}", vera.text("main"));
    vera.go(&format!("{console}/"));
    vera.follow(".who button");
    vera.go(&format!("{console}/targets"));
    assert!(vera.url().ends_with("/sign-in"), "who signed out is out");
    drop(vera);

    // Whom no rule gives a role is told why.
    let nora = Browser::start();
    nora.go(&format!("{console}/sign-in"));
    walk_through(&nora, "nora");
    assert!(nora.text(".said").contains("corp knows you, but you have no role here"), "{}", nora.text("main"));
    inspect(&nora, "sign-in-refused");
    drop(nora);

    // What somebody does who signed in so is audited under the issuer's word for them.
    let ada = Browser::start();
    ada.go(&format!("{console}/sign-in"));
    walk_through(&ada, "ada");
    eventually("ada is at the overview", || ada.url() == format!("{console}/"));
    ada.go(&format!("{console}/tokens"));
    ada.type_into("input[name=name]", "made-by-ada");
    ada.follow("main form button[type=submit]");
    assert_eq!(served.list("/v1/audit?actor=api:corp/ada&").len(), 1);
    drop(ada);
    served.stop();
}

#[test]
fn who_has_no_role_or_was_not_let_in_there_is_not_let_in_here() {
    let issuer = Issuer::start();
    let home = home();
    let served = served(&home, &issuer, CLIENT);
    let mut walk = Walk::new(&served, &issuer);
    let to = walk.go();
    let back = walk.answered(&to, "nora");
    walk.assert_refused(&back, 403, "[[issuer.corp.role]]");
    let to = walk.go();
    let back = format!("{}/sign-in/corp/answer?error=access_denied&state={}", walk.console, parameter(&to, "state"));
    walk.assert_refused(&back, 403, "did not sign you in (access_denied)");
    let to = walk.go();
    let lie = format!("{}/sign-in/corp/answer?error=%3Cb%3E&state={}", walk.console, parameter(&to, "state"));
    walk.assert_refused(&lie, 403, "did not sign you in.");
    let unknown = walk.get("/sign-in/nobody");
    assert_eq!(unknown.status(), Some(404));
    assert!(page(&unknown).contains("nobody signs in with issuer `nobody`"), "{}", page(&unknown));
    served.stop();
}

#[test]
fn an_answer_lets_in_the_browser_that_asked_and_once() {
    let issuer = Issuer::start();
    let home = home();
    let served = served(&home, &issuer, CLIENT);
    let mut walk = Walk::new(&served, &issuer);

    // With the state of nobody, without the cookie, with the answer of another issuer.
    let to = walk.go();
    let back = walk.answered(&to, "vera");
    walk.assert_refused(&changed(&back, "state", "0000"), 403, "not begun in this browser");
    walk.assert_refused(&back, 403, "not begun in this browser");
    let to = walk.go();
    let back = walk.answered(&to, "vera");
    Walk::new(&served, &issuer).assert_refused(&back, 403, "not begun in this browser");
    walk.assert_refused(&changed(&back, "iss", "https://evil.example"), 403, "another issuer");

    // With the code that another browser was given, and with a token for another question.
    let mut other = Walk::new(&served, &issuer);
    let (to, to_other) = (walk.go(), other.go());
    let (back, back_other) = (walk.answered(&to, "vera"), other.answered(&to_other, "ada"));
    walk.assert_refused(&changed(&back, "code", &parameter(&back_other, "code")), 403, "does not take the code");
    let to = changed(&walk.go(), "nonce", "another");
    let back = walk.answered(&to, "vera");
    walk.assert_refused(&back, 403, "another sign-in");

    // The right one, once; it leads to the overview and nowhere else.
    let answer = walk.get("/sign-in/corp?next=https://evil.example&redirect_uri=https://evil.example");
    let to = answer.header("location").expect("a place").to_owned();
    assert_eq!(parameter(&to, "redirect_uri"), format!("{}/sign-in/corp/answer", walk.console));
    assert!(!to.contains("evil"), "{to}");
    let back = walk.answered(&to, "vera");
    let answer = walk.visitor.get(&format!("{back}&next=https://evil.example"));
    assert_eq!(
        (answer.status(), answer.header("refresh"), answer.header("location")),
        (Some(200), Some("0;url=/"), None)
    );
    assert!(!page(&answer).contains("evil"), "{}", page(&answer));
    assert_eq!(walk.overview(), Some(200));
    let mut twice = walk.visitor.clone();
    assert_eq!(twice.get(&back).status(), Some(403), "it is used up");

    // Nothing that is secret was written down.
    let log = served.process.log();
    for secret in [SECRET, &parameter(&back, "code"), &parameter(&back, "state"), "vera"] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
    served.stop();
}

#[test]
fn cookies_are_as_narrow_as_they_can_be() {
    let issuer = Issuer::start();
    let home = home();
    let served = served(&home, &issuer, CLIENT);
    for (headers, secure) in [(vec![], false), (vec![("X-Forwarded-Proto", "https")], true)] {
        let mut walk = Walk::new(&served, &issuer);
        walk.visitor.headers = headers;
        let answer = walk.get("/sign-in/corp");
        let under_way = answer.header("set-cookie").expect("a cookie").to_owned();
        assert!(under_way.contains("Path=/sign-in; HttpOnly; SameSite=Lax; Max-Age=600"), "{under_way}");
        let to = answer.header("location").expect("a place").to_owned();
        assert_eq!(parameter(&to, "code_challenge_method"), "S256");
        let back = walk.answered(&to, "vera");
        let answer = walk.visitor.get(&back);
        let session = answer.header("set-cookie").expect("a cookie").to_owned();
        assert!(
            session.starts_with("purser_session=") && session.contains("Path=/; HttpOnly; SameSite=Strict"),
            "{session}"
        );
        for cookie in [under_way, session] {
            assert_eq!(cookie.contains("; Secure"), secure, "{cookie}");
        }
    }
    served.stop();
}

#[test]
fn a_client_without_a_secret_shows_what_it_knows_and_an_issuer_that_is_gone_is_said_to_be() {
    let issuer = Issuer::start();
    let home = home();
    let served = served(&home, &issuer, "client_id = \"public-console\"");
    let mut walk = Walk::new(&served, &issuer);
    walk.sign_in("ada");
    assert_eq!(walk.overview(), Some(200));
    served.stop();

    issuer.stop();
    let served = Served::start(&home, &QUIET);
    let mut visitor = Visitor::default();
    let answer = visitor.get(&format!("http://{}/sign-in/corp", served.address));
    assert_eq!(answer.status(), Some(502));
    assert!(page(&answer).contains("issuer corp: ") && page(&answer).contains("API token"), "{}", page(&answer));
    served.stop();
}

#[test]
fn roles_are_those_that_are_declared_now_and_who_signed_in_by_others_signs_in_again() {
    let issuer = Issuer::start();
    let home = home();
    let served = served(&home, &issuer, CLIENT);
    let mut walk = Walk::new(&served, &issuer);
    walk.sign_in("vera");
    let (admin, service) = (served.own_token(), issuer.token("RS256"));
    let role = |token: &str| served.get("/v1/caller", Some(token)).1["role"].clone();
    assert_eq!((walk.overview(), role(&service)), (Some(200), "viewer".into()));

    // What does not concern the issuer signs nobody out.
    let (digest, mut files) = declared(&served, &admin);
    files.push(serde_json::json!({"name": "more.toml", "text": "[group.everyone]\nrule = \"true\"\n"}));
    let (status, answer) = declare(&served, &admin, &digest, &files);
    assert_eq!(status, 200, "{answer}");
    assert_eq!(walk.overview(), Some(200));

    let (digest, files) = declared(&served, &admin);
    let files = file_changed(files, "issuer.toml", "role = \"viewer\"", "role = \"operator\"");
    let (status, answer) = declare(&served, &admin, &digest, &files);
    assert_eq!(status, 200, "{answer}");
    assert_eq!((walk.overview(), role(&service)), (Some(303), "operator".into()));
    walk.sign_in("vera");
    assert!(page(&walk.get("/")).contains("operator"));
    served.stop();
}
