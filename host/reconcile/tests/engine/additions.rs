//! What operators add to identities flows on as what is declared does, ends by time, and passes the same guard.

use crate::company::{Company, DECLARATIONS};
use purser_model::assignment::{Assignment, ImposedState, Reason};
use purser_model::id::{GroupName, IdentityId, RoleName};
use purser_model::identity::Validity;
use purser_reconcile::{AssignmentQuestion, EngineError, GroupKind, NotAssigned, OriginKind, WantedAssignment};
use purser_store::{IdentityFilter, NewImposition, PageRequest, StoreError};

const MORE: &str = r#"
[target.app.entitlement.auditors]
class = "group"
attribute = "name"
value = "Auditors"
create = true
[group.guests]
[role.auditor]
excludes = ["engineer"]
[[role.auditor.grant]]
target = "app"
entitlements = ["auditors"]
[role.visitor]
groups = ["guests"]
[[role.visitor.grant]]
target = "app"
entitlements = ["auditors"]
"#;

fn reason() -> Reason {
    Reason::try_from("covers for somebody".to_owned()).unwrap()
}

/// So many people in sales, all with their accounts.
async fn sales(people: usize) -> Company {
    let company = Company::declared(people, &format!("{DECLARATIONS}{MORE}")).await;
    company.change(0..people, "department", "Sales");
    company.import().await.unwrap();
    company.settle().await;
    company
}

impl Company {
    async fn ids(&self) -> Vec<IdentityId> {
        let found = self.engine.store().identities(IdentityFilter::default(), PageRequest::first(1_000)).await.unwrap();
        found.into_iter().map(|identity| identity.id).collect()
    }

    async fn woken(&self) -> Vec<IdentityId> {
        self.engine.store().wakes(1_000).await.unwrap().into_iter().map(|wake| wake.identity).collect()
    }

    fn until(&self, hours: i64) -> Validity {
        Validity { from: None, until: Some(self.now() + jiff::SignedDuration::from_hours(hours)) }
    }

    async fn assign(&self, all: &[(IdentityId, &str, Validity)]) -> Vec<Result<Assignment, NotAssigned>> {
        let wanted = all.iter().map(|(identity, role, validity)| WantedAssignment {
            identity: *identity,
            role: role.parse().unwrap(),
            validity: *validity,
            reason: reason(),
        });
        self.engine.assign(self.engine.store().as_ref(), wanted.collect()).await.unwrap()
    }

    async fn impose(&self, identity: IdentityId, state: ImposedState, validity: Validity) {
        let wanted = NewImposition { state, validity, reason: reason() };
        self.engine.store().impose(identity, wanted, self.now()).await.unwrap();
    }
}

#[tokio::test]
async fn an_assignment_wakes_its_identity_alone_and_ends_by_time() {
    let company = sales(3).await;
    let ids = company.ids().await;
    let until = company.until(8);
    let made = company.assign(&[(ids[1], "auditor", until)]).await.remove(0).unwrap();
    assert_eq!((made.identity, made.assigned.validity), (ids[1], until));
    assert_eq!(company.woken().await, [ids[1]]);
    company.settle_for_now().await;
    assert_eq!(company.app.members("Auditors"), ["p1"]);
    let explained = company.engine.explain(ids[1], None).await.unwrap();
    let text = serde_json::to_string(&explained).unwrap();
    assert!(text.contains(&format!("assigned by unnamed until {:.0}", until.until.unwrap())), "{text}");
    company.wait("8h");
    company.settle().await;
    assert!(company.app.members("Auditors").is_empty());
    // It goes when it is taken away, too.
    let made = company.assign(&[(ids[2], "auditor", Validity::ALWAYS)]).await.remove(0).unwrap();
    company.settle().await;
    assert_eq!(company.app.members("Auditors"), ["p2"]);
    company.engine.store().end_assignment(made.assigned.id, None, company.now()).await.unwrap();
    company.settle().await;
    assert!(company.app.members("Auditors").is_empty());
}

#[tokio::test]
async fn two_roles_that_exclude_each_other_are_refused_at_once_also_where_both_are_new() {
    let company = sales(2).await;
    let ids = company.ids().await;
    let always = Validity::ALWAYS;
    let ended = company
        .assign(&[
            (ids[0], "auditor", always),
            (ids[0], "engineer", company.until(1)),
            (ids[1], "engineer", company.until(1)),
            (ids[1], "auditor", Validity { from: company.until(1).until, until: None }),
            (ids[1], "nothing", always),
            (IdentityId(uuid::Uuid::nil()), "auditor", always),
            (ids[1], "auditor", Validity { from: company.until(2).until, until: company.until(1).until }),
            (ids[1], "auditor", company.until(-1)),
        ])
        .await;
    let told: Vec<String> =
        ended.iter().map(|end| end.as_ref().err().map(ToString::to_string).unwrap_or_default()).collect();
    let words =
        ["", "role.auditor.excludes", "", "", "no role `nothing`", "no identity", "before it begins", "which is past"];
    for (told, words) in told.iter().zip(words) {
        assert!(told.contains(words) && told.is_empty() == words.is_empty(), "{told} / {words}");
    }
    let now = company.assign(&[(ids[1], "auditor", always)]).await.remove(0);
    assert!(matches!(now, Err(NotAssigned::Excluded(_))), "{now:?}");
}

/// Whoever asks at the same time is not let past: what was checked holds for the version that is written.
#[tokio::test]
async fn two_that_ask_at_once_do_not_bring_together_what_excludes_each_other() {
    let company = sales(1).await;
    let ids = company.ids().await;
    for _ in 0..10 {
        let [first, second] = ["auditor", "engineer"].map(|role| [(ids[0], role, Validity::ALWAYS)]);
        let (auditor, engineer) = tokio::join!(company.assign(&first), company.assign(&second));
        let made: Vec<Assignment> = auditor.into_iter().chain(engineer).filter_map(Result::ok).collect();
        assert_eq!(made.len(), 1, "{made:?}");
        company.engine.store().end_assignment(made[0].assigned.id, None, company.now()).await.unwrap();
    }
}

