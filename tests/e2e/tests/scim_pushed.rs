//! Identities that a client pushes over SCIM, through the served host into an application.

use purser_e2e::environment::{clients, clients_python};
use purser_e2e::home::Home;
use purser_e2e::people::{DirectoryAccount, directory};
use purser_e2e::served::{Served, eventually};
use serde_json::{Value, json};
use std::process::Command;

const DECLARATIONS: &str = r#"
[source.okta]
kind = "scim"

[source.entra]
kind = "scim"
lifecycle = "active ? 'active' : 'departed'"
[source.entra.attributes]
userName = "record.userName"
displayName = "record.displayName"
mail = "record.emails[0].value"

[target.directory]
connector = "flatfile"
class = "account"
leaving = "disable"
guard = { share = 100, count = 1000, revoke = { share = 100, count = 1000 } }

[target.directory.config]
create_missing = true

[target.directory.config.classes.account]
kind = "account"
file = "accounts.csv"
key = "employeeNumber"
active = "active"
multi = ["groups"]
columns = ["employeeNumber", "name", "mail", "active", "groups"]

[target.directory.config.classes.group]
kind = "entitlement"
file = "groups.csv"
key = "id"
columns = ["id"]
holding = { account_class = "account", attribute = "groups" }

[target.directory.directory.data]
path = "../apps/directory"
access = "read-write"

[target.directory.mapping]
employeeNumber = "identity.userName"
name = { value = "identity.displayName", strength = "strong" }
mail = { value = "identity.source == 'okta' ? identity.emails[0].value : identity.mail", strength = "strong" }

[target.directory.entitlement]
engineers = { class = "group", attribute = "id", value = "engineers", create = true }

[role.staff]
rule = "true"
[[role.staff.grant]]
target = "directory"

[role.engineer]
rule = "identity.groups != null && 'Engineering' in identity.groups"
[[role.engineer.grant]]
target = "directory"
entitlements = ["engineers"]
"#;

fn home() -> Home {
    let home = Home::new();
    home.drop_in("flatfile");
    std::fs::create_dir_all(home.path("apps/directory")).expect("a folder can be made in a temporary one");
    home.declare("all", DECLARATIONS);
    home
}

fn token(home: &Home, source: &str) -> String {
    let made = home.purser(&["scim-token", "create", source, "--source", source]).done();
    made["token"].as_str().expect("the token is shown").to_owned()
}

/// A client that pushes.
struct Pusher<'a> {
    served: &'a Served<'a>,
    token: String,
}

