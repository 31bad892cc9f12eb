//! What of an item takes something away, apart from the rest of it.

use purser_model::guard::Taking;
use purser_model::id::AccountId;
use purser_model::plan::{Link, PlanItem};

/// An item in two parts. What takes away can be held while the rest goes on.
#[derive(Debug, Clone, PartialEq)]
pub struct Split {
    /// What creates, changes, enables and grants; none where nothing of it does.
    pub gives: Option<PlanItem>,
    /// What takes away, and from which account.
    pub takes: Option<(Taking, AccountId, PlanItem)>,
}

/// Divides an item.
pub fn split(item: PlanItem) -> Split {
    let (Some(taking), Some(account)) = (item.taking(), item.account) else {
        return Split { gives: Some(item), takes: None };
    };
    let (takes, gives) = item.operations.iter().cloned().partition(|operation| operation.intent.takes_away());
    // The account is linked by the part that gives.
    let taking_item = PlanItem { operations: takes, link: Link::Keep, ..item.clone() };
    let giving_item = PlanItem { operations: gives, ..item };
    let has_something = giving_item.link == Link::Adopt || !giving_item.operations.is_empty();
    Split { gives: has_something.then_some(giving_item), takes: Some((taking, account, taking_item)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use purser_model::Attributes;
    use purser_model::id::IdentityId;
    use purser_model::operation::{EntitlementReference, Intent};
    use purser_model::plan::{PlannedOperation, Precondition};

    fn item(link: Link, intents: Vec<Intent>) -> PlanItem {
        let operation = |intent| PlannedOperation { intent, reason: "why".into(), before: Attributes::new() };
        PlanItem {
            identity: IdentityId(uuid::Uuid::nil()),
            label: "anna".into(),
            target: "crm".parse().unwrap(),
            class: "User".into(),
            account: Some(AccountId(uuid::Uuid::nil())),
            link,
            precondition: Precondition { identity_version: 1, account_digest: None },
            operations: intents.into_iter().map(operation).collect(),
            claims: Default::default(),
            pushed: Attributes::new(),
        }
    }

    fn revoke() -> Intent {
        Intent::Revoke { entitlement: EntitlementReference::Declared("staff".into()) }
    }

    fn names(item: &PlanItem) -> Vec<&'static str> {
        item.operations.iter().map(|operation| operation.intent.name()).collect()
    }

    #[test]
    fn a_mover_gets_what_is_new_while_what_is_taken_is_held() {
        let update = Intent::Update { changes: Vec::new() };
        let split = split(item(Link::Adopt, vec![update, revoke(), Intent::Enable]));
        let (taking, _, takes) = split.takes.unwrap();
        assert_eq!((taking, names(&takes), takes.link), (Taking::Entitlement, vec!["revoke"], Link::Keep));
        assert_eq!(names(&split.gives.unwrap()), ["update", "enable"]);
    }

    #[test]
    fn a_leaver_is_held_whole_and_counts_as_an_account() {
        let split = split(item(Link::Keep, vec![revoke(), Intent::Disable]));
        assert_eq!(split.gives, None);
        assert_eq!(split.takes.map(|(taking, _, item)| (taking, item.operations.len())), Some((Taking::Account, 2)));
    }

    #[test]
    fn what_only_gives_is_left_whole_and_an_adoption_goes_on() {
        let gives = item(Link::Keep, vec![Intent::Enable]);
        assert_eq!(split(gives.clone()), Split { gives: Some(gives), takes: None });
        assert!(split(item(Link::Adopt, vec![Intent::Delete])).gives.is_some());
    }
}
