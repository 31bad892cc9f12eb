//! Filters and changes of the SCIM server against PyPI's scim2-models, which scim2-server is made of: generated users,
//! filters and changes must mean the same to both.

use purser_e2e::environment::{clients, clients_python};
use purser_scim_server::filter::{Filter, UnknownAttributes};
use purser_scim_server::patch::{PatchRequest, apply};
use purser_scim_server::{Resource, ResourceKind, ScimError, ServedTypes, normalise};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const CASES: usize = 4000;

/// Answers of the other implementation, one for each question.
fn asked(questions: &[Value]) -> Vec<Value> {
    let mut python = Command::new(clients_python())
        .arg(clients().join("scim_oracle.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python can be started");
    let mut input = python.stdin.take().expect("its input is a pipe");
    let lines: String = questions.iter().map(|question| format!("{question}\n")).collect();
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()));
    let output = python.wait_with_output().expect("Python ends");
    writer.join().expect("no panic").expect("Python reads to the end");
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).expect("JSON is UTF-8");
    let answers: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("a JSON a line")).collect();
    assert_eq!(answers.len(), questions.len());
    answers
}

fn one<'a>(random: &mut StdRng, of: &[&'a str]) -> &'a str {
    of.choose(random).expect("there are some")
}

const TEXTS: [&str; 7] = ["a", "A", "ab", "b", "Äb", "x y", "\"q\""];
const KINDS: [&str; 4] = ["work", "home", "Work", "other"];

fn text(random: &mut StdRng) -> String {
    one(random, &TEXTS).to_owned()
}

fn entry(random: &mut StdRng, with_primary: bool) -> Value {
    let mut entry = json!({"value": text(random)});
    if random.random_bool(0.8) {
        entry["type"] = one(random, &KINDS).into();
    }
    if with_primary && random.random_bool(0.3) {
        entry["primary"] = true.into();
    }
    if random.random_bool(0.2) {
        entry["display"] = text(random).into();
    }
    entry
}

/// Entries of which no two are equal, whatever their case; of telephone numbers one of each type, since we make one of values that an
/// edit makes equal, and they do not.
fn entries(random: &mut StdRng, attribute: &str) -> Vec<Value> {
    let primary = random.random_range(0..4);
    let mut known = BTreeSet::new();
    let mut entries: Vec<Value> = (0..random.random_range(0..4)).map(|at| entry(random, at == primary)).collect();
    let told_by = |entry: &Value| if attribute == "roles" { entry.to_string() } else { entry["type"].to_string() };
    entries.retain(|entry| known.insert(told_by(entry).to_lowercase()));
    entries
}

fn user(random: &mut StdRng) -> Value {
    let mut user = json!({"userName": text(random)});
    for name in ["title", "nickName", "displayName", "externalId"] {
        if random.random_bool(0.5) {
            user[name] = text(random).into();
        }
    }
    if random.random_bool(0.7) {
        user["active"] = random.random_bool(0.5).into();
    }
    if random.random_bool(0.6) {
        user["name"] = json!({"familyName": text(random)});
        if random.random_bool(0.5) {
            user["name"]["givenName"] = text(random).into();
        }
    }
    for name in ["phoneNumbers", "roles"] {
        let entries = entries(random, name);
        if !entries.is_empty() {
            user[name] = entries.into();
        }
    }
    if random.random_bool(0.5) {
        user[ENTERPRISE] = json!({"department": text(random)});
        if random.random_bool(0.5) {
            user[ENTERPRISE]["manager"] = json!({"value": text(random)});
        }
    }
    user
}

fn quoted(random: &mut StdRng) -> String {
    Value::from(text(random)).to_string()
}

fn comparison(random: &mut StdRng, path: &str) -> String {
    let operator = one(random, &["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le", "EQ", "pr", "pr"]);
    match operator {
        "pr" => format!("{path} pr"),
        "eq" | "ne" if random.random_bool(0.15) => format!("{path} {operator} null"),
        _ => format!("{path} {operator} {}", quoted(random)),
    }
}

