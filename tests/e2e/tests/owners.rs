//! An owner of a target sees, operates and approves what belongs to it, and of all else not even that it is there
//! (OWASP API1:2023, broken object level authorisation).

use purser_e2e::home::Home;
use purser_e2e::served::{QUIET, Served};
use serde_json::{Value, json};

const SOURCE: &str = r#"
[source.hr]
connector = "flatfile"
class = "person"
config = { classes = { person = { kind = "other", file = "people.csv", key = "number" } } }
[source.hr.directory.data]
path = "../hr"
"#;

/// One application and who is in it.
fn target(name: &str, rule: &str) -> String {
    format!(
        r#"
[target.{name}]
connector = "flatfile"
class = "account"
unlinked = "adopt"
[target.{name}.config.classes.account]
kind = "account"
file = "accounts.csv"
key = "login"
active = "active"
[target.{name}.directory.data]
path = "../{name}"
access = "read-write"
[[target.{name}.correlation]]
attribute = "mail"
value = "identity.mail"
[target.{name}.mapping]
login = {{ value = "identity.login", create_only = true }}
mail = "identity.mail"
title = {{ value = "identity.title", strength = "strong" }}
[role.{name}]
rule = "{rule}"
[[role.{name}.grant]]
target = "{name}"
"#
    )
}

/// Two applications: of Anna there are two accounts that may be hers in each, Bert is in both, Cleo in the other one alone. In
/// each something was changed by hand that is seen and not repaired yet.
fn home() -> Home {
    let home = Home::new();
    home.drop_in("flatfile");
    let declared = [SOURCE.to_owned(), target("mine", "identity.where != 'there'"), target("other", "true")].concat();
    home.declare("all", &declared);
    for name in ["mine", "other"] {
        home.write(
            &format!("{name}/accounts.csv"),
            "login,mail,title,active\na.berg,anna@example.org,,true\nberg.a,Anna@example.org,,true\n",
        );
        home.purser(&["reconcile", name]).done();
    }
    home.write(
        "hr/people.csv",
        "number,login,mail,title,where\n1,anna,anna@example.org,Dr,both\n2,bert,bert@example.org,Dr,both\n\
         3,cleo,cleo@example.org,Dr,there\n",
    );
    home.purser(&["import", "hr", "--apply"]).done();
    for name in ["mine", "other"] {
        let path = format!("{name}/accounts.csv");
        let changed = home.read(&path).replace("bert@example.org,Dr", "bert@example.org,Sir");
        assert!(changed.contains("Sir"), "{changed}");
        home.write(&path, changed);
        home.purser(&["reconcile", name, "--dry-run"]);
    }
    // Before a host works there and repairs it.
    for targets in [&["--target", "mine"][..], &["--target", "other"], &[]] {
        home.purser(&[&["plan"], targets].concat()).ended_with(3);
    }
    home
}

/// What is tried on: one thing of each kind in a target.
struct Things {
    identity: Value,
    account: Value,
    operation: Value,
    run: Value,
    case: Value,
    plan: Value,
    target: &'static str,
}

impl Things {
    /// As an admin finds them.
    fn of(served: &Served<'_>, target: &'static str, key: &str) -> Self {
        let first = |path: String| {
            let listed = served.list(&path);
            listed.first().unwrap_or_else(|| panic!("nothing in {path}"))["id"].clone()
        };
        let identity = first(format!("/v1/identities?source=hr&key={key}&"));
        let of = identity.as_str().expect("an id");
        let subject = |run: &&Value| run["subject"] == target;
        Self {
            account: first(format!("/v1/accounts?target={target}&identity={of}&")),
            operation: first(format!("/v1/operations?target={target}&")),
            run: served.list("/v1/runs?").iter().find(subject).expect("a run")["id"].clone(),
            case: first(format!("/v1/cases?target={target}&")),
            plan:
                served.list("/v1/plans?").iter().find(|plan| plan["targets"] == json!([target])).expect("a plan")["id"]
                    .clone(),
            target,
            identity,
        }
    }

