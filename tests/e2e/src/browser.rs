//! A browser that nobody sees: Chromium, driven over WebDriver (W3C) by chromedriver.

use crate::environment;
use crate::http::{Message, exchange_within};
use crate::listening::comes_to_listen;
use crate::served::eventually;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Where pictures of pages are kept, for people to look at.
pub fn pictures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/console-pictures")
}

/// Longer than a browser takes to start on a slow machine.
const PATIENCE: Duration = Duration::from_mins(3);
/// No other machine is asked for anything.
const HERE: &str = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1";
/// How WebDriver names elements in its answers.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser with one window; it ends with this value.
pub struct Browser {
    driver: Child,
    address: SocketAddr,
    session: String,
    profile: tempfile::TempDir,
}

impl Browser {
    /// Starts a browser.
    ///
    /// # Panics
    /// It cannot be started.
    pub fn start() -> Self {
        for _ in 0..5 {
            let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
            let mut driver = launch(port);
            if comes_to_listen(&mut driver, &[port]) {
                let profile = tempfile::tempdir().expect("a temporary folder can be made");
                let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
                let mut browser = Self { driver, address, session: String::new(), profile };
                browser.session = browser.begin();
                return browser;
            }
            let _ = driver.kill();
            let _ = driver.wait();
        }
        panic!("chromedriver does not listen");
    }

