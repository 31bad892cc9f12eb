//! Microsoft Entra as a target: what is beside the common story.

use purser_e2e::home::Home;
use purser_e2e::scenario::{Company, Peer};
use purser_e2e::secrecy::set;
use purser_peers::graph::Graph;

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
