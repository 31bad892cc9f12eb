//! PyPI's scim2-server as a peer: a process of its own, asked over HTTP as any other client would.

use crate::environment;
use crate::http::{Message, exchange};
use crate::listening::comes_to_listen;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};

/// What clients show to be let in.
pub const TOKEN: &str = "the-token-of-the-end-to-end-tests";

/// A running server with any number of tenants; it ends with this value.
pub struct ScimServer {
    process: Child,
    address: SocketAddr,
}

/// One tenant: an application of its own, empty at first.
#[derive(Debug, Clone)]
pub struct Tenant {
    address: SocketAddr,
    name: String,
}

impl ScimServer {
    /// Starts the server on a free port and waits until it answers. It announces everything but cursors.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts a server that announces, and does, what this ServiceProviderConfig says.
    pub fn announcing(provider: &Value) -> Self {
        let file = tempfile::NamedTempFile::new().expect("a file can be made");
        std::fs::write(file.path(), provider.to_string()).expect("a file can be written");
        Self::start_with(&["--service-provider-config".as_ref(), file.path().as_os_str()])
    }

    /// Starts a server without bulk requests, for tests that count what reaches it: every edit is a request of its own.
    pub fn one_by_one() -> Self {
        Self::announcing(&json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
            "patch": {"supported": true}, "filter": {"supported": true, "maxResults": 1000},
            "bulk": {"supported": false, "maxOperations": 0, "maxPayloadSize": 0},
            "changePassword": {"supported": true}, "sort": {"supported": true}, "etag": {"supported": true},
            "authenticationSchemes": [],
        }))
    }

    fn start_with(arguments: &[&OsStr]) -> Self {
        let program = environment::scim_server();
        // A port found free can be taken before the server has it; then another one is tried.
        for _ in 0..5 {
            let address = free_address();
            let process = Command::new(&program)
                .args(["--dynamic-tenants", "--bearer-token", TOKEN, "--port", &address.port().to_string()])
                .args(arguments)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap_or_else(|error| panic!("{} cannot be started: {error}", program.display()));
            let mut server = Self { process, address };
            if comes_to_listen(&mut server.process, &[address.port()]) {
                return server;
            }
        }
        panic!("{} does not answer on any port: start it by hand to see why", program.display());
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The tenant of this name.
    pub fn tenant(&self, name: &str) -> Tenant {
        Tenant::at(self.address, name)
    }
}

impl Drop for ScimServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    listener.expect("a free port of this machine can be had")
}

impl Tenant {
    /// The application whose base path is `/NAME/v2` at this address.
    pub fn at(address: SocketAddr, name: &str) -> Self {
        Self { address, name: name.to_owned() }
    }

    /// The server that it is in.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The SCIM base path at the server.
    pub fn base_path(&self) -> String {
        format!("/{}/v2", self.name)
    }

    /// The SCIM base URL.
    pub fn url(&self) -> String {
        self.url_through(self.address)
    }

    /// The SCIM base URL at a proxy before the server.
    pub fn url_through(&self, proxy: SocketAddr) -> String {
        format!("http://{proxy}{}", self.base_path())
    }

    /// Sends a request; the answer's status and JSON body.
    pub fn request(&self, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        let headers = [
            ("Host", self.address.to_string()),
            ("Authorization", format!("Bearer {TOKEN}")),
            ("Content-Type", "application/scim+json".to_owned()),
        ];
        let request = Message {
            first_line: format!("{method} {}{path} HTTP/1.1", self.base_path()),
            headers: headers.map(|(name, value)| (name.to_owned(), value)).into(),
            body: body.map(|body| body.to_string().into_bytes()).unwrap_or_default(),
        };
        let answer = exchange(self.address, &request).unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        (answer.status().unwrap_or(0), serde_json::from_slice(&answer.body).unwrap_or_default())
    }

    /// Every user, in the order of the list; as many as the server counts.
    pub fn users(&self) -> Vec<Value> {
        self.all("/Users")
    }

    /// Every group.
    pub fn groups(&self) -> Vec<Value> {
        self.all("/Groups")
    }

    fn all(&self, path: &str) -> Vec<Value> {
        let mut found = Vec::new();
        loop {
            let (status, page) =
                self.request("GET", &format!("{path}?startIndex={}&count=1000", found.len() + 1), None);
            assert_eq!(status, 200, "{page}");
            let total = page["totalResults"].as_u64().expect("a list says how many there are");
            let resources = page["Resources"].as_array().cloned().unwrap_or_default();
            let is_last = resources.is_empty();
            found.extend(resources);
            if is_last || found.len() as u64 >= total {
                assert_eq!(found.len() as u64, total, "the list of {path} does not add up");
                return found;
            }
        }
    }

    /// Every user by `externalId`, which a test gives to all of them; fails where two have the same.
    pub fn users_by_number(&self) -> BTreeMap<String, Value> {
        let mut by_number = BTreeMap::new();
        for user in self.users() {
            let number = user["externalId"].as_str().unwrap_or_default().to_owned();
            let twice = by_number.insert(number.clone(), user);
            assert!(twice.is_none(), "there are two users with the externalId `{number}`");
        }
        by_number
    }

    /// The user with this `userName`.
    pub fn user(&self, name: &str) -> Value {
        let found = self.users().into_iter().find(|user| user["userName"] == name);
        found.unwrap_or_else(|| panic!("there is no user {name}"))
    }

    /// The `userName`s of the members of the one group with this name, sorted; fails where there are two such groups.
    /// This server leaves deleted users in the lists of their groups; they are passed over.
    pub fn members(&self, group: &str) -> Vec<String> {
        let named: Vec<Value> = self.groups().into_iter().filter(|known| known["displayName"] == group).collect();
        assert_eq!(named.len(), 1, "there is one group {group}: {named:?}");
        let names: BTreeMap<String, String> =
            self.users().iter().map(|user| (text(&user["id"]), text(&user["userName"]))).collect();
        let members = named[0]["members"].as_array().cloned().unwrap_or_default();
        let there = members.iter().filter_map(|member| names.get(&text(&member["value"])));
        let mut members: Vec<String> = there.cloned().collect();
        members.sort_unstable();
        members
    }

    /// Makes a user by hand; its id.
    pub fn create_user(&self, attributes: &Value) -> String {
        let mut body = attributes.clone();
        body["schemas"] = json!(["urn:ietf:params:scim:schemas:core:2.0:User"]);
        let (status, made) = self.request("POST", "/Users", Some(&body));
        assert_eq!(status, 201, "{made}");
        text(&made["id"])
    }

    /// Changes attributes of a user by hand.
    pub fn replace(&self, id: &str, path: &str, value: impl Into<Value>) {
        let body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{"op": "replace", "path": path, "value": value.into()}],
        });
        let (status, answer) = self.request("PATCH", &format!("/Users/{id}"), Some(&body));
        assert!(status == 200 || status == 204, "{status}: {answer}");
    }

    /// Deletes a user by hand.
    pub fn delete_user(&self, id: &str) {
        let (status, answer) = self.request("DELETE", &format!("/Users/{id}"), None);
        assert_eq!(status, 204, "{answer}");
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