    /// A route with its thing, and a body that would do it; none where the route names no thing.
    fn tried(&self, method: &str, route: &str) -> Option<(String, Value)> {
        let Self { identity, account, operation, run, case, plan, target } = self;
        let (thing, body) = match (method, route) {
            (_, "/v1/identities/{id}" | "/v1/identities/{id}/explanation") => (identity, json!({})),
            (_, "/v1/identities/{id}/provisioning") => (identity, json!({"target": target})),
            (_, "/v1/accounts/{id}" | "/v1/deletions/{account}") => (account, json!({})),
            (_, "/v1/targets/{name}") => (&json!(target), json!({})),
            ("POST", "/v1/accounts/{id}/link") => (account, json!({"identity": identity})),
            ("DELETE", "/v1/accounts/{id}/link") => (account, json!({})),
            (_, "/v1/deletions/{account}/cancellation") => (account, json!({})),
            (_, "/v1/operations/{id}" | "/v1/operations/{id}/retry" | "/v1/operations/{id}/cancellation") => {
                (operation, json!({}))
            }
            (_, "/v1/runs/{id}" | "/v1/runs/{id}/stop") => (run, json!({})),
            (_, "/v1/cases/{id}") => (case, json!({})),
            (_, "/v1/cases/{id}/decision") => (case, json!({"decision": "dismiss"})),
            (_, "/v1/plans/{id}" | "/v1/plans/{id}/items") => (plan, json!({})),
            (_, "/v1/plans/{id}/decision") => (plan, json!({"decision": "reject"})),
            (_, "/v1/plans/{id}/application") => (plan, json!({"approved_only": true})),
            (_, "/v1/targets/{name}/release") => (&json!(target), json!({})),
            ("POST", "/v1/held/decision") => {
                return Some((route.to_owned(), json!({"accounts": [account], "decision": "approve"})));
            }
            ("POST", "/v1/plans") => return Some((route.to_owned(), json!({"targets": [target]}))),
            ("POST", "/v1/runs") => {
                let body = json!({"kind": "reconciliation", "target": target, "dry_run": true});
                return Some((route.to_owned(), body));
            }
            _ => return None,
        };
        let (start, rest) = route.split_once('{').expect("a thing is named");
        let (_, end) = rest.split_once('}').expect("a name ends");
        Some((format!("{start}{}{end}", thing.as_str().expect("an id")), body))
    }
}

/// Method and route of all that is open to owners.
fn open_to_owners(served: &Served<'_>) -> Vec<(String, String)> {
    let (_, description) = served.get("/v1/openapi.json", None);
    let mut open = Vec::new();
    for (path, operations) in description["paths"].as_object().expect("paths") {
        for (method, operation) in operations.as_object().expect("operations") {
            if operation["x-permission"]["roles"].as_array().is_some_and(|roles| roles.contains(&json!("owner"))) {
                open.push((method.to_uppercase(), path.clone()));
            }
        }
    }
    open
}

fn ask(served: &Served<'_>, token: &str, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let body = (method == "POST" && !path.ends_with("/retry")).then_some(body);
    served.ask(method, path, Some(token), body)
}

#[test]
fn every_route_with_a_thing_in_it_knows_whose_it_is() {
    let home = home();
    let served = Served::start(&home, &QUIET);
    let made = home.purser(&["token", "create", "olga", "--role", "owner", "--target", "mine"]).done();
    assert_eq!(made["targets"], json!(["mine"]));
    let olga = made["token"].as_str().expect("a token").to_owned();
    let (mine, other) = (Things::of(&served, "mine", "2"), Things::of(&served, "other", "3"));
    let open = open_to_owners(&served);
    assert!(open.len() >= 30, "{open:?}");

    let mut tried = 0;
    for (method, route) in &open {
        let Some((path, body)) = other.tried(method, route) else {
            assert!(!route.contains('{'), "this test does not know how to try {method} {route}");
            continue;
        };
        let (status, problem) = ask(&served, &olga, method, &path, &body);
        assert_eq!((status, &problem["code"]), (404, &json!("not-found")), "{method} {path}: {problem}");
        tried += 1;
    }
    assert!(tried >= 19, "{tried}");
    let (_, rows) = served.get("/v1/audit?actor=api:olga", Some(&served.own_token()));
    assert_eq!(rows["items"], json!([]), "nothing was done");

    // With what is her own she comes as far as an admin does. What takes the account from its identity goes last.
    let mut own: Vec<_> =
        open.iter().filter_map(|(method, route)| Some((method, mine.tried(method, route)?))).collect();
    own.sort_by_key(|(method, _)| *method == "DELETE");
    for (method, (path, body)) in own {
        let (status, answer) = ask(&served, &olga, method, &path, &body);
        let is_there = status != 404 || ask(&served, &served.own_token(), method, &path, &body).0 == 404;
        assert!(status != 403 && is_there, "{method} {path}: {status} {answer}");
        assert!(!answer.to_string().contains("\"other\""), "{method} {path}: {answer}");
    }
    served.stop();
}

