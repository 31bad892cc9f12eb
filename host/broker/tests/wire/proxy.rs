//! A proxy of the environment is not used. The environment belongs to a process, so the broker runs in one of its own.

use crate::peer::{Peer, User, get};
use purser_broker::Endpoint;
use std::process::Stdio;
use tokio::process::Command;
use url::Url;

const TO: &str = "PURSER_BROKER_TEST_URL";

#[tokio::test]
async fn no_proxy_of_the_environment_is_used() {
    let (peer, proxy) = (Peer::start().await, Peer::start().await);
    let proxy_url = proxy.url("/").to_string();
    let variables = ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "proxy::sends_one_request", "--ignored"])
        .envs(variables.map(|variable| (variable, proxy_url.as_str())))
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        // Where this is set, variables in capitals are not read by some.
        .env_remove("REQUEST_METHOD")
        .env(TO, peer.url("/direct").as_str())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .status();
    assert!(child.await.unwrap().success());
    assert_eq!((peer.received().len(), proxy.received().len()), (1, 0));
    assert!(peer.received()[0].starts_with("GET /direct/x "));
}

#[tokio::test]
#[ignore = "the other test starts it in a process of its own"]
async fn sends_one_request() {
    let url = Url::parse(&std::env::var(TO).unwrap()).unwrap();
    assert_eq!(User::of(Endpoint::new(url)).send(get("/x")).await.unwrap().status, 200);
}
