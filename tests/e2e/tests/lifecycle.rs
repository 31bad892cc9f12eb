//! First and last days, grace and deletions that wait, with the real program.

use purser_e2e::home::Home;
use serde_json::Value;

const DECLARATIONS: &str = r#"
[source.hr]
connector = "flatfile"
class = "person"
config = { classes = { person = { kind = "other", file = "people.csv", key = "number" } } }
valid_from = "record.first_day"
valid_until = "record.last_day"
time_zone = "Europe/Berlin"
[source.hr.directory.data]
path = "../hr"

[target.directory]
connector = "flatfile"
class = "account"
leaving = { action = "disable", delete_after = "30d" }
[target.directory.config.classes.account]
kind = "account"
file = "accounts.csv"
key = "number"
active = "active"
[target.directory.directory.data]
path = "../directory"
access = "read-write"
[target.directory.mapping]
number = "identity.number"
name = "identity.name"

[role.everybody]
rule = "true"
[[role.everybody.grant]]
target = "directory"
"#;

fn home(people: &str) -> Home {
    let home = Home::new();
    home.drop_in("flatfile");
    home.declare("all", DECLARATIONS);
    home.write("directory/accounts.csv", "number,name,active\n");
    home.write("hr/people.csv", format!("number,name,first_day,last_day\n{people}"));
    home.purser(&["import", "hr", "--apply"]).done();
    home
}

fn accounts(home: &Home) -> Vec<String> {
    home.read("directory/accounts.csv").lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn who_begins_later_or_left_before_has_no_account_and_a_last_day_today_still_counts() {
    let today = today_in_berlin();
    let home = home(&format!(
        "1,Anna,2020-01-01,\n2,Ben,2999-01-01,\n3,Cleo,2020-01-01,2020-12-31\n4,Dora,2020-01-01,{today}\n"
    ));
    assert_eq!(accounts(&home), ["1,Anna,true", "4,Dora,true"]);
}

#[test]
fn a_leaving_account_is_listed_with_its_day_and_its_deletion_can_be_cancelled() {
    let home = home("1,Anna,,\n2,Ben,,\n");
    home.write("hr/people.csv", "number,name,first_day,last_day\n1,Anna,,2020-12-31\n2,Ben,,\n");
    home.purser(&["import", "hr", "--apply"]).done();
    assert_eq!(accounts(&home), ["1,Anna,false", "2,Ben,true"]);
    let listed = home.purser(&["deletion", "list"]).done();
    let [leaving] = listed.as_array().expect("a list").as_slice() else { panic!("one account leaves: {listed}") };
    assert_eq!(leaving["target"], "directory");
    assert_eq!(leaving["cancelled"], false);
    let day = |name: &str| leaving[name].as_str().expect("a time")[..10].to_owned();
    assert!(day("since") < day("deleted_at"), "{leaving}");
    let account = leaving["account"].as_str().expect("an id");
    home.purser(&["deletion", "cancel", account]).done();
    let listed = home.purser(&["deletion", "list"]).done();
    assert_eq!((&listed[0]["cancelled"], &listed[0]["deleted_at"]), (&Value::Bool(true), &Value::Null));
}

#[test]
fn a_first_day_that_is_no_day_stops_the_import_and_names_the_record() {
    let home = Home::new();
    home.drop_in("flatfile");
    home.declare("all", DECLARATIONS);
    home.write("directory/accounts.csv", "number,name,active\n");
    home.write("hr/people.csv", "number,name,first_day,last_day\n1,Anna,01.02.2026,\n");
    let said = home.purser(&["import", "hr"]).complaint(1);
    assert!(said.contains("record `1`") && said.contains("valid_from") && said.contains("give a date"), "{said}");
}

/// The day in Berlin by the system's own clock and zones, so that nothing of the program is used to judge it.
fn today_in_berlin() -> String {
    let answer = std::process::Command::new("date").arg("+%F").env("TZ", "Europe/Berlin").output();
    String::from_utf8(answer.expect("`date` runs").stdout).expect("a date").trim().to_owned()
}
