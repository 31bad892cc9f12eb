//! Files that are dropped into the folder, good and bad, and what becomes of them.

use purser_e2e::home::Home;
use serde_json::Value;

const HR: &str = r#"
[source.hr]
connector = "flatfile"
class = "person"
config = { classes = { person = { file = "people.csv", key = "employeeNumber", kind = "account" } } }

[source.hr.directory.data]
path = "../hr"
"#;

/// A home with a source that works.
fn home() -> Home {
    let home = Home::new();
    home.write("hr/people.csv", "employeeNumber,login\n1,anna\n");
    home.declare("hr", HR);
    home.drop_in("flatfile");
    home
}

/// The findings of `check` about a subject that ends so.
fn findings(home: &Home, subject: &str) -> Vec<String> {
    let answer = home.purser(&["check"]);
    let checked: Value = serde_json::from_str(&answer.output).expect("`check` answers in JSON");
    let about = checked.as_array().expect("a list").iter();
    let about = about.filter(|one| one["subject"].as_str().is_some_and(|name| name.ends_with(subject)));
    about.filter_map(|one| one["message"].as_str().map(str::to_owned)).collect()
}

/// A component that takes the compiler minutes and gigabytes: so many functions, each nearly as long as one may be, whose
/// every step has an effect and needs the one before.
fn pathological(functions: u32) -> Vec<u8> {
    const LOCALS: u32 = 100;
    const STEPS: u32 = 450_000;
    let mut body = [leb(1), leb(LOCALS), vec![0x7f]].concat();
    for number in 0..STEPS {
        let (from, to) = (leb(number % LOCALS), leb(number * 7 % LOCALS));
        // to = load(from) + to; store(to, from)
        for part in [&[0x20][..], &from, &[0x28, 2, 0, 0x20], &to, &[0x6a, 0x22], &to, &[0x20], &from, &[0x36, 2, 0]] {
            body.extend_from_slice(part);
        }
    }
    body.push(0x0b);
    let many = |one: &[u8]| [leb(functions), one.repeat(functions as usize)].concat();
    let module = [
        b"\0asm\x01\0\0\0".to_vec(),
        section(1, &[1, 0x60, 0, 0]),
        section(3, &many(&[0])),
        section(5, &[1, 0, 1]),
        section(10, &many(&counted(&body))),
    ];
    let export = [&[1, 0][..], &counted(b"purser:connector/provisioning@0.1.0"), &[5, 0, 0]].concat();
    let component =
        [b"\0asm\x0d\0\x01\0".to_vec(), section(1, &module.concat()), section(5, &[1, 1, 0]), section(11, &export)];
    component.concat()
}

fn section(id: u8, content: &[u8]) -> Vec<u8> {
    [vec![id], counted(content)].concat()
}

fn counted(bytes: &[u8]) -> Vec<u8> {
    [leb(u32::try_from(bytes.len()).expect("it is short")), bytes.to_vec()].concat()
}

/// A number as WebAssembly writes it.
fn leb(mut number: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = number as u8 & 0x7f;
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

#[test]
fn a_file_that_makes_the_compiler_work_without_end_is_refused_and_the_others_work() {
    for (name, limits) in [("memory", r#"memory = "100MiB""#), ("time", r#"cpu = "3s""#)] {
        let home = home();
        home.declare("limits", &format!("[connectors]\ncompile = {{ {limits} }}\n"));
        home.write("connectors/bomb.wasm", pathological(9));
        let said = findings(&home, "bomb.wasm").join("\n");
        assert!(said.contains("cannot be compiled: the compiler ended with signal"), "{name}: {said}");
        assert_eq!(home.purser(&["import", "hr"]).done()["new"], 1, "{name}");
    }
}

#[test]
fn compiled_code_that_somebody_put_there_is_not_used() {
    let home = home();
    home.purser(&["import", "hr"]).done();
    let compiled = || {
        let files = std::fs::read_dir(home.path("data/compiled")).expect("it is there");
        let [file] = files
            .map(|file| file.expect("it can be looked at").path())
            .collect::<Vec<_>>()
            .try_into()
            .expect("one file");
        file
    };
    let (file, other) = (compiled(), home_with_code());
    let ours = std::fs::read(&file).expect("it can be read");
    std::fs::write(&file, &other).expect("it can be written");
    home.purser(&["import", "hr"]).done();
    assert_eq!(compiled(), file);
    let again = std::fs::read(&file).expect("it can be read");
    assert!(again == ours && again != other, "it was compiled again");
}

/// The compiled connector of another home.
fn home_with_code() -> Vec<u8> {
    let home = home();
    home.purser(&["import", "hr"]).done();
    let mut files = std::fs::read_dir(home.path("data/compiled")).expect("it is there");
    let file = files.next().expect("one file").expect("it can be looked at").path();
    std::fs::read(file).expect("it can be read")
}