impl Pusher<'_> {
    #[track_caller]
    fn ask(&self, method: &str, path: &str, body: &Value, status: u16) -> Value {
        let answer = self.served.ask(method, &format!("/scim/v2{path}"), Some(&self.token), Some(body));
        assert_eq!(answer.0, status, "{method} {path}: {}", answer.1);
        answer.1
    }

    #[track_caller]
    fn push(&self, name: &str) -> String {
        let user = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": name, "displayName": format!("{name} B"),
            "active": true, "emails": [{"value": format!("{name}@example.org"), "type": "work", "primary": true}],
        });
        text(&self.ask("POST", "/Users", &user, 201)["id"])
    }

    #[track_caller]
    fn patch(&self, path: &str, operations: &Value, status: u16) {
        self.ask("PATCH", path, &json!({"Operations": operations}), status);
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn account(home: &Home, login: &str) -> Option<DirectoryAccount> {
    directory(home).remove(login)
}

/// Waits until the account has these values in these columns.
#[track_caller]
fn becomes(home: &Home, login: &str, wanted: &[(&str, &str)]) {
    eventually(&format!("{login} is {wanted:?}"), || {
        account(home, login).is_some_and(|account| wanted.iter().all(|(column, value)| account[*column] == *value))
    });
}

#[test]
fn what_is_pushed_is_in_the_application_at_once() {
    let home = home();
    let tokens = (token(&home, "okta"), token(&home, "entra"));
    let served = Served::start(&home, &["--reconcile-every", "0"]);
    let okta = Pusher { served: &served, token: tokens.0 };
    let entra = Pusher { served: &served, token: tokens.1 };

    let anna = okta.push("anna");
    becomes(&home, "anna", &[("mail", "anna@example.org"), ("active", "true"), ("groups", "")]);
    let path = format!("/Users/{anna}");
    let change = json!([{"op": "Replace", "path": "emails[type eq \"work\"].value", "value": "married@example.org"}]);
    okta.patch(&path, &change, 200);
    becomes(&home, "anna", &[("mail", "married@example.org")]);

    let group = json!({"displayName": "Engineering", "members": [{"value": anna}]});
    let group = text(&okta.ask("POST", "/Groups", &group, 201)["id"]);
    becomes(&home, "anna", &[("groups", "engineers")]);
    let removal = json!([{"op": "Remove", "path": "members", "value": [{"$ref": null, "value": anna}]}]);
    okta.patch(&format!("/Groups/{group}"), &removal, 204);
    becomes(&home, "anna", &[("groups", "")]);

    okta.patch(&path, &json!([{"op": "replace", "value": {"active": false}}]), 200);
    becomes(&home, "anna", &[("active", "false")]);
    okta.patch(&path, &json!([{"op": "replace", "value": {"active": true}}]), 200);
    becomes(&home, "anna", &[("active", "true")]);

    // The lifecycle of the other client says that who is not active has left.
    let eva = entra.push("eva");
    becomes(&home, "eva", &[("mail", "eva@example.org"), ("name", "eva B")]);
    entra.patch(&format!("/Users/{eva}"), &json!([{"op": "Replace", "path": "active", "value": "False"}]), 200);
    becomes(&home, "eva", &[("active", "false")]);
    let departed = served.list("/v1/identities?state=departed&");
    assert_eq!(departed.iter().map(|one| text(&one["key"])).collect::<Vec<_>>(), [eva]);
    okta.ask("DELETE", &path, &Value::Null, 204);
    becomes(&home, "anna", &[("active", "false")]);
    served.stop();

    let listed = home.purser(&["audit", "list", "--actor", "scim:okta"]);
    let rows: Vec<Value> =
        listed.output.lines().map(|line| serde_json::from_str(line).expect("a row a line")).collect();
    let activities: Vec<String> = rows.iter().map(|row| text(&row["activity"])).collect();
    assert!(activities.contains(&format!("DELETE /scim/v2{path}")), "{activities:?}");
    home.purser(&["audit", "verify"]).done();
    assert_eq!(home.purser(&["scim-token", "list"]).done().as_array().map(Vec::len), Some(2));
    home.purser(&["scim-token", "revoke", "okta"]).done();
    let refused = home.purser(&["scim-token", "create", "x", "--source", "nobody"]).complaint(1);
    assert!(refused.contains("kind = \"scim\""), "{refused}");
}

/// What follows from a user is declared anew, and those that were pushed before follow it.
#[test]
fn a_new_declaration_reaches_whom_it_concerns() {
    let home = home();
    let made = token(&home, "okta");
    let served = Served::start(&home, &["--reconcile-every", "0"]);
    Pusher { served: &served, token: made }.push("anna");
    becomes(&home, "anna", &[("mail", "anna@example.org")]);
    served.stop();
    let mapped =
        "[source.okta.attributes]\nuserName = \"record.userName\"\nemails = \"[{'value': 'new@example.org'}]\"\n";
    home.declare("all", &DECLARATIONS.replace("[source.entra]", &format!("{mapped}[source.entra]")));
    let served = Served::start(&home, &["--reconcile-every", "0"]);
    becomes(&home, "anna", &[("mail", "new@example.org")]);
    served.stop();
    let refused = home.purser(&["import", "okta"]).complaint(1);
    assert!(refused.contains("pushes its identities"), "{refused}");
}

/// Every check of PyPI's scim2-tester.
#[test]
fn the_server_conforms() {
    let home = home();
    let token = token(&home, "okta");
    let served = Served::start(&home, &["--reconcile-every", "0"]);
    let url = format!("http://{}/scim/v2", served.address);
    let judged = Command::new(clients_python())
        .arg(clients().join("scim_tester.py"))
        .args([&url, &token])
        .output()
        .expect("Python can be started");
    let said = String::from_utf8_lossy(&judged.stdout);
    assert!(judged.status.success(), "{}", String::from_utf8_lossy(&judged.stderr));
    let lines: Vec<&str> = said.lines().collect();
    let passed: u32 =
        lines.last().and_then(|line| line.strip_prefix("passed ")).and_then(|count| count.parse().ok()).unwrap_or(0);
    assert!(lines.len() == 1 && passed >= 130, "{said}");
    served.stop();
}

/// A token that is made while the host serves opens it, and one that is revoked opens it no more.
#[test]
fn tokens_are_changed_while_the_host_serves() {
    let home = home();
    let served = Served::start(&home, &["--reconcile-every", "0"]);
    let late = token(&home, "okta");
    assert_eq!(served.get("/scim/v2/Users", Some(&late)).0, 200);
    assert_eq!(served.get("/v1/identities", Some(&late)).0, 401);
    assert_eq!(served.get("/scim/v2/Users", Some(&served.own_token())).0, 401);
    home.purser(&["scim-token", "revoke", "okta"]).done();
    assert_eq!(served.get("/scim/v2/Users", Some(&late)).0, 401);
    served.stop();
}
