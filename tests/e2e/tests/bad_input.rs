//! Bad input: exports that are not as they must be, declarations with mistakes, files that are no connectors. Each stops
//! what it concerns before anything is changed, says where, and nothing else.

use purser_e2e::home::Home;
use purser_e2e::people::{People, Policy, company, crm, directory, staffed};
use serde_json::json;
use std::fs;

/// A company whose people all have their accounts.
fn provisioned(count: usize) -> (Home, People) {
    let (home, people) = staffed(count);
    people.assert_provisioned(&home);
    (home, people)
}

/// The export with one text of it replaced by another.
fn export_with(people: &People, text: &str, other: &[u8]) -> Vec<u8> {
    let export = people.csv();
    let place = export.windows(text.len()).position(|window| window == text.as_bytes());
    let place = place.unwrap_or_else(|| panic!("`{text}` is in the export"));
    [&export[..place], other, &export[place + text.len()..]].concat()
}

/// An import of this export fails, complains with all of these texts, and changes nobody.
#[track_caller]
fn assert_refused(home: &Home, people: &People, export: &[u8], complaints: &[&str]) {
    home.write("hr/people.csv", export);
    let complaint = home.purser(&["import", "hr"]).complaint(1);
    for part in complaints {
        assert!(complaint.contains(part), "`{part}` must be in: {complaint}");
    }
    assert!(complaint.matches("people.csv").count() <= 1, "nothing is said twice: {complaint}");
    home.assert_in_step();
    people.assert_provisioned(home);
}

#[test]
fn an_export_that_cannot_be_read_stops_the_import_and_says_line_and_column() {
    let (home, people) = provisioned(12);
    // Every bad export also holds a change of the first person: half of an import would show.
    let mut changed = people.clone();
    changed.at(0).email = "changed@example.org".to_owned();

    let missing = export_with(&changed, ",email,", b",mail,");
    assert_refused(&home, &people, &missing, &["people.csv", "line 1", "column 7", "`email`", "it has employeeNumber"]);

    let duplicate = export_with(&changed, "\nE00009,", b"\nE00003,");
    assert_refused(&home, &people, &duplicate, &["people.csv", "line 11", "column 1", "`employeeNumber`", "E00003"]);

    let no_utf8 = export_with(&changed, "e00007@example.org", b"e00007@ex\xe4mple.org");
    assert_refused(&home, &people, &no_utf8, &["people.csv", "line 9", "column 4", "`email`", "UTF-8", "character 10"]);

    let export = changed.csv();
    let half = &export[..export.len() - 10];
    assert_refused(&home, &people, half, &["people.csv", "line 13", "column 5", "half-written"]);

    // A line cut within a quoted cell swallows the rest of the file.
    let unclosed = export_with(&changed, "\"\"C\"\"\",e00010", b"\"\"C\"\",e00010");
    assert_refused(&home, &people, &unclosed, &["people.csv", "line 12", "column 3", "`familyName`"]);

    let short = export_with(&changed, ",employed\nE00005", b"\nE00005");
    assert_refused(&home, &people, &short, &["people.csv", "line 6", "5 fields", "6"]);

    changed.export(&home);
    home.purser(&["import", "hr", "--apply"]).done();
    changed.assert_provisioned(&home);
}

#[test]
fn a_lifecycle_that_gives_no_state_stops_the_import_and_names_the_record() {
    let (home, people) = provisioned(5);
    let hr = home.read("declarations/hr.toml");
    home.declare("hr", &hr.replace("'departed'", "'gone'"));
    let export = export_with(&people, "Finance,employed", b"Finance,left");
    home.write("hr/people.csv", export);
    let complaint = home.purser(&["import", "hr"]).complaint(1);
    assert!(complaint.contains("E00002") && complaint.contains("gone"), "{complaint}");
    home.assert_in_step();
    people.assert_provisioned(&home);
}

