//! Password policies as they are declared.

use purser_declare::load;
use purser_model::password::PasswordPolicy;

const TARGET: &str = "[target.crm]\nconnector = \"scim\"\nclass = \"User\"\n";

fn declared(password: &str) -> Result<Option<PasswordPolicy>, String> {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("a.toml"), format!("{TARGET}password = {password}\n")).expect("written");
    let configuration = load(directory.path()).map_err(|error| error.to_string())?.configuration;
    Ok(configuration.targets[&"crm".parse().expect("a name")].password.clone())
}

fn policy(length: usize, sets: &[&str]) -> PasswordPolicy {
    PasswordPolicy::new(None, length, sets.iter().map(|set| (*set).to_owned()).collect()).expect("a strong policy")
}

#[test]
fn without_anything_said_passwords_are_long_mixed_and_readable() {
    let expected = policy(20, &["abcdefghijkmnopqrstuvwxyz", "ABCDEFGHJKLMNPQRSTUVWXYZ", "23456789", "-_.!#%+="]);
    assert_eq!(declared("{}"), Ok(Some(expected)));
}

#[test]
fn everything_can_be_said() {
    let text = r#"{ length = 32, characters = ["digit", "upper", "symbol"], symbols = "-", lookalikes = true, attribute = "pin" }"#;
    let expected = PasswordPolicy::new(
        Some("pin".to_owned()),
        32,
        ["0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "-"].map(str::to_owned).to_vec(),
    );
    assert_eq!(declared(text).expect("it is right"), expected.ok());
}

#[test]
fn every_mistake_is_named_where_it_stands() {
    let cases = [
        ("{ length = 8 }", "12 to 128 characters"),
        ("{ length = -1 }", "12 to 128 characters"),
        (r#"{ characters = ["digit"] }"#, "at least 20 different characters"),
        (r#"{ characters = ["digit", "letters"] }"#, "`letters` is none of `lower`, `upper`, `digit`, `symbol`"),
        (r#"{ characters = ["lower", "lower"] }"#, "`lower` stands here twice"),
        (r#"{ symbols = "é" }"#, "'é' is no printable ASCII character"),
        (r#"{ lenght = 20 }"#, "lenght"),
    ];
    for (text, expected) in cases {
        let complaint = declared(text).expect_err(text);
        assert!(complaint.contains(expected) && complaint.contains("a.toml"), "{text}: {complaint}");
    }
}
