//! Changes a declaration in its file and leaves everything else there as it is written, comments too.

use crate::DeclarationText;
use purser_model::guard::{Guard, GuardLimit};
use purser_model::id::TargetName;
use toml_edit::{DocumentMut, InlineTable, Item, TableLike, Value};

/// A declaration cannot be changed in its file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotRewritten {
    /// No file declares it.
    #[error("no file declares target `{0}`")]
    NotDeclared(TargetName),
    /// It is written in a way that is not changed from here.
    #[error(
        "target `{0}` is written in a way that cannot be changed from here; write its `guard` in the file yourself"
    )]
    OtherForm(TargetName),
}

/// The same files, where this target has this guard.
///
/// # Errors
/// See [`NotRewritten`].
pub fn with_guard(
    files: &[DeclarationText],
    target: &TargetName,
    guard: Guard,
) -> Result<Vec<DeclarationText>, NotRewritten> {
    let mut changed = files.to_vec();
    for file in &mut changed {
        // A file that is no TOML declares nothing.
        let Ok(mut document) = file.text.parse::<DocumentMut>() else { continue };
        // Looking at an item by a key of it would make it where it is not there.
        let targets = document.get_mut("target").and_then(Item::as_table_like_mut);
        let declared = targets.and_then(|targets| targets.get_mut(target.as_str()));
        let Some(declared) = declared else { continue };
        let table: &mut dyn TableLike =
            declared.as_table_like_mut().ok_or_else(|| NotRewritten::OtherForm(target.clone()))?;
        table.insert("guard", Item::Value(Value::InlineTable(written(guard))));
        file.text = document.to_string();
        return Ok(changed);
    }
    Err(NotRewritten::NotDeclared(target.clone()))
}

fn written(guard: Guard) -> InlineTable {
    let mut table = limit(guard.accounts);
    table.insert("revoke", Value::InlineTable(limit(guard.revokes)));
    table
}

fn limit(limit: GuardLimit) -> InlineTable {
    let number = |number: u64| Value::from(i64::try_from(number).unwrap_or(i64::MAX));
    InlineTable::from_iter([
        ("share", number(limit.share)),
        ("floor", number(limit.floor)),
        ("count", number(limit.count)),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    const REST: &str = "\n[target.crm.mapping]\nuserName = \"identity.userName\" # as HR writes it\n";

    fn files(text: &str) -> Vec<DeclarationText> {
        let file = |name: &str, text: &str| DeclarationText { path: PathBuf::from(name), text: text.to_owned() };
        vec![file("a.toml", "# nothing\n"), file("b.toml", text)]
    }

    #[test]
    fn a_guard_is_written_however_it_was_and_the_rest_stays() {
        let limit = |share| GuardLimit { share, floor: 3, count: 40 };
        let guard = Guard { accounts: limit(7), revokes: limit(9) };
        let crm: TargetName = "crm".parse().unwrap();
        for before in [
            "# The CRM.\n[target.crm] # ours\nconnector = \"scim\"\nclass = \"account\"\n",
            "# The CRM.\n[target.crm] # ours\nconnector = \"scim\"\nclass = \"account\"\nguard = { share = 1 }\n",
            "# The CRM.\n[target.crm] # ours\nconnector = \"scim\"\nclass = \"account\"\n[target.crm.guard]\nshare = 1\n[target.crm.guard.revoke]\nshare = 2\n",
        ] {
            let changed = with_guard(&files(&format!("{before}{REST}")), &crm, guard).unwrap();
            assert_eq!(changed[0], files("")[0]);
            let text = &changed[1].text;
            assert!(text.starts_with("# The CRM.\n[target.crm] # ours\n") && text.contains(REST.trim()), "{text}");
            let read = crate::load_texts(changed.clone(), std::path::Path::new("/")).unwrap();
            assert_eq!(read.configuration.targets[&crm].guard, guard, "{text}");
        }
        let other: TargetName = "other".parse().unwrap();
        assert_eq!(with_guard(&files(REST), &other, guard), Err(NotRewritten::NotDeclared(other)));
        let form = with_guard(&files("target.crm = 1\n"), &crm, guard);
        assert_eq!(form, Err(NotRewritten::OtherForm(crm)));
    }
}
