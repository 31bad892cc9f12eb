//! One person in six applications, shown: `cargo xtask demo --everywhere`.

use purser_e2e::everywhere::{Applications, Everywhere, ids, marry};
use purser_e2e::scenario::Seen;
use std::collections::BTreeMap;

const PEOPLE: usize = 12;
/// Whose accounts are shown: who has a manager and is an engineer.
const PLACE: usize = 11;

type Accounts = BTreeMap<(&'static str, String), Seen>;

fn main() {
    println!("Starting six applications on this machine.");
    let applications = Applications::start();
    for (name, what, _) in applications.all() {
        println!("  {name:<11} {what}");
    }
    let mut everywhere = Everywhere::found(PEOPLE, &applications);
    let number = everywhere.company.people[PLACE].number.clone();

    println!("\n{PEOPLE} people join. What each application says of {number} afterwards:");
    let joined = everywhere.provision();
    show(&joined, &number);

    marry(&mut everywhere.company.people[PLACE]);
    println!("\nHR gives {number} another surname, name to sign in with and e-mail address:");
    let renamed = everywhere.provision();
    show(&renamed, &number);
    assert_eq!(ids(&renamed), ids(&joined), "the accounts are the same");
    println!("The accounts are the same: none was deleted, and none was made.");

    everywhere.company.people[PLACE].employed = false;
    println!("\n{number} leaves:");
    let left = everywhere.provision();
    show(&left, &number);
    assert_eq!(ids(&left), ids(&joined), "the accounts are kept");
    println!("Every account is disabled, and no entitlement is left. A further plan has nothing to do.");
}

fn show(accounts: &Accounts, number: &str) {
    println!("  {:<11} {:<12} {:<12} {:<32} {:<9} GROUPS", "TARGET", "LOGIN", "SURNAME", "E-MAIL", "STATE");
    for ((name, _), account) in accounts.iter().filter(|((_, of), _)| of == number) {
        let Seen { login, family, email, groups, active, .. } = account;
        let state = if *active { "active" } else { "disabled" };
        let groups = groups.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        println!("  {name:<11} {login:<12} {family:<12} {email:<32} {state:<9} {groups}");
    }
}