#[test]
fn nobody_departs_because_an_export_is_empty_or_short() {
    let (home, mut people) = provisioned(30);
    let header = People::default().csv();
    assert_refused(&home, &people, &header, &["lists nobody", "30 identities"]);
    // Not even where that many departures are allowed: a source that lists nobody is no source.
    let complaint = home.purser(&["import", "hr", "--allow-departures", "30"]).complaint(1);
    assert!(complaint.contains("lists nobody"), "{complaint}");

    let gone: Vec<_> = people.0.keys().skip(20).cloned().collect();
    let mut fewer = people.clone();
    gone.iter().for_each(|number| drop(fewer.0.remove(number)));
    assert_refused(&home, &people, &fewer.csv(), &["10 of 30", "--allow-departures 10"]);
    let complaint = home.purser(&["import", "hr", "--allow-departures", "9"]).complaint(1);
    assert!(complaint.contains("10 of 30"), "{complaint}");
    people.assert_provisioned(&home);

    let import = home.purser(&["import", "hr", "--allow-departures", "10", "--apply"]).done();
    assert_eq!(import["departed"], 10);
    for number in &gone {
        people.0.get_mut(number).expect("who has left is still known").employed = false;
    }
    people.assert_provisioned(&home);
}

#[test]
fn a_file_of_a_target_that_cannot_be_read_is_not_written_and_the_other_target_goes_on() {
    let (home, mut people) = provisioned(12);
    let before = people.clone();
    let intact = home.read("apps/directory/accounts.csv");
    let broken = intact.replace("E00009,", "E00003,");
    home.write("apps/directory/accounts.csv", &broken);
    people.at(1).email = "changed@example.org".to_owned();
    people.export(&home);
    home.purser(&["import", "hr"]).done();

    let applied = home.purser(&["apply", "--patience", "0"]);
    assert_eq!(applied.code, Some(1), "{}", applied.output);
    assert!(applied.output.contains("accounts.csv") && applied.output.contains("line"), "{}", applied.output);
    assert_eq!(home.read("apps/directory/accounts.csv"), broken);
    assert_eq!(crm(&home)["E00001"]["email"], "changed@example.org");
    let complaint = home.purser(&["reconcile", "directory"]).complaint(1);
    assert!(complaint.contains("accounts.csv") && complaint.contains("E00003"), "{complaint}");

    home.write("apps/directory/accounts.csv", &intact);
    assert_eq!(directory(&home)["E00001"], before.0["E00001"].directory_account());
    home.purser(&["reconcile", "directory"]);
    home.purser(&["apply"]).done();
    people.assert_provisioned(&home);
    home.assert_in_step();
}

#[test]
fn mistakes_in_declarations_end_every_command_with_their_places() {
    let (home, people) = provisioned(3);
    let crm = home.read("declarations/crm.toml");
    let roles = home.read("declarations/roles.toml");
    home.declare("crm", &crm.replace("\"disable\"", "\"disabel\""));
    home.declare("roles", &roles.replace("\"everyone\"", "\"everybody\""));
    let line = |text: &str, part: &str| {
        let place = text.lines().position(|line| line.contains(part));
        place.unwrap_or_else(|| panic!("`{part}` is declared")) + 1
    };
    let places = [
        format!("crm.toml:{}:", line(&crm, "leaving")),
        format!("roles.toml:{}:", line(&roles, "everyone")),
        "did you mean `disable`".to_owned(),
        "everybody".to_owned(),
    ];
    for command in [["import", "hr"].as_slice(), &["plan"], &["apply"], &["reconcile", "crm"], &["check"], &["serve"]] {
        let complaint = home.purser(command).complaint(2);
        for place in &places {
            assert!(complaint.contains(place), "{command:?}: `{place}` must be in: {complaint}");
        }
    }
    home.declare("crm", &crm);
    home.declare("roles", &roles);
    home.assert_in_step();
    people.assert_provisioned(&home);
}

