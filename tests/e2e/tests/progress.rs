//! How far long work is: shown to who looks on, in a home and at a host, taken away at the end, and shown to nobody else.

use purser_e2e::home::Home;
use purser_e2e::people::{Policy, company};
use purser_e2e::served::{QUIET, Served};
use serde_json::json;
use std::process::{Command, Stdio};

/// A listing takes several seconds, page by page.
const LISTING: [&str; 3] = ["reconcile", "crm", "--dry-run"];

/// A company with a customer database that knows many, and may be asked only now and then.
fn home() -> Home {
    let home = company(Policy::default());
    let user =
        |place: usize| json!({"id": format!("X{place:05}"), "name": {"given": "X", "family": "Y"}, "enabled": true});
    let users: Vec<_> = (0..2_600).map(|place| format!("{}\n", user(place))).collect();
    home.write("apps/crm/users.jsonl", users.concat());
    let declared = home.read("declarations/crm.toml");
    home.declare("crm", &declared.replacen("class =", "rate = { calls = 2, per = \"3s\" }\nclass =", 1));
    home
}

/// The arguments of the program as people give them: without `--json`.
fn for_people(home: &Home, arguments: &[&str]) -> Command {
    let command = home.command(arguments);
    let mut people = Command::new(command.get_program());
    people.args(command.get_args().filter(|argument| *argument != "--json"));
    people.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?)))).current_dir(home.path(""));
    people
}

/// Runs it in a terminal of its own; everything that was written to that.
#[track_caller]
fn in_a_terminal(command: &Command, kind: &str) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let quoted: Vec<_> =
        words.map(|word| format!("'{}'", word.to_str().expect("text").replace('\'', "'\\''"))).collect();
    let line = format!("stty rows 30 cols 100; exec {}", quoted.join(" "));
    let mut terminal = Command::new("script");
    terminal.args(["-qec", &line, "/dev/null"]).env("SHELL", "/bin/sh").env("TERM", kind).stdin(Stdio::null());
    terminal.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let said = terminal.current_dir(command.get_current_dir().expect("a folder")).output().expect("`script` is there");
    let written = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(matches!(said.status.code(), Some(0 | 3)), "{:?}: {written}", said.status);
    written
}

/// What a terminal still shows after all this was written to it.
fn left(written: &str) -> String {
    let (mut lines, mut row, mut column) = (vec![Vec::new()], 0_usize, 0);
    let mut letters = written.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\r' => column = 0,
            '\n' => row += 1,
            '\u{1b}' if letters.next_if_eq(&'[').is_some() => {
                let mut number = String::new();
                while let Some(part) = letters.next_if(|next| !next.is_ascii_alphabetic()) {
                    number.push(part);
                }
                let count = number.parse().unwrap_or(1);
                match letters.next() {
                    Some('A') => row = row.saturating_sub(count),
                    Some('B') => row += count,
                    Some('K') if number == "2" => lines[row].clear(),
                    Some('K') => lines[row].truncate(column),
                    _ => {}
                }
            }
            shown => {
                let line = &mut lines[row];
                line.resize(line.len().max(column + 1), ' ');
                line[column] = shown;
                column += 1;
            }
        }
        lines.resize(lines.len().max(row + 1), Vec::new());
    }
    lines.iter().map(|line| line.iter().collect::<String>() + "\n").collect()
}

/// The counts that were shown before these words, as they were shown.
fn counts(written: &str, words: &str) -> Vec<u64> {
    let mut before: Vec<_> = written.split(words).collect();
    // Nothing is shown behind the last of them.
    before.pop();
    before.into_iter().filter_map(|part| part.split_whitespace().last()?.parse().ok()).collect()
}

#[track_caller]
fn assert_shown_and_taken_away(written: &str, words: &str) {
    let shown = counts(written, words);
    assert!(shown.is_sorted() && shown.first() < shown.last(), "it appears and moves: {shown:?} in {written:?}");
    let left = left(written);
    assert!(!left.contains(words) && !written.is_empty(), "it is taken away: {left}");
    assert!(left.lines().any(|line| !line.trim().is_empty()), "the answer stays: {left}");
}

#[test]
fn who_looks_on_in_a_home_sees_how_far_it_is_and_nobody_else_does() {
    let home = home();
    let written = in_a_terminal(&for_people(&home, &LISTING), "xterm");
    assert_shown_and_taken_away(&written, "objects listed");

    let dumb = in_a_terminal(&for_people(&home, &LISTING), "dumb");
    assert!(!dumb.contains("objects listed") && !dumb.contains('\u{1b}'), "{dumb:?}");
    let machine = in_a_terminal(&home.command(&LISTING), "xterm");
    assert!(!machine.contains("objects listed") && !machine.contains('\u{1b}'), "{machine:?}");
    serde_json::from_str::<serde_json::Value>(&machine).expect("nothing but the answer is written");
    let piped = for_people(&home, &LISTING).output().expect("the program starts");
    let said = [piped.stdout, piped.stderr].concat();
    assert!(!String::from_utf8_lossy(&said).contains("objects listed"), "{}", String::from_utf8_lossy(&said));
}

#[test]
fn who_looks_on_at_a_host_sees_how_far_its_runs_are() {
    let home = home();
    let served = Served::start(&home, &QUIET);
    home.set_variable("PURSER_TOKEN", &served.own_token());
    let url = format!("http://{}", served.address);
    let asked = [&["--server", url.as_str()], LISTING.as_slice()].concat();
    let written = in_a_terminal(&for_people(&home, &asked), "xterm");
    assert_shown_and_taken_away(&written, "listed, reconciliation of crm");
    let dumb = in_a_terminal(&for_people(&home, &asked), "dumb");
    assert!(!dumb.contains("reconciliation of crm (") && !dumb.contains('\u{1b}'), "{dumb:?}");
    served.stop();
}

#[test]
fn what_a_terminal_shows_is_what_was_written_last_on_each_line() {
    let written = "one\r\n\u{1b}[2Ktwo 1\r\u{1b}[2Ktwo 2\r\n\u{1b}[1A\r\u{1b}[2Kthree\r\u{1b}[2C\u{1b}[?25h";
    assert_eq!(left(written), "one\nthree\n\n");
    assert_eq!(counts("  7 listed\r  9 listed", "listed"), [7, 9]);
}
