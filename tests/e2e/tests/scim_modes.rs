//! What a SCIM server announces is used: bulk requests, and pages by cursor (RFC 9865).

use purser_e2e::fault_proxy::FaultProxy;
use purser_e2e::http::Message;
use purser_e2e::scim_company::{CAREFUL, Policy, ScimCompany};
use purser_e2e::scim_server::{ScimServer, Tenant};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The first lines of the requests that reached the server.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<String>>>);

impl Seen {
    fn watching(&self, server: &ScimServer) -> FaultProxy {
        let seen = self.clone();
        FaultProxy::watched(server.address(), move |message: &Message| {
            seen.0.lock().expect("no test panics while it writes").push(message.first_line.clone());
        })
    }

    fn count(&self, wanted: impl Fn(&str) -> bool) -> usize {
        let seen = self.0.lock().expect("no test panics while it writes");
        seen.iter().filter(|line| wanted(line)).count()
    }
}

fn provider(bulk: bool, pagination: &Value) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": {"supported": true}, "filter": {"supported": true, "maxResults": 50},
        "bulk": {"supported": bulk, "maxOperations": 7, "maxPayloadSize": 1_048_576},
        "changePassword": {"supported": false}, "sort": {"supported": false}, "etag": {"supported": true},
        "pagination": pagination, "authenticationSchemes": [],
    })
}

fn by_index() -> Value {
    json!({"cursor": false, "index": true, "defaultPageSize": 50, "maxPageSize": 50})
}

/// A company of twenty whose accounts are all there, and were made through the proxy.
fn provisioned(app: &Tenant, proxy: &FaultProxy, policy: Policy) -> ScimCompany {
    let company = ScimCompany::found(20, &app.url_through(proxy.address()), policy);
    let applied = company.import_and_apply();
    assert_eq!(applied["refused"], 0, "{applied}");
    company.assert_mirrored_in(app);
    company.home.assert_in_step();
    company
}

#[test]
fn edits_go_together_where_bulk_is_announced_and_alone_where_not() {
    for bulk in [true, false] {
        let server = ScimServer::announcing(&provider(bulk, &by_index()));
        let (app, seen) = (server.tenant("bulk"), Seen::default());
        let proxy = seen.watching(&server);
        let mut company = provisioned(&app, &proxy, Policy { leaving: "delete", ..CAREFUL });
        let before = app.user("person0003")["id"].clone();
        for place in [2, 4, 6, 8] {
            company.people[place].family = format!("Renamed-{place}");
            company.people[place].email = format!("renamed{place}@example.org");
        }
        company.people.truncate(17);
        company.export();
        let applied = company.import_and_apply();
        assert_eq!(applied["refused"], 0, "{applied}");
        company.assert_mirrored_in(&app);
        assert_eq!(app.user("person0003")["id"], before, "it is the same account");
        company.home.assert_in_step();
        let together = seen.count(|line| line.starts_with("POST /bulk/v2/Bulk"));
        assert_eq!(together > 0, bulk, "{together} bulk requests");
    }
}

#[test]
fn what_a_failing_line_loses_of_bulk_requests_is_made_good() {
    let server = ScimServer::announcing(&provider(true, &by_index()));
    let app = server.tenant("failing");
    let proxy = FaultProxy::start(server.address(), 0.2, Duration::ZERO, 20_261_126);
    let company = ScimCompany::found(40, &app.url_through(proxy.address()), CAREFUL);
    company.home.purser(&["import", "hr"]).done();
    let done = (0..20).any(|_| company.home.purser(&["apply", "--patience", "120"]).code == Some(0));
    assert!(done, "not done after 20 commands: {}", company.home.purser(&["status"]).done());
    assert!(proxy.traffic().faults.values().sum::<u64>() > 0, "requests were disturbed");
    company.assert_mirrored_in(&app);
}

#[test]
fn the_examples_of_the_readme_are_read() {
    let readme = include_str!("../../../plugins/scim/README.md");
    let blocks: Vec<&str> = readme.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert_eq!(blocks.len(), 3, "a target, its roles and entitlements, and its own types");
    let company = ScimCompany::found(1, "http://127.0.0.1:9/v2", CAREFUL);
    company.home.write("declarations/secrets/app-token", "not used");
    company.home.declare("app", &blocks.concat());
    let roles = company.home.read("declarations/roles.toml").replace("\"everyone\"", "\"engineers\"");
    company.home.declare("roles", &roles);
    company.home.purser(&["import", "hr"]).done();
    let status = company.home.purser(&["status"]).done();
    assert!(status.to_string().contains("app"), "{status}");
}

#[test]
fn pages_are_read_by_cursor_where_it_is_announced() {
    for index in [true, false] {
        let method = if index { "index" } else { "cursor" };
        let pagination = json!({"cursor": true, "index": index, "defaultPaginationMethod": method,
            "defaultPageSize": 3, "maxPageSize": 6, "cursorTimeout": 3600});
        let server = ScimServer::announcing(&provider(true, &pagination));
        let (app, seen) = (server.tenant("cursor"), Seen::default());
        let proxy = seen.watching(&server);
        let company = ScimCompany::found(20, &app.url_through(proxy.address()), CAREFUL);
        let applied = company.import_and_apply();
        assert_eq!(applied["refused"], 0, "{applied}");
        let report = company.home.purser(&["reconcile", "app"]).done();
        assert_eq!((&report["gone"], &report["operations"]["refused"]), (&json!(0), &json!(0)), "{report}");
        let pages = seen.count(|line| line.starts_with("GET /cursor/v2/Users?") && line.contains("cursor="));
        assert!(pages >= 4, "20 users in pages of 6 were read by cursor: {pages}");
    }
}
