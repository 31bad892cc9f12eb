//! From an HR export to Google Workspace, through the real host; judged by what the emulator holds.

use purser_e2e::google_peer::GooglePeer;
use purser_e2e::scim_company::{Person, ScimCompany};
use serde_json::{Value, json};

fn wanted(person: &Person) -> Value {
    let Person { number, login, given, family, title, email, department, status } = person;
    json!([number, format!("{login}@example.com"), given, family, title, email, department, status == "employed"])
}

#[track_caller]
fn assert_mirrored(company: &ScimCompany, peer: &GooglePeer) {
    let expected: Vec<Value> = company.people.iter().map(wanted).collect();
    assert_eq!(peer.accounts(), expected);
    let employed = || company.people.iter().filter(|person| person.status == "employed");
    let address = |person: &Person| format!("{}@example.com", person.login);
    assert_eq!(peer.workspace.members("everyone@example.com"), employed().map(address).collect::<Vec<_>>());
    let engineers = employed().filter(|person| person.department == "Engineering");
    assert_eq!(peer.workspace.members("engineers@example.com"), engineers.map(address).collect::<Vec<_>>());
    assert_eq!(peer.workspace.violations(), Vec::<String>::new());
}

#[test]
fn accounts_and_groups_follow_the_people() {
    let peer = GooglePeer::start();
    let mut company = peer.company(10, |declared| declared);
    let applied = company.import_and_apply();
    assert_eq!(applied["refused"], 0, "{applied}");
    assert_mirrored(&company, &peer);
    company.home.assert_in_step();
    assert!(
        peer.workspace
            .users()
            .iter()
            .all(|user| { peer.workspace.user(user["id"].as_str().unwrap()).is_some_and(|user| user.passwords == 1) })
    );

    let id = peer.workspace.user("person0003@example.com").unwrap().shown["id"].clone();
    company.change(2, |person| {
        person.login = "person0003b".to_owned();
        person.family = "Newname".to_owned();
        person.department = "Engineering".to_owned();
    });
    company.import_and_apply();
    assert_eq!(peer.workspace.user("person0003b@example.com").unwrap().shown["id"], id, "it is the same account");
    assert_mirrored(&company, &peer);

    company.change(4, |person| person.status = "left".to_owned());
    company.import_and_apply();
    assert_mirrored(&company, &peer);
    company.change(4, |person| person.status = "employed".to_owned());
    company.import_and_apply();
    assert_mirrored(&company, &peer);
    company.home.assert_in_step();
}

#[test]
fn the_declaration_of_the_readme_reads() {
    let readme = include_str!("../../../plugins/google-workspace/README.md");
    let declaration = readme.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let home = purser_e2e::home::Home::new();
    home.drop_in("google-workspace");
    home.declare("google", declaration);
    assert_eq!(home.purser(&["plan"]).done()["items"], json!([]));
}
