//! The emulator of Google Workspace, judged by the vendor's official Python client.

use purser_peers::google::{Workspace, token};
use std::collections::BTreeMap;
use std::env;
use std::path::PathBuf;
use std::process::Command;

#[test]
fn the_official_client_finds_what_it_expects() {
    let workspace = Workspace::default();
    workspace.behave(|behaviour| {
        let seats = [("Google-Apps/1010020020", 1), ("Google-Apps/1010020026", 1)];
        behaviour.seats = BTreeMap::from(seats.map(|(sku, seats)| (sku.to_owned(), seats)));
    });
    let serving = workspace.serve();
    let key = env::temp_dir().join(format!("purser-google-client-{}.json", serving.address().port()));
    std::fs::write(&key, token::key_file(&format!("{}/token", serving.url()))).unwrap();
    let prepared =
        |name: &str| PathBuf::from(env::var_os(name).unwrap_or_else(|| panic!("{name}: run `cargo xtask test`")));
    let ended = Command::new(prepared("PURSER_CLIENTS_PYTHON"))
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/clients/google_directory.py"))
        .arg(serving.url())
        .arg(&key)
        .output();
    std::fs::remove_file(&key).unwrap();
    let ended = ended.unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));

    assert_eq!(workspace.violations(), Vec::<String>::new());
    assert_eq!(workspace.members("everyone@example.com"), ["inner@example.com", "u2@example.com"]);
    assert_eq!(workspace.licences()["u2@example.com"], "Google-Apps/1010020026");
    let user = workspace.user("u4@example.com").unwrap();
    assert_eq!((user.passwords, user.shown["isAdmin"].as_bool()), (1, Some(true)));
}
