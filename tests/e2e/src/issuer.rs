//! A real issuer of tokens: npm's oidc-provider as a process of its own, and what somebody forges in its name.

use crate::environment;
use crate::http::{Message, exchange};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

/// For whom its tokens of services are.
pub const AUDIENCE: &str = "purser";

/// A running issuer; it ends with this value.
pub struct Issuer {
    process: Child,
    /// What it calls itself, and where it is.
    pub url: String,
    control: SocketAddr,
}

impl Issuer {
    /// Starts an issuer on a free port and waits until it answers.
    pub fn start() -> Self {
        Self::launch(|_| {})
    }

    /// Starts one that speaks TLS with the certificate in these files, which this authority signed.
    pub fn secured(certificate: &Path, key: &Path, authority: &Path) -> Self {
        Self::launch(|command| {
            command.arg(certificate).arg(key).env("NODE_EXTRA_CA_CERTS", authority);
        })
    }

    fn launch(prepare: impl FnOnce(&mut Command)) -> Self {
        // The script of this source tree, with the packages that were prepared.
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../peers/clients/issuer.mjs");
        let mut command = Command::new("node");
        command.arg(script).arg(environment::clients());
        prepare(&mut command);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().expect("node can be started");
        let mut line = String::new();
        let said = process.stdout.take().expect("what it says is read");
        BufReader::new(said).read_line(&mut line).expect("it says where it is");
        let places: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let port = places["control"].as_u64().and_then(|port| u16::try_from(port).ok()).expect("a port");
        let url = places["url"].as_str().expect("a URL").to_owned();
        Self { process, url, control: SocketAddr::from((Ipv4Addr::LOCALHOST, port)) }
    }

    /// A declaration of it under this name, with these lines in its section; who is in the group `viewers` or `admins` may look, or
    /// do everything, and `svc-EdDSA` owns the target `crm`.
    pub fn declaration(&self, name: &str, lines: &str) -> String {
        let role = |role: &str, claim: &str, value: &str, more: &str| {
            format!("[[issuer.{name}.role]]\nrole = \"{role}\"\nclaim = \"{claim}\"\nvalues = [\"{value}\"]\n{more}\n")
        };
        [
            format!("[issuer.{name}]\nurl = \"{}\"\naudience = \"{AUDIENCE}\"\n{lines}\n", self.url),
            role("owner", "sub", "svc-EdDSA", "targets = [\"crm\"]"),
            role("admin", "groups", "admins", ""),
            role("viewer", "groups", "viewers", ""),
        ]
        .concat()
    }

    /// A token that it gives to the service whose tokens are signed so.
    pub fn token(&self, algorithm: &str) -> String {
        self.wish("/token", &json!({"alg": algorithm}))["token"].as_str().expect("a token").to_owned()
    }

    /// The claims of a token that would be good, with these in their place; null takes one away.
    #[expect(clippy::disallowed_methods, reason = "the host that looks at them goes by the machine's clock")]
    pub fn claims(&self, changed: &Value) -> Value {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is later than 1970").as_secs();
        let mut claims = json!({
            "iss": self.url, "aud": AUDIENCE, "sub": "forger", "iat": now, "exp": now + 600, "groups": ["viewers"],
        });
        for (name, value) in changed.as_object().into_iter().flatten() {
            claims[name] = value.clone();
        }
        let kept = claims.as_object_mut().expect("an object");
        kept.retain(|_, value| !value.is_null());
        claims
    }

    /// A token of this kind: `signed` with its key; by a `stranger`, who sends the key along; `none`, without a signature; `confused`, an HMAC
    /// with the public key.
    pub fn forge(&self, kind: &str, algorithm: &str, claims: &Value, header: &Value) -> String {
        let asked = json!({"kind": kind, "alg": algorithm, "claims": claims, "header": header});
        self.wish("/forgery", &asked)["token"].as_str().expect("a token").to_owned()
    }

    /// That people sign in there, as lines of its section; `client` says which client the console of this host is.
    pub fn sign_in(console: SocketAddr, client: &str) -> String {
        format!("sign_in = {{ console = \"http://{console}\", scopes = [\"groups\"], {client} }}")
    }

    /// From now on it signs with other keys, and the former ones are not published any more.
    pub fn renew_keys(&self) {
        self.wish("/renewal", &json!({}));
    }

    /// From now on it sends people back to the console that is there.
    pub fn knows_console(&self, url: &str) {
        self.wish("/console", &json!({"url": url}));
    }

    /// Ends it.
    pub fn stop(self) {}

    #[track_caller]
    fn wish(&self, path: &str, asked: &Value) -> Value {
        let request = Message {
            first_line: format!("POST {path} HTTP/1.1"),
            headers: vec![("Host".to_owned(), self.control.to_string())],
            body: asked.to_string().into_bytes(),
        };
        let answer = exchange(self.control, &request).expect("an answer");
        let told: Value = serde_json::from_slice(&answer.body).expect("JSON");
        assert_eq!(answer.status(), Some(200), "{path}: {told}");
        told
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