fn term(random: &mut StdRng) -> String {
    let department = format!("{ENTERPRISE}:department");
    let manager = format!("{ENTERPRISE}:manager.value");
    match random.random_range(0..10) {
        0..5 => {
            let paths = [
                "userName",
                "TITLE",
                "nickName",
                "externalId",
                "name.familyName",
                "name.givenName",
                &department,
                &manager,
                "urn:ietf:params:scim:schemas:core:2.0:User:displayName",
                "phoneNumbers.value",
                "phoneNumbers.type",
                "phoneNumbers",
                "roles.display",
            ];
            let path = one(random, &paths);
            comparison(random, path)
        }
        5 => format!("active {} {}", one(random, &["eq", "ne"]), one(random, &["true", "false"])),
        6 => one(random, &["name pr", "active pr", "phoneNumbers pr", "groups pr", "roles.primary eq true"]).to_owned(),
        7 => one(random, &["active gt true", "colour eq \"a\"", "userName eq 7", "userName eq"]).to_owned(),
        _ => {
            let attribute = one(random, &["phoneNumbers", "roles"]);
            let inside = |random: &mut StdRng| {
                let part = one(random, &["value", "type", "display"]);
                comparison(random, part)
            };
            let (first, second) = (inside(random), inside(random));
            let joined = one(random, &["and", "or"]);
            match random.random_range(0..3) {
                0 => format!("{attribute}[{first}]"),
                1 => format!("{attribute}[{first} {joined} {second}]"),
                _ => format!("{attribute}[not ({first}) {joined} {second}]"),
            }
        }
    }
}

fn filter(random: &mut StdRng, depth: u32) -> String {
    if depth == 0 || random.random_bool(0.4) {
        return term(random);
    }
    let (left, right) = (filter(random, depth - 1), filter(random, depth - 1));
    match random.random_range(0..5) {
        0 => format!("{left} and {right}"),
        1 => format!("{left} or {right}"),
        2 => format!("({left}) AND ({right})"),
        3 => format!("not ({left})"),
        _ => format!("({left} or {right})"),
    }
}

fn ours(user: &Value) -> Resource {
    normalise(ServedTypes::default().of(ResourceKind::User), user, None).expect("the generator makes good users")
}

fn our_filter(user: &Value, text: &str) -> Result<bool, ScimError> {
    let types = ServedTypes::default();
    let filter = Filter::parse(text)?.bind(types.of(ResourceKind::User), UnknownAttributes::Refused)?;
    Ok(filter.matches(&ours(user).0))
}

#[test]
fn filters_mean_the_same() {
    let mut random = StdRng::seed_from_u64(7644);
    let cases: Vec<(Value, String)> = (0..CASES).map(|_| (user(&mut random), filter(&mut random, 3))).collect();
    let questions: Vec<Value> = cases.iter().map(|(user, filter)| json!({"user": user, "filter": filter})).collect();
    let mut told = [0, 0, 0];
    let mut wrong = Vec::new();
    for ((user, filter), theirs) in cases.iter().zip(asked(&questions)) {
        let ours = our_filter(user, filter);
        // What they take for unknown only where it is asked for does not hold.
        if filter.contains("colour") {
            assert!(ours.is_err(), "{filter}");
            continue;
        }
        match (&ours, &theirs["holds"]) {
            (Ok(holds), Value::Bool(theirs)) if holds == theirs => told[usize::from(*holds)] += 1,
            (Err(_), Value::Null) => told[2] += 1,
            _ => wrong.push(format!("{filter}\n  {user}\n  ours {ours:?}, theirs {theirs}")),
        }
    }
    assert!(wrong.is_empty(), "{} of {CASES}, such as\n{}", wrong.len(), wrong[..wrong.len().min(8)].join("\n"));
    assert!(told.iter().all(|count| *count > CASES / 20), "{told:?}");
}

