//! One person, and accounts that may be hers: those with her address match.

use crate::home::Home;

const DECLARATIONS: &str = r#"
[source.hr]
connector = "flatfile"
class = "person"
config = { classes = { person = { kind = "other", file = "people.csv", key = "number" } } }
[source.hr.directory.data]
path = "../hr"

[target.directory]
connector = "flatfile"
class = "account"
unlinked = "adopt"
protected = { rule = "account.login.startsWith('svc-')" }
[target.directory.config.classes.account]
kind = "account"
file = "accounts.csv"
key = "login"
active = "active"
[target.directory.directory.data]
path = "../directory"
access = "read-write"
[[target.directory.correlation]]
attribute = "mail"
value = "identity.mail"
[target.directory.mapping]
login = { value = "identity.login", create_only = true }
mail = "identity.mail"
title = { value = "identity.title", strength = "strong" }

[role.everybody]
rule = "true"
[[role.everybody.grant]]
target = "directory"
"#;

/// A home in which the target has these accounts and the person has come; what is definite is done.
pub fn home(accounts: &str) -> Home {
    let home = Home::new();
    home.drop_in("flatfile");
    home.declare("all", DECLARATIONS);
    home.write("directory/accounts.csv", format!("login,mail,title,active\n{accounts}"));
    home.write("hr/people.csv", "number,login,mail,title\n1,anna,anna@example.org,Dr\n");
    home.purser(&["reconcile", "directory"]).done();
    home.purser(&["import", "hr", "--apply"]).done();
    home
}