#[test]
fn lists_hold_what_is_the_owners_and_nothing_else() {
    let home = home();
    let served = Served::start(&home, &QUIET);
    let made = home.purser(&["token", "create", "olga", "--role", "owner", "--target", "mine"]).done();
    let olga = made["token"].as_str().expect("a token").to_owned();
    let (mine, other) = (Things::of(&served, "mine", "2"), Things::of(&served, "other", "3"));
    let list = |path: &str| {
        let (status, listed) = served.get(path, Some(&olga));
        assert_eq!(status, 200, "{path}: {listed}");
        assert!(!listed.to_string().contains("\"other\""), "{path}: {listed}");
        listed
    };
    for path in [
        "accounts",
        "operations",
        "cases",
        "plans",
        "runs",
        "audit",
        "targets",
        "insight/drift",
        "insight/latency",
        "insight/orphans",
    ] {
        let items = list(&format!("/v1/{path}"));
        assert!(items["items"].as_array().is_some_and(|items| !items.is_empty()), "{path}: {items}");
    }
    for path in ["held", "deletions", "quarantine", "insight/failures", "insight/dormant", "insight/entitlements"] {
        list(&format!("/v1/{path}"));
    }
    for path in [
        "accounts",
        "operations",
        "cases",
        "held",
        "audit",
        "insight/drift",
        "insight/latency",
        "insight/failures",
        "insight/orphans",
        "insight/dormant",
        "insight/entitlements",
    ] {
        assert_eq!(list(&format!("/v1/{path}?target=other"))["items"], json!([]), "{path}");
    }
    let people = list("/v1/identities");
    let ids: Vec<_> = people["items"].as_array().expect("a list").iter().map(|one| &one["id"]).collect();
    assert!(ids.contains(&&mine.identity) && !ids.contains(&&other.identity), "{people}");
    let bert = list(&format!("/v1/identities/{}", mine.identity.as_str().expect("an id")));
    assert_eq!(bert["accounts"].as_array().map(Vec::len), Some(1), "{bert}");

    // A plan of more than her own is nobody's but theirs who see all of it.
    let plans = served.list("/v1/plans?");
    let both = plans.iter().find(|plan| plan["targets"] == json!(["mine", "other"])).expect("a plan of both");
    let both = both["id"].as_str().expect("an id").to_owned();
    assert_eq!(served.get(&format!("/v1/plans/{both}"), Some(&olga)).0, 404);
    let own = served.post("/v1/plans", &olga, &json!({}));
    assert!(own["plan"].is_null() || own["plan"]["targets"] == json!(["mine"]), "{own}");

    let whole = [
        "/metrics",
        "/v1/events",
        "/v1/events/stream",
        "/v1/limits",
        "/v1/log",
        "/v1/webhooks",
        "/v1/backups",
        "/v1/tokens",
        "/v1/scim-tokens",
    ];
    let configuration = [
        "/v1/sources",
        "/v1/schedules",
        "/v1/connectors",
        "/v1/upgrades",
        "/v1/guard",
        "/v1/secrets",
        "/v1/declarations",
    ];
    for path in whole.into_iter().chain(configuration) {
        assert_eq!(served.get(path, Some(&olga)).0, 403, "{path}");
    }
    let import = json!({"kind": "import", "source": "hr"});
    assert_eq!(served.ask("POST", "/v1/runs", Some(&olga), Some(&import)).0, 403);
    let everywhere = format!("/v1/identities/{}/provisioning", mine.identity.as_str().expect("an id"));
    assert_eq!(served.ask("POST", &everywhere, Some(&olga), Some(&json!({}))).0, 400);
    assert_eq!(list("/v1/caller")["targets"], json!(["mine"]));
    served.stop();
}

#[test]
fn an_owner_has_targets_and_nobody_else_does() {
    let home = home();
    let served = Served::start(&home, &QUIET);
    let admin = served.own_token();
    for (wanted, status, words) in [
        (json!({"name": "olga", "role": "owner"}), 409, "name at least one"),
        (json!({"name": "vera", "role": "viewer", "targets": ["mine"]}), 409, "only an owner"),
        (json!({"name": "olga", "role": "owner", "targets": ["nowhere"]}), 404, "is declared"),
    ] {
        let (found, problem) = served.ask("POST", "/v1/tokens", Some(&admin), Some(&wanted));
        assert_eq!(found, status, "{problem}");
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains(words)), "{problem}");
    }
    let made = served.post("/v1/tokens", &admin, &json!({"name": "olga", "role": "owner", "targets": ["mine"]}));
    let (_, rows) = served.get("/v1/audit?action=api-token-made", Some(&admin));
    assert_eq!(rows["items"][0]["details"]["targets"], json!(["mine"]), "{rows}");
    let (_, listed) = served.get("/v1/tokens", Some(&admin));
    assert_eq!(listed["items"][0]["targets"], json!(["mine"]), "{listed}");
    assert!(made["token"].is_string());
    served.stop();
}