#[tokio::test]
async fn a_static_group_gets_members_over_the_api_and_one_by_rule_does_not() {
    let company = sales(2).await;
    let ids = company.ids().await;
    let (guests, builders): (GroupName, GroupName) = ("guests".parse().unwrap(), "builders".parse().unwrap());
    company.engine.must_be_static(&guests).unwrap();
    let refused = company.engine.must_be_static(&builders);
    assert!(matches!(&refused, Err(EngineError::Store(StoreError::Refused { .. }))), "{refused:?}");
    let unknown = company.engine.must_be_static(&"strangers".parse().unwrap());
    assert!(matches!(&unknown, Err(EngineError::NotDeclared { .. })), "{unknown:?}");
    company.engine.store().add_to_group(&guests, ids[0], reason(), company.now()).await.unwrap();
    assert_eq!(company.woken().await, [ids[0]]);
    company.settle().await;
    assert_eq!(company.app.members("Auditors"), ["p0"]);
    let members = company.engine.members_of(&guests, PageRequest::first(10)).await.unwrap();
    assert_eq!(members.items[0].because, ["added by unnamed"]);
    company.engine.store().take_from_group(&guests, ids[0], None, company.now()).await.unwrap();
    company.settle().await;
    assert!(company.app.members("Auditors").is_empty());
}

#[tokio::test]
async fn an_imposed_state_holds_until_it_ends_or_is_lifted_whatever_the_source_says() {
    let company = sales(2).await;
    let ids = company.ids().await;
    company.impose(ids[0], ImposedState::Suspended, company.until(8)).await;
    assert_eq!(company.woken().await, [ids[0]]);
    company.settle_for_now().await;
    assert_eq!(company.usable(), 1);
    company.change(0..2, "mail", "new@x");
    company.import().await.unwrap();
    company.settle_for_now().await;
    assert_eq!(company.usable(), 1, "the source does not resume it");
    company.wait("8h");
    company.settle().await;
    assert_eq!(company.usable(), 2);

    // A last day that HR does not know of yet.
    let leaves = company.until(24).until;
    company.impose(ids[1], ImposedState::Departed, Validity { from: leaves, until: None }).await;
    company.settle_for_now().await;
    assert_eq!(company.usable(), 2);
    company.wait("24h");
    company.settle().await;
    assert_eq!((company.usable(), company.app.members("Everyone")), (1, vec!["p0".to_owned()]));
    company.engine.store().lift(ids[1], ImposedState::Departed, None, company.now()).await.unwrap();
    company.settle().await;
    assert_eq!(company.usable(), 2);
}

#[tokio::test]
async fn the_guard_holds_what_operators_take_away_too() {
    let company = Company::declared(50, &format!("{DECLARATIONS}{MORE}")).await;
    for id in company.ids().await.into_iter().take(30) {
        company.impose(id, ImposedState::Departed, Validity::ALWAYS).await;
    }
    company.settle().await;
    assert_eq!(company.usable(), 50);
    company.assert_held(30, "30 of 50 accounts in app would be disabled or deleted within 24 hours").await;
}

#[tokio::test]
async fn who_has_what_and_why_is_found_page_by_page() {
    let company = sales(5).await;
    let ids = company.ids().await;
    let made = company.assign(&[(ids[1], "auditor", Validity::ALWAYS), (ids[3], "auditor", company.until(-1))]).await;
    assert_eq!((made[0].is_ok(), made[1].is_ok()), (true, false));
    let later = Validity { from: company.until(5).until, until: None };
    assert!(company.assign(&[(ids[3], "auditor", later)]).await[0].is_ok());
    let auditor: RoleName = "auditor".parse().unwrap();
    let holders = company.engine.holders_of(&auditor, PageRequest::first(10)).await.unwrap();
    let found: Vec<_> = holders.items.iter().map(|holder| (holder.identity, holder.because.join(","))).collect();
    assert_eq!((found, holders.next), (vec![(ids[1], "assigned by unnamed".to_owned())], None));

    let question = |origin, role: Option<&RoleName>| AssignmentQuestion { identity: None, role: role.cloned(), origin };
    for (question, wanted) in [
        (question(Some(OriginKind::Api), None), 2),
        (question(Some(OriginKind::Api), Some(&auditor)), 2),
        (question(None, Some(&auditor)), 2),
        (question(Some(OriginKind::Rule), None), 5),
        (question(Some(OriginKind::Declared), None), 0),
        (question(None, None), 7),
        (AssignmentQuestion { identity: Some(ids[3]), ..question(None, None) }, 2),
    ] {
        let (mut after, mut found) = (None, Vec::new());
        loop {
            let page =
                company.engine.assignments_of(&question, PageRequest { after, ..PageRequest::first(2) }).await.unwrap();
            found.extend(page.items);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(found.len(), wanted, "{question:?}: {found:?}");
        assert!(found.is_sorted_by_key(|one| one.identity));
    }
    let role = company.engine.role(&auditor).unwrap();
    let engineer = company.engine.role(&"engineer".parse().unwrap()).unwrap();
    assert_eq!((role.excludes, engineer.excludes), (vec!["engineer".parse().unwrap()], vec![auditor]));
    let kinds: Vec<_> = company.engine.groups().map(|group| (group.name.to_string(), group.kind)).collect();
    assert_eq!(kinds, [("builders".to_owned(), GroupKind::Rule), ("guests".to_owned(), GroupKind::Static)]);
}
