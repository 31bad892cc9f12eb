//! Microsoft's own client judges the emulator of Graph, and so does Microsoft's own description.

use purser_peers::graph::Graph;
use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;

fn clients() -> PathBuf {
    let own = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("clients");
    std::env::var_os("PURSER_CLIENTS").map_or(own, PathBuf::from)
}

fn told(graph: &Graph) -> Value {
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("clients/graph.mjs");
    let mut node = Command::new("node");
    let output = node.arg(script).args([graph.url(), graph.token()]).arg(clients()).output().expect("Node runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("the script prints JSON")
}

#[test]
fn the_official_client_works_with_it() {
    let graph = Graph::start();
    let seen = told(&graph);
    assert_eq!(seen["listed"], seen["made"], "every page was followed");
    assert_eq!(seen["made"].as_array().unwrap().len(), 7);
    assert_eq!(seen["found"][0], seen["wanted"]);
    assert_eq!(seen["members"], seen["expected"]);
    assert_eq!(seen["twice"]["status"], 400);
    assert_eq!(seen["twice"]["body"]["details"][0]["code"], "ObjectConflict");
    assert_eq!(seen["absent"]["code"], "Request_ResourceNotFound");
    assert_eq!(seen["advanced"]["code"], "Request_UnsupportedQuery");
    assert_eq!(seen["again"]["status"], 400);
    assert_eq!(seen["gone"][0], seen["wanted"]);
    assert_eq!(seen["changed"][seen["wanted"].as_str().unwrap()], "changed");
    assert_eq!(seen["changed"].as_object().unwrap().len(), 2, "the one with a manager and the deleted one");
    assert_eq!(seen["statuses"], serde_json::json!([204, 204, 204, 204, 204]));
    assert_eq!(graph.violations(), Vec::<String>::new());
}

#[test]
fn the_official_client_waits_where_it_is_throttled() {
    let graph = Graph::start();
    graph.faults().disturb(0.1, 0.0);
    let seen = told(&graph);
    assert_eq!(seen["listed"], seen["made"]);
    assert!(graph.faults().counted().throttled > 0);
}

#[test]
fn what_is_not_described_is_a_violation() {
    let graph = Graph::start();
    let body = r#"{"accountEnabled":true,"favouriteColour":"blue","displayName":"A","mailNickname":"a",
        "userPrincipalName":"a@contoso.example","passwordProfile":{"password":"Secret-word-1"}}"#;
    let script = "const [u,t,b]=process.argv.slice(1);const r=await fetch(u+'/users',{method:'POST',body:b,\
        headers:{Authorization:'Bearer '+t,'Content-Type':'application/json'}});console.log(r.status)";
    let mut node = Command::new("node");
    let output = node.args(["--input-type=module", "-e", script, "--"]);
    let output = output.args([graph.url(), graph.token()]).arg(body).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "201", "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(graph.violations().len(), 1, "{:?}", graph.violations());
}

#[test]
fn tokens_end() {
    let graph = Graph::start();
    let token = graph.token();
    graph.end_tokens();
    let script = "const [u,t]=process.argv.slice(1);const r=await fetch(u+'/users',\
        {headers:{Authorization:'Bearer '+t}});console.log(r.status)";
    let output =
        Command::new("node").args(["--input-type=module", "-e", script, "--", &graph.url(), &token]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "401");
}
