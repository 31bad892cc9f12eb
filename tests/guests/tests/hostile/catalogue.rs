//! Every guest program is built and used by a test.

use crate::environment::GUESTS;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const TESTS: [&str; 8] = [
    include_str!("attacks.rs"),
    include_str!("calls.rs"),
    include_str!("environment.rs"),
    include_str!("grants.rs"),
    include_str!("limits.rs"),
    include_str!("loading.rs"),
    include_str!("upgrades.rs"),
    include_str!("wasi_http.rs"),
];

fn programs() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
}

#[test]
fn every_program_is_built() {
    assert_eq!(programs(), GUESTS.map(str::to_owned).into());
}

#[test]
fn every_program_has_a_host_test() {
    for program in programs() {
        let used =
            [format!("load(\"{program}\""), format!("session(\"{program}\""), format!("component(\"{program}\"")];
        let tested = TESTS.iter().any(|test| used.iter().any(|call| test.contains(call)));
        assert!(tested, "examples/{program}.rs: no test loads it");
    }
}
