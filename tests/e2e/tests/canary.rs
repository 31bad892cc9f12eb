//! Secrets are planted and a company is provisioned: they reach the wire, and are found nowhere else, in no encoding.
//!
//! The memories of the guests are looked through from outside, in the real program, whenever a guest waits for an answer of
//! the application: it has sent what it wanted to send by then, and holds all that it has read so far.

use purser_e2e::fault_proxy::FaultProxy;
use purser_e2e::http::{Message, exchange};
use purser_e2e::program::{Answer, Running};
use purser_e2e::scim_company::{CAREFUL, ScimCompany};
use purser_e2e::scim_server::{ScimServer, TOKEN};
use purser_e2e::secrecy::{assert_nowhere, forms, holds, set};
use purser_e2e::served::address_in;
use purser_guests::memory::look_through;
use serde_json::Value;
use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// Something that the guests do know.
const KNOWN: &str = "person3@example.org";
const PEOPLE: u32 = 12;
/// The longest form of a secret.
const OVERLAP: usize = 4 * TOKEN.len();

/// What was seen while the program ran.
#[derive(Default)]
struct Seen {
    /// The process; 0 while there is none.
    process: AtomicU32,
    passwords: Mutex<Vec<String>>,
    /// Requests at which a guest's memory held a secret.
    leaks: Mutex<Vec<String>>,
    looked: AtomicU32,
    known: AtomicU32,
}

impl Seen {
    fn look(&self, request: &Message) {
        let process = self.process.load(Ordering::SeqCst);
        if process == 0 {
            return;
        }
        self.passwords.lock().expect("nobody panics").extend(passwords(request));
        let passwords = self.passwords.lock().expect("nobody panics").clone();
        let mut secrets: Vec<&str> = passwords.iter().map(String::as_str).collect();
        secrets.push(TOKEN);
        let (secrets, known) = (forms(&secrets), forms(&[KNOWN]));
        let (mut is_leak, mut is_known) = (false, false);
        let memories = look_through(Some(process), OVERLAP, |piece| {
            is_leak |= holds(piece, &secrets);
            is_known |= holds(piece, &known);
        });
        let memories = memories.expect("a process that this one started can be looked into");
        self.looked.fetch_add(u32::from(memories > 0), Ordering::SeqCst);
        self.known.fetch_add(u32::from(is_known), Ordering::SeqCst);
        if is_leak {
            self.leaks.lock().expect("nobody panics").push(request.first_line.clone());
        }
    }

    /// Runs the program to its end, while it is looked into.
    fn run(&self, company: &ScimCompany, arguments: &[&str]) -> Answer {
        let running = company.home.start(arguments);
        self.process.store(running.id(), Ordering::SeqCst);
        let answer = running.wait();
        self.process.store(0, Ordering::SeqCst);
        answer
    }
}

/// The passwords of new accounts, as they are on the wire, alone or in a bulk request.
fn passwords(request: &Message) -> Vec<String> {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let together = body["Operations"].as_array().into_iter().flatten().map(|operation| &operation["data"]["password"]);
    together.chain([&body["password"]]).filter_map(Value::as_str).map(str::to_owned).collect()
}

/// A company whose application is reached with a sealed token and gives new accounts passwords.
fn company(url: &str) -> ScimCompany {
    let company = ScimCompany::found(PEOPLE, url, CAREFUL);
    fs::remove_file(company.home.path("token")).expect("the token's file is there");
    let declared = company.home.read("declarations/app.toml");
    let sealed = declared.replace("{ file = \"../token\" }", "{ secret = \"app-token\" }").replacen(
        "class = \"User\"",
        "class = \"User\"\npassword = { attribute = \"password\" }",
        1,
    );
    company.home.declare("app", &sealed);
    assert_eq!(set(&company.home, "app-token", TOKEN).0, 0);
    company
}

/// Everything that the API tells.
fn asked(host: &Running, company: &ScimCompany) -> Vec<u8> {
    let address = loop {
        if let Some(address) = address_in(&host.output()) {
            break address;
        }
        thread::sleep(Duration::from_millis(50));
    };
    let mut answers = Vec::new();
    for path in ["identities", "accounts", "operations", "runs", "plans", "targets", "limits", "events"] {
        let headers = vec![
            ("Host".to_owned(), address.to_string()),
            ("Authorization".to_owned(), format!("Bearer {}", company.home.read("data/api-token"))),
        ];
        let request = Message { first_line: format!("GET /v1/{path} HTTP/1.1"), headers, body: Vec::new() };
        let answer = exchange(address, &request).expect("the host answers");
        assert_eq!(answer.status(), Some(200), "{path}");
        answers.extend(answer.to_bytes());
    }
    answers
}

/// Whether the process would leave a core dump.
fn leaves_a_core(host: &Running) -> bool {
    let limits = fs::read_to_string(format!("/proc/{}/limits", host.id())).expect("its limits can be read");
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).expect("it has this limit");
    core.split_ascii_whitespace().nth(4) != Some("0")
}

#[test]
fn a_provisioning_run_leaves_no_secret_in_guests_files_or_answers() {
    leaves_no_secret(&ScimServer::one_by_one(), PEOPLE);
}

#[test]
fn bulk_requests_leave_no_secret_in_guests_files_or_answers() {
    leaves_no_secret(&ScimServer::start(), 1);
}

/// Provisions a company, while the guests are looked into at least so often.
fn leaves_no_secret(server: &ScimServer, looks: u32) {
    let app = server.tenant("canary");
    let seen = Arc::new(Seen::default());
    let witness = seen.clone();
    let proxy = FaultProxy::watched(server.address(), move |request| witness.look(request));
    let company = company(&app.url_through(proxy.address()));
    let home = &company.home;

    let mut said = vec![home.purser(&["-v", "-v", "import", "hr"])];
    said.push(seen.run(&company, &["-v", "-v", "apply"]));
    company.assert_mirrored_in(&app);
    said.push(seen.run(&company, &["-v", "-v", "reconcile", "app"]));
    said.push(seen.run(&company, &["-v", "-v", "check"]));
    for arguments in [&["explain", "hr/E0001"][..], &["audit", "list"], &["log"], &["status"], &["events"]] {
        said.push(home.purser(arguments));
    }
    for answer in &said {
        assert_eq!(answer.code, Some(0), "{answer:?}");
    }

    let passwords = seen.passwords.lock().expect("nobody panics").clone();
    assert_eq!(passwords.len(), PEOPLE as usize, "every new account got a password");
    assert_eq!(*seen.leaks.lock().expect("nobody panics"), [""; 0], "requests during which a guest held a secret");
    let (looked, known) = (seen.looked.load(Ordering::SeqCst), seen.known.load(Ordering::SeqCst));
    assert!(looked >= looks && known > 0, "{looked} looks, {known} of which found what the guests do know");

    let host = home.start(&["serve", "--listen", "127.0.0.1:0"]);
    let answers = asked(&host, &company);
    assert!(!leaves_a_core(&host));
    host.terminate();
    said.push(host.wait());
    let said: Vec<&Answer> = said.iter().collect();
    for secret in passwords.iter().map(String::as_str).chain([TOKEN]) {
        assert!(!holds(&answers, &forms(&[secret])), "the API tells a secret");
        assert_nowhere(home, secret, &said);
    }
}