    fn begin(&self) -> String {
        let profile = format!("--user-data-dir={}", self.profile.path().display());
        let arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", HERE, &profile];
        let options = json!({"args": arguments});
        let wanted = json!({"capabilities": {"alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": options}}});
        let begun = self.ask("POST", "/session", Some(&wanted)).unwrap_or_else(|error| panic!("no session: {error}"));
        begun["sessionId"].as_str().unwrap_or_else(|| panic!("no session in {begun}")).to_owned()
    }

    /// Goes to a page and waits until it is there.
    #[track_caller]
    pub fn go(&self, url: &str) {
        self.command("POST", "/url", Some(&json!({"url": url})));
    }

    /// Where it is.
    #[track_caller]
    pub fn url(&self) -> String {
        self.command("GET", "/url", None).as_str().unwrap_or_default().to_owned()
    }

    /// Clicks what leads to another page, and waits until that is there.
    #[track_caller]
    pub fn follow(&self, selector: &str) {
        self.run("window.isTheFormerPage = true");
        self.click(selector);
        eventually("another page is there", || {
            self.run("return document.readyState === 'complete' && window.isTheFormerPage === undefined") == true
        });
    }

    /// Presses keys in an element (WebDriver section 17.4.2 says how those are written that are no letters), which lead to
    /// another page, and waits until that is there.
    #[track_caller]
    pub fn follow_by_keys(&self, selector: &str, keys: &str) {
        self.run("window.isTheFormerPage = true");
        self.press(selector, keys);
        eventually("another page is there", || {
            self.run("return document.readyState === 'complete' && window.isTheFormerPage === undefined") == true
        });
    }

    /// Presses keys, one after the other, beginning in an element.
    #[track_caller]
    fn press(&self, selector: &str, keys: &str) {
        let selector = json!(selector);
        self.run(&format!("document.querySelector({selector}).focus()"));
        let each = keys.chars().flat_map(|key| [("keyDown", key), ("keyUp", key)]);
        let each: Vec<_> = each.map(|(kind, key)| json!({"type": kind, "value": key.to_string()})).collect();
        let actions = json!({"actions": [{"type": "key", "id": "keyboard", "actions": each}]});
        self.command("POST", "/actions", Some(&actions));
    }

    /// Clicks the first element that this selector finds.
    #[track_caller]
    pub fn click(&self, selector: &str) {
        self.of_element(selector, "POST", "click", Some(&json!({})));
    }

    /// Types into an element.
    #[track_caller]
    pub fn type_into(&self, selector: &str, text: &str) {
        self.of_element(selector, "POST", "value", Some(&json!({"text": text})));
    }

    /// Fills a field in place of what is in it, many lines at once or what a picker would give.
    #[track_caller]
    pub fn fill(&self, selector: &str, text: &str) {
        let (selector, text) = (json!(selector), json!(text));
        self.run(&format!("document.querySelector({selector}).value = {text}"));
    }

    /// Chooses this value of a drop-down.
    #[track_caller]
    pub fn choose(&self, selector: &str, value: &str) {
        self.click(&format!("{selector} option[value='{value}']"));
    }

    /// What is in a field.
    #[track_caller]
    pub fn value(&self, selector: &str) -> String {
        let selector = json!(selector);
        self.run(&format!("return document.querySelector({selector}).value")).as_str().unwrap_or_default().to_owned()
    }

    /// The text of the first element that this selector finds, as it is shown.
    #[track_caller]
    pub fn text(&self, selector: &str) -> String {
        self.of_element(selector, "GET", "text", None).as_str().unwrap_or_default().to_owned()
    }

    /// What a script in the page returns.
    #[track_caller]
    pub fn run(&self, script: &str) -> Value {
        self.command("POST", "/execute/sync", Some(&json!({"script": script, "args": []})))
    }

    /// What a script in the page hands to its last argument, a function.
    #[track_caller]
    pub fn run_and_wait(&self, script: &str) -> Value {
        self.command("POST", "/execute/async", Some(&json!({"script": script, "args": []})))
    }

    /// What axe finds wrong with the page that is shown.
    pub fn violations(&self) -> Vec<Value> {
        let axe = environment::clients().join("node_modules/axe-core/axe.min.js");
        let axe = fs::read_to_string(&axe).unwrap_or_else(|error| panic!("{}: {error}", axe.display()));
        self.run(&axe);
        let found = self.run_and_wait(
            "const done = arguments[arguments.length - 1]; \
             axe.run().then((found) => done(found.violations), (error) => done([{impact: 'serious', id: String(error)}]));",
        );
        found.as_array().unwrap_or_else(|| panic!("axe says {found}")).clone()
    }

    /// Looks as one whose screen is so wide and who prefers this scheme: `light` or `dark`.
    #[track_caller]
    pub fn look_as(&self, width: u32, height: u32, scheme: &str) {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600});
        self.developer("Emulation.setDeviceMetricsOverride", &size);
        let media = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.developer("Emulation.setEmulatedMedia", &media);
    }

    fn developer(&self, name: &str, parameters: &Value) {
        self.command("POST", "/goog/cdp/execute", Some(&json!({"cmd": name, "params": parameters})));
    }

    /// Keeps a picture of the window.
    ///
    /// # Panics
    /// It cannot be written.
    #[track_caller]
    pub fn picture(&self, file: &Path) {
        let picture = self.command("GET", "/screenshot", None);
        let bytes = BASE64_STANDARD.decode(picture.as_str().unwrap_or_default()).expect("a picture in base64");
        fs::create_dir_all(file.parent().unwrap_or(Path::new("."))).expect("a folder can be made");
        fs::write(file, bytes).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    }

    /// Does something with the first element that this selector finds. Where the page replaced it meanwhile, with its
    /// successor.
    #[track_caller]
    fn of_element(&self, selector: &str, method: &str, what: &str, body: Option<&Value>) -> Value {
        let mut stale = String::new();
        for _ in 0..5 {
            let element = self.element(selector);
            let path = format!("/session/{}/element/{element}/{what}", self.session);
            match self.ask(method, &path, body) {
                Ok(value) => return value,
                Err(error) if error.contains("stale element") => stale = error,
                Err(error) => panic!("{what} of {selector}: {error}"),
            }
        }
        panic!("{what} of {selector}: {stale}");
    }

    #[track_caller]
    fn element(&self, selector: &str) -> String {
        let wanted = json!({"using": "css selector", "value": selector});
        let found = self.command("POST", "/element", Some(&wanted));
        found[ELEMENT].as_str().unwrap_or_else(|| panic!("no element in {found}")).to_owned()
    }

    #[track_caller]
    fn command(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let path = format!("/session/{}{path}", self.session);
        match self.ask(method, &path, body) {
            Ok(value) => value,
            Err(error) => panic!("{method} {path} {}: {error}", body.map(ToString::to_string).unwrap_or_default()),
        }
    }

    /// The value of the answer, or the error that WebDriver tells.
    fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, String> {
        let headers = [("Host", self.address.to_string()), ("Content-Type", "application/json".to_owned())];
        let request = Message {
            first_line: format!("{method} {path} HTTP/1.1"),
            headers: headers.map(|(name, value)| (name.to_owned(), value)).to_vec(),
            body: body.map(|body| body.to_string().into_bytes()).unwrap_or_default(),
        };
        let answer = exchange_within(self.address, &request, PATIENCE).map_err(|error| error.to_string())?;
        let told: Value = serde_json::from_slice(&answer.body).map_err(|error| error.to_string())?;
        if answer.status() == Some(200) { Ok(told["value"].clone()) } else { Err(told["value"]["message"].to_string()) }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !self.session.is_empty() {
            let _ = self.ask("DELETE", &format!("/session/{}", self.session), None);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

fn launch(port: u16) -> Child {
    let mut command = Command::new(environment::chromedriver());
    command.arg(format!("--port={port}")).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("chromedriver can be started")
}
