//! scim2-cli, a client of SCIM by somebody else, which judges applications: `scim query`.

use crate::environment;
use crate::home::Home;
use crate::scenario::{Peer, Person, Seen};
use crate::scim_seen::{groups_by_member, seen, text};
use serde_json::Value;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::process::{Command, Stdio};

/// Resources in one page.
const PAGE: usize = 100;

/// Whom the client asks, and with what.
#[derive(Debug, Clone)]
pub struct ScimCli {
    /// The SCIM base URL.
    pub url: String,
    /// The token that lets in.
    pub token: &'static str,
}

impl ScimCli {
    /// Asks for these resources; what the client prints.
    ///
    /// # Panics
    /// The client cannot be started, or is not content with what the application answers.
    #[track_caller]
    pub fn query(&self, arguments: &[&str]) -> Value {
        let mut command = Command::new(environment::clients_python().with_file_name("scim"));
        command.args(["--url", &self.url, "query"]).args(arguments);
        // Others on this machine see arguments.
        command.env("SCIM_CLI_HEADERS", format!("Authorization: Bearer {}", self.token)).env("NO_COLOR", "1");
        let output = command.stdin(Stdio::null()).output().expect("scim2-cli can be started");
        let (said, log) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "scim query {arguments:?}: {said}{log}");
        serde_json::from_str(&said).unwrap_or_else(|error| panic!("scim query {arguments:?}: {error}: {said}{log}"))
    }

    /// Every resource of a type, page by page.
    ///
    /// # Panics
    /// As [`ScimCli::query`]; the pages do not add up.
    #[track_caller]
    pub fn all(&self, resource_type: &str) -> Vec<Value> {
        let mut found: Vec<Value> = Vec::new();
        loop {
            let (start, count) = ((found.len() + 1).to_string(), PAGE.to_string());
            let page = self.query(&[resource_type, "--start-index", &start, "--count", &count]);
            let total = page["totalResults"].as_u64().expect("a list says how many there are");
            let resources = page["Resources"].as_array().cloned().unwrap_or_default();
            let is_last = resources.is_empty();
            found.extend(resources);
            if is_last || found.len() as u64 >= total {
                assert_eq!(found.len() as u64, total, "the list of every {resource_type} does not add up");
                return found;
            }
        }
    }

    /// All accounts by their `externalId`, with the groups that say they have them.
    fn accounts(&self) -> BTreeMap<String, Seen> {
        let groups = groups_by_member(&self.all("group"));
        let mut accounts = BTreeMap::new();
        for user in self.all("user") {
            let number = text(&user["externalId"]);
            let groups = groups.get(&text(&user["id"])).cloned().unwrap_or_default();
            let twice = accounts.insert(number.clone(), seen(&user, groups));
            assert!(twice.is_none(), "there are two users with the externalId `{number}`");
        }
        accounts
    }
}

/// A SCIM application that is asked by scim2-cli beside its own tools. The client is not disturbed: it tries nothing again.
pub struct Asked<P> {
    /// The application.
    pub peer: P,
    client: ScimCli,
    disturbed: Cell<(f64, f64)>,
}

impl<P> Asked<P> {
    /// An application, and the client that asks it.
    pub fn new(peer: P, client: ScimCli) -> Self {
        Self { peer, client, disturbed: Cell::new((0.0, 0.0)) }
    }
}

impl<P: Peer> Peer for Asked<P> {
    fn connector(&self) -> &'static str {
        self.peer.connector()
    }

    fn put_secrets(&self, home: &Home) {
        self.peer.put_secrets(home);
    }

    fn declaration(&self) -> String {
        self.peer.declaration()
    }

    fn has_managers(&self) -> bool {
        self.peer.has_managers()
    }

    fn shown(&self, wanted: Seen) -> Seen {
        self.peer.shown(wanted)
    }

    fn keeps_leavers(&self) -> bool {
        self.peer.keeps_leavers()
    }

    fn disturb(&self, throttled: f64, lost: f64) {
        self.disturbed.set((throttled, lost));
        self.peer.disturb(throttled, lost);
    }

    fn accounts(&self) -> BTreeMap<String, Seen> {
        self.peer.disturb(0.0, 0.0);
        let seen = self.client.accounts();
        assert_eq!(seen, self.peer.accounts(), "both see the same");
        let (throttled, lost) = self.disturbed.get();
        self.peer.disturb(throttled, lost);
        seen
    }

    fn make_by_hand(&self, person: &Person) {
        self.peer.make_by_hand(person);
    }

    fn change_family_by_hand(&self, number: &str, family: &str) {
        self.peer.change_family_by_hand(number, family);
    }
}
