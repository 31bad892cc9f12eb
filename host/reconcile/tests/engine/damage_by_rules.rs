//! Accidental damage by what roles, times and protection say: as in `damage.rs`, no more is taken away than the guard lets
//! pass, and the operator is told why.

use crate::company::Company;

const EVERYBODY: usize = 100;
const LOST: &str = "100 of 100 accounts in app would lose entitlements";

fn assert_untouched(company: &Company) {
    assert_eq!((company.usable(), company.engineers()), (EVERYBODY, EVERYBODY), "nobody has lost anything");
}

#[tokio::test]
async fn a_new_role_that_excludes_what_everybody_has() {
    let mut company = Company::of(EVERYBODY).await;
    let auditor = "[role.auditor]\nrule = \"true\"\nexcludes = [\"engineer\"]\npriority = 10\n[role.engineer]";
    company.edit("[role.engineer]", auditor).await;
    company.settle().await;
    assert_untouched(&company);
    company.assert_held(EVERYBODY, LOST).await;
}

#[tokio::test]
async fn a_role_whose_last_day_nobody_remembers() {
    let mut company = Company::of(EVERYBODY).await;
    let last_day = company.now() + jiff::SignedDuration::from_hours(48);
    company.edit("[role.engineer]", &format!("[role.engineer]\nuntil = \"{last_day}\"")).await;
    company.settle().await;
    assert_untouched(&company);
    company.assert_held(0, "").await;
    company.wait("72h");
    company.settle().await;
    assert_untouched(&company);
    company.assert_held(EVERYBODY, LOST).await;
}

#[tokio::test]
async fn entitlements_of_which_an_edit_lets_only_one_be_needed() {
    let mut company = Company::of(EVERYBODY).await;
    let needs = "value = \"Engineers\", create = true, needs = [\"everyone\"] }";
    company.edit("value = \"Engineers\", create = true }", needs).await;
    company.edit("entitlements = [\"everyone\"]", "").await;
    company.settle().await;
    assert_untouched(&company);
    assert_eq!(company.app.members("Everyone").len(), EVERYBODY, "what is needed is not taken away");
    company.assert_held(0, "").await;
}

#[tokio::test]
async fn a_protection_rule_that_fails_while_everybody_leaves() {
    let mut company = Company::of(EVERYBODY).await;
    company.edit("leaving = \"disable\"", "leaving = \"delete\"\nprotected = { rule = \"account.mail > 3\" }").await;
    company.leave(0..EVERYBODY);
    company.import_all().await;
    company.settle().await;
    assert_untouched(&company);
    assert_eq!(company.app.content().people.len(), EVERYBODY);
}

#[tokio::test]
async fn deletions_that_fall_due_for_all_while_nobody_decides() {
    let mut company = Company::of(EVERYBODY).await;
    company.edit("leaving = \"disable\"", "leaving = { action = \"disable\", delete_after = \"7d\" }").await;
    company.leave(0..EVERYBODY);
    company.import_all().await;
    company.settle().await;
    company.wait("1440h");
    company.settle().await;
    assert_untouched(&company);
    assert_eq!(company.app.content().people.len(), EVERYBODY, "nothing is deleted that was not even disabled");
    assert!(!company.held().await.is_empty(), "a person is asked");
}
