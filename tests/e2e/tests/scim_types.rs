//! Resource types of a SCIM server's own: something that users hold, and accounts beside the users.

use purser_e2e::dialect_peer::DialectPeer;
use purser_e2e::scenario::{Company, Peer};
use purser_peers::scim::Dialect;
use serde_json::{Value, json};

/// A dialect with badges that users hold, and operators that have accounts of their own.
fn dialect() -> Dialect {
    let mut dialect = Dialect::named("rfc").expect("the standard is one of the dialects");
    let text = |name: &str| json!({"name": name, "type": "string", "required": true, "uniqueness": "server"});
    let badge = json!({
        "id": "urn:example:schemas:1.0:Badge", "name": "Badge",
        "attributes": [text("displayName"), {"name": "holders", "type": "complex", "multiValued": true, "subAttributes": [
            {"name": "value", "type": "string", "caseExact": true},
        ]}],
    });
    let operator = json!({
        "id": "urn:example:schemas:1.0:Operator", "name": "Operator",
        "attributes": [text("sign"), {"name": "active", "type": "boolean"}, {"name": "station", "type": "string"}],
    });
    let types = json!([
        {"name": "Badge", "endpoint": "/Badges", "schema": badge},
        {"name": "Operator", "endpoint": "/Operators", "schema": operator},
    ]);
    dialect.types = serde_json::from_value(types).expect("they are types");
    dialect
}

fn found(peer: &DialectPeer, declaration: &str) -> Company {
    let company = Company::found(12, peer.connector(), declaration);
    peer.put_secrets(&company.home);
    company
}

#[track_caller]
fn provision(company: &Company) {
    company.export();
    company.home.purser(&["import", "hr"]).done();
    let applied = company.home.purser(&["apply"]).done();
    assert_eq!(applied["refused"], 0, "{applied}");
    let report = company.home.purser(&["reconcile", "app"]).done();
    assert_eq!(report["gone"], 0, "{report}");
    company.home.assert_in_step();
}

fn holders(peer: &DialectPeer, badge: &str) -> usize {
    let badges = peer.application.all("Badge");
    let named: Vec<&Value> = badges.iter().filter(|known| known["displayName"] == badge).collect();
    assert_eq!(named.len(), 1, "{badges:?}");
    named[0]["holders"].as_array().map_or(0, Vec::len)
}

#[test]
fn a_type_that_users_hold_is_granted_and_taken() {
    let config = "[target.app.config.types.Badge]\nkind = \"entitlement\"\nmembers = \"holders\"";
    let peer = DialectPeer::start_with("rfc", dialect(), config.to_owned());
    let mut company = found(&peer, &peer.declaration().replace("class = \"Group\"", "class = \"Badge\""));
    provision(&company);
    assert_eq!((holders(&peer, "everyone"), holders(&peer, "engineers")), (12, 6));
    assert_eq!(peer.application.all("Group"), [] as [Value; 0]);

    company.people[0].department = "Engineering".to_owned();
    company.people[1].employed = false;
    provision(&company);
    assert_eq!((holders(&peer, "everyone"), holders(&peer, "engineers")), (11, 6));

    // What its own people take is given again.
    let badges = peer.application.all("Badge");
    let everyone = badges.iter().find(|badge| badge["displayName"] == "everyone").unwrap();
    peer.application.edit(everyone["id"].as_str().unwrap(), |badge| {
        badge["holders"].as_array_mut().unwrap().truncate(3);
    });
    company.home.purser(&["reconcile", "app"]).done();
    provision(&company);
    assert_eq!(holders(&peer, "everyone"), 11);
    assert_eq!(peer.application.violations(), [""; 0]);
}

#[test]
fn a_type_of_accounts_is_provisioned() {
    let config = "[target.app.config.types.Operator]\nkind = \"account\"\nunique = \"sign\"";
    let peer = DialectPeer::start_with("rfc", dialect(), config.to_owned());
    let declaration = peer.declaration().replace("class = \"User\"", "class = \"Operator\"");
    let head = declaration.split("[[target.app.correlation]]").next().unwrap();
    let target = format!(
        "{head}[[target.app.correlation]]\nattribute = \"sign\"\nvalue = \"identity.number\"\n\n[target.app.mapping]\n\
         sign = {{ value = \"identity.number\", strength = \"strong\" }}\n\
         station = {{ value = \"identity.department\", strength = \"strong\" }}\n"
    );
    let mut company = found(&peer, &target);
    company.home.declare("roles", "[role.employee]\nrule = \"true\"\n[[role.employee.grant]]\ntarget = \"app\"\n");
    provision(&company);
    let operators = || peer.application.all("Operator");
    assert_eq!(operators().len(), 12);
    company.people[3].department = "Bridge".to_owned();
    company.people[4].employed = false;
    provision(&company);
    let by_sign = |sign: &str| operators().into_iter().find(|known| known["sign"] == sign).unwrap();
    assert_eq!((&by_sign("E0004")["station"], &by_sign("E0005")["active"]), (&json!("Bridge"), &json!(false)));
    assert_eq!(operators().len(), 12);
    assert_eq!(peer.application.violations(), [""; 0]);
}