fn operation(random: &mut StdRng) -> Value {
    let op = one(random, &["add", "remove", "replace"]);
    let attribute = one(random, &["phoneNumbers", "roles"]);
    let kind = one(random, &["work", "home"]);
    let department = format!("{ENTERPRISE}:department");
    let (path, value): (Value, Value) = match random.random_range(0..12) {
        0..3 => {
            let path = one(random, &["userName", "title", "nickName", "externalId", "name.familyName", &department]);
            (path.into(), text(random).into())
        }
        3 => ("active".into(), random.random_bool(0.5).into()),
        4 => ("name".into(), json!({"familyName": text(random), "middleName": text(random)})),
        5 => (attribute.into(), json!([entry(random, true)])),
        6 => (format!("{attribute}[type eq \"{kind}\"].value").into(), text(random).into()),
        7 => (format!("phoneNumbers[type eq \"{kind}\"].primary").into(), random.random_bool(0.7).into()),
        8 => (
            format!("{attribute}[type eq \"{kind}\" and value eq {}]", quoted(random)).into(),
            json!({"display": text(random)}),
        ),
        9 => (one(random, &["id", "groups", "meta", "colour", "emails[", "name.colour"]).into(), text(random).into()),
        10 => (format!("{ENTERPRISE}:manager").into(), json!({"value": text(random)})),
        _ => {
            let value = json!({"title": text(random), "name.givenName": text(random), (department): text(random), "active": true});
            (Value::Null, value)
        }
    };
    let mut operation = json!({"op": op});
    if !path.is_null() {
        operation["path"] = path;
    }
    if op != "remove" {
        operation["value"] = value;
    }
    operation
}

fn our_change(user: &Value, operations: &Value) -> Result<Map<String, Value>, ScimError> {
    let request = PatchRequest::parse(&json!({"Operations": operations}))?;
    apply(ServedTypes::default().of(ResourceKind::User), &ours(user), &request).map(|resource| resource.0)
}

/// What a user is, without regard to the order of lists, `schemas`, and `primary: false`, which says nothing.
fn essence(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.iter().filter(|(name, _)| name.as_str() != "schemas");
            let kept = kept.map(|(name, value)| (name.clone(), essence(value)));
            let says = |(name, value): &(String, Value)| !(is_nothing(value) || name == "primary" && *value == false);
            Value::Object(kept.filter(says).collect())
        }
        Value::Array(items) => {
            let items: Vec<Value> = items.iter().map(essence).filter(|item| !is_nothing(item)).collect();
            // A value that an edit made equal to another is one value to us.
            let items: BTreeSet<String> = items.iter().map(|item| item.to_string().to_lowercase()).collect();
            json!(items)
        }
        other => other.clone(),
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

#[test]
fn changes_mean_the_same() {
    let mut random = StdRng::seed_from_u64(7643);
    let cases: Vec<(Value, Value)> = (0..CASES)
        .map(|_| {
            let operations: Vec<Value> = (0..random.random_range(1..4)).map(|_| operation(&mut random)).collect();
            (user(&mut random), operations.into())
        })
        .collect();
    let questions: Vec<Value> =
        cases.iter().map(|(user, change)| json!({"user": user, "operations": change})).collect();
    let mut told = [0, 0];
    let mut wrong = Vec::new();
    for ((user, change), theirs) in cases.iter().zip(asked(&questions)) {
        let ours = our_change(user, change).map(|after| essence(&Value::Object(after)));
        match (&ours, &theirs["user"]) {
            (Ok(after), theirs) if *after == essence(theirs) => told[0] += 1,
            (Err(_), Value::Null) => told[1] += 1,
            _ => wrong.push(format!("{change}\n  {user}\n  ours {ours:?}\n  theirs {theirs}")),
        }
    }
    assert!(wrong.is_empty(), "{} of {CASES}, such as\n{}", wrong.len(), wrong[..wrong.len().min(8)].join("\n"));
    assert!(told.iter().all(|count| *count > CASES / 20), "{told:?}");
}