#[test]
fn a_secret_written_out_and_broken_toml_are_refused_without_repeating_the_secret() {
    let home = company(Policy::default());
    let crm = home.read("declarations/crm.toml");
    home.declare(
        "crm",
        &format!("{crm}\n[target.crm.endpoint.api]\nurl = \"https://crm.example\"\nbearer = \"hunter2\"\n"),
    );
    let refused = home.purser(&["plan"]);
    let complaint = refused.complaint(2);
    let line = crm.lines().count() + 4;
    assert!(complaint.contains(&format!("crm.toml:{line}:")) && complaint.contains("bearer"), "{complaint}");
    assert!(!refused.output.contains("hunter2") && !refused.log.contains("hunter2"), "{complaint}");

    home.declare("crm", "[target.crm\nconnector = 1");
    let complaint = home.purser(&["plan"]).complaint(2);
    assert!(complaint.contains("crm.toml:1:"), "{complaint}");
}

/// The smallest core module: magic and version, and nothing else.
const CORE_MODULE: &[u8] = b"\0asm\x01\0\0\0";

#[test]
fn files_that_are_no_connectors_are_named_with_the_reason_and_the_others_work_on() {
    let home = company(Policy::default());
    let component = fs::read(home.path("connectors/flatfile.wasm")).expect("the connector was dropped in");
    home.write("connectors/a-garbage.wasm", b"this is no WebAssembly");
    home.write("connectors/b-core.wasm", CORE_MODULE);
    home.write("connectors/c-truncated.wasm", &component[..component.len() / 2]);
    home.write("connectors/d-empty.wasm", b"");
    let people = People::employed(8);
    people.export(&home);

    let checked = home.purser(&["check"]).ended_with(1);
    let findings = checked.as_array().expect("check answers with a list");
    let mut reasons = Vec::new();
    for name in ["a-garbage", "b-core", "c-truncated", "d-empty"] {
        let named = findings.iter().find(|one| one["subject"].to_string().contains(&format!("{name}.wasm")));
        let named = named.unwrap_or_else(|| panic!("{name} must be named: {checked}"));
        assert_eq!((&named["code"], &named["severity"]), (&json!("refused-file"), &json!("error")), "{named}");
        reasons.push(named["message"].as_str().expect("a finding has a message").to_owned());
    }
    assert!(reasons[1].contains("core WebAssembly module"), "{}", reasons[1]);
    let other_errors = findings.iter().filter(|one| one["severity"] == "error").count() - reasons.len();
    assert_eq!(other_errors, 0, "the good connector has no error: {checked}");

    home.purser(&["import", "hr"]).done();
    let plan = home.purser(&["plan"]).ended_with(3);
    assert_eq!(plan["plan"]["operations"]["create"], 16);
    home.purser(&["apply"]).done();
    people.assert_provisioned(&home);
}

#[test]
fn a_connector_that_is_not_there_is_said_with_what_is_there() {
    let home = company(Policy::default());
    People::employed(2).export(&home);
    fs::remove_file(home.path("connectors/flatfile.wasm")).expect("the connector was dropped in");
    home.write("connectors/b-core.wasm", CORE_MODULE);
    let complaint = home.purser(&["import", "hr"]).complaint(1);
    assert!(complaint.contains("no connector `flatfile`") && complaint.contains("b-core.wasm"), "{complaint}");
    home.drop_in("flatfile");
    home.purser(&["import", "hr"]).done();
}

#[test]
fn bad_usage_ends_with_two() {
    let home = company(Policy::default());
    for command in [["plan", "--no-such-option"].as_slice(), &["no-such-command"], &["apply", "no-plan-id"], &[]] {
        assert_eq!(home.purser(command).code, Some(2), "{command:?}");
    }
    let complaint = home.purser(&["import", "payroll"]).complaint(1);
    assert!(complaint.contains("`payroll`") && complaint.contains("declared are: hr"), "{complaint}");
}
