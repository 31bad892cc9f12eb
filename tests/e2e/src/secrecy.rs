//! Plants secrets, and looks where they are.

use crate::home::Home;
use crate::program::Answer;
use purser_broker::scan::{Forms, remove};
use purser_model::secret::Secret;
use std::borrow::Cow;
use std::fs;
use std::io::Write;
use std::process::Stdio;

/// Runs `purser secret set` with this on its standard input; what it said.
pub fn set(home: &Home, name: &str, value: &str) -> (i32, String) {
    let mut command = home.command(&["secret", "set", name]);
    let streams = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = streams.spawn().expect("the program starts");
    child.stdin.take().expect("it has an input").write_all(value.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&said).into_owned())
}

/// How a secret may look: as it is, and in every encoding that applications write.
pub fn forms(secrets: &[&str]) -> Forms {
    let secrets: Vec<_> = secrets.iter().map(|text| Secret::new(*text).expect("it is not empty")).collect();
    Forms::of(&secrets)
}

/// Whether these bytes hold one of the secrets.
pub fn holds(bytes: &[u8], forms: &Forms) -> bool {
    matches!(remove(&[forms], bytes), Cow::Owned(_))
}

/// Demands that no file of the home holds the text in any form, and that nothing of what was said does.
#[track_caller]
pub fn assert_nowhere(home: &Home, text: &str, said: &[&Answer]) {
    let forms = forms(&[text]);
    let mut files = 0;
    let mut folders = vec![home.path("")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder can be listed") {
            let path = entry.expect("a folder can be listed").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                assert!(!holds(&bytes, &forms), "{} holds the secret", path.display());
                files += 1;
            }
        }
    }
    assert!(files > 5, "only {files} files were looked at");
    for answer in said {
        assert!(!holds(answer.output.as_bytes(), &forms) && !holds(answer.log.as_bytes(), &forms), "{answer:?}");
    }
}
