//! Microsoft Entra as a target: what is beside the common story.

use purser_e2e::home::Home;
use purser_e2e::scenario::{Company, Peer};
use purser_e2e::secrecy::set;
use purser_peers::google::token::PRIVATE_KEY;
use purser_peers::graph::{Certificate, Graph, Sku};

const E3: &str = "05e9a617-0261-4cee-bb44-138d3ef5d965";
const TEAMS: &str = "57ff2da0-773e-42df-b2af-ffb7a2317929";
const READER: &str = "88d8e3e3-8f55-4a1e-953a-9b9898b8876b";
const HR: &str = "eeeeeeee-0000-4000-8000-000000000001";

const CONFIG: &str = r#"consistency_lag_ms = 0
licences = true
licence_variants = [{ name = "E3 without Teams", sku = "SPE_E3", without = ["TEAMS1"] }]
directory_roles = true
app_roles = ["HR portal"]"#;

const ENTITLEMENTS: &str = r#"
licence = { class = "licence", attribute = "name", value = "E3 without Teams" }
reader = { class = "directory-role", attribute = "displayName", value = "Global Reader" }
clerk = { class = "app-role", attribute = "name", value = "HR portal/Clerk" }

[target.app.mapping.usageLocation]
value = "'DE'"
"#;

const GRANTED: &str = r#"
[role.granted]
rule = "identity.department == 'Engineering'"

[[role.granted.grant]]
target = "app"
entitlements = ["licence", "reader", "clerk"]
"#;

#[test]
fn the_feed_shows_what_was_changed_and_deleted_by_hand() {
    let graph = Graph::start();
    let company = Company::found(5, graph.connector(), &graph.declaration());
    graph.put_secrets(&company.home);
    company.export();
    company.home.purser(&["import", "hr"]).done();
    company.home.purser(&["apply"]).done();
    company.home.purser(&["reconcile", "app"]).done();
    graph.change_family_by_hand("E0003", "Changed by hand");
    let followed = company.home.purser(&["reconcile", "app", "--delta"]).done();
    assert_eq!(followed["kind"], "changes", "{followed}");
    company.home.assert_in_step();
    assert_eq!(graph.violations(), [""; 0]);
}

#[test]
fn the_declaration_of_the_readme_reads() {
    let readme = include_str!("../../../plugins/entra/README.md");
    let blocks: Vec<&str> = readme.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    let [block] = blocks.as_slice() else { panic!("one block is expected: {blocks:?}") };
    let home = Home::new();
    home.drop_in("entra");
    home.declare("entra", block);
    for name in block.split("secret = \"").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert_eq!(set(&home, name, "a secret of six").0, 0);
    }
    home.purser(&["status"]).done();
}

#[test]
fn licences_and_roles_follow_the_person() {
    let graph = Graph::start();
    graph.directory(|directory| {
        directory.skus.insert(
            E3.into(),
            Sku { name: "SPE_E3".into(), seats: 9, plans: [(TEAMS.into(), "TEAMS1".into())].into() },
        );
        directory.roles.insert(READER.into(), "Global Reader".into());
        let roles = [("eeeeeeee-0000-4000-8000-000000000002".to_owned(), "Clerk".to_owned())];
        directory.applications.insert(HR.into(), ("HR portal".into(), roles.into()));
    });
    let declaration = graph.declaration().replace("consistency_lag_ms = 0", CONFIG) + ENTITLEMENTS;
    let mut company = Company::found(6, graph.connector(), &declaration);
    company.home.declare("granted", GRANTED);
    graph.put_secrets(&company.home);
    company.home.purser(&["reconcile", "app"]).done();
    provision(&company);
    let engineers = || company.people.iter().filter(|person| person.department == "Engineering").count();
    assert!(engineers() > 0);
    assert_eq!(held(&graph), [engineers(); 3]);
    for person in &mut company.people {
        person.department = "Sales".to_owned();
    }
    provision(&company);
    assert_eq!(held(&graph), [0; 3]);
    company.home.assert_in_step();
    assert_eq!(graph.violations(), [""; 0]);
}

/// How many users hold the licence without Teams, the directory role and the app role.
fn held(graph: &Graph) -> [usize; 3] {
    graph.directory(|directory| {
        let states = directory.users.values().flat_map(|user| directory.licence_states(user));
        let licences = states.filter(|state| state["disabledPlans"][0] == TEAMS).count();
        [licences, directory.role_assignments.len(), directory.app_roles.len()]
    })
}

fn provision(company: &Company) {
    company.export();
    company.home.purser(&["import", "hr"]).done();
    company.home.purser(&["apply"]).done();
    company.home.purser(&["reconcile", "app"]).done();
}

#[test]
fn a_certificate_signs_in_and_tokens_end_in_the_midst_of_a_run() {
    let graph = Graph::start();
    let key = rcgen::KeyPair::from_pem(PRIVATE_KEY).expect("the key of the tests signs");
    let certificate = rcgen::CertificateParams::new(Vec::new())
        .expect("the key of the tests signs")
        .self_signed(&key)
        .expect("the key of the tests signs");
    graph
        .upload_certificate(Certificate { der: certificate.der().to_vec(), public_key: key.public_key_raw().to_vec() });
    graph.set_token_uses(5);
    let secret = r#"client_secret = { file = "../graph-secret" }"#;
    let signed = r#"client_assertion = { key = { file = "../entra.key" }, certificate = "../entra.pem" }"#;
    let declaration = graph.declaration().replace(secret, signed).replace("client_authentication = \"post\"\n", "");
    assert!(declaration.contains("client_assertion"));
    let company = Company::found(40, graph.connector(), &declaration);
    company.home.write("entra.key", PRIVATE_KEY);
    company.home.write("entra.pem", certificate.pem());
    provision(&company);
    company.home.assert_in_step();
    assert_eq!(graph.accounts().len(), 40);
    assert!(graph.tokens_given() > 2, "{} tokens were given", graph.tokens_given());
}

#[test]
fn what_is_not_visible_yet_is_waited_for() {
    let graph = Graph::start();
    graph.directory(|directory| directory.lag = 1);
    let declaration = graph.declaration().replace("consistency_lag_ms = 0", "consistency_lag_ms = 1000");
    let company = Company::found(6, graph.connector(), &declaration);
    graph.put_secrets(&company.home);
    company.export();
    company.home.purser(&["import", "hr"]).done();
    company.home.purser(&["apply", "--patience", "120"]).done();
    let everyone = graph.accounts().into_values().filter(|account| account.groups.contains("everyone")).count();
    assert_eq!(everyone, 6);
    company.home.purser(&["reconcile", "app"]).done();
    company.home.assert_in_step();
}
