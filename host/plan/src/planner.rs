//! Decides, target by target, what is to be done for one identity.

mod correlate;
mod leave;

use crate::attributes::lookup;
use crate::desired::{self, Desired, Others};
use crate::difference::{self, Known};
use crate::entitlements::{Declared, Wanted};
use crate::expression::is_none;
use crate::memberships::{self, Granted};
use crate::outcome::{Candidate, IdentityPlan, IdentitySnapshot, RuleFault, TakenValues, TargetView};
use crate::password;
use crate::references::Referred;
use crate::rules::{Rules, TargetRules, searchable};
use crate::subject::Subject;
use crate::unique::Holder;
use crate::unmatched;
use jiff::Timestamp;
use purser_model::Attributes;
use purser_model::account::{Account, Situation};
use purser_model::case::DecidedCase;
use purser_model::configuration::Target;
use purser_model::edit::AttributeAction;
use purser_model::id::TargetName;
use purser_model::identity::{Identity, LifecycleState};
use purser_model::manifest::ObjectClass;
use purser_model::operation::Intent;
use purser_model::plan::{Link, Notice, PlanItem, PlannedOperation, Precondition};
use std::collections::{BTreeMap, BTreeSet};

/// See [`Rules::plan_identity`].
pub(crate) fn plan_identity(
    rules: &Rules,
    snapshot: &IdentitySnapshot,
    views: &BTreeMap<TargetName, TargetView>,
    now: Timestamp,
) -> IdentityPlan {
    let subject = Subject::new(&rules.dialect, &snapshot.identity, now);
    let memberships = memberships::memberships(rules, &subject);
    let mut granted = memberships::granted(rules, &memberships);
    let undecided = memberships::undecided(rules, &memberships);
    let with_account = snapshot.accounts.iter().map(|account| &account.target);
    let with_matches = snapshot.candidates.keys().chain(unmatched::acted_on(rules));
    let targets: BTreeSet<&TargetName> =
        granted.keys().copied().chain(undecided.keys().copied()).chain(with_account).chain(with_matches).collect();
    let next_changes = [snapshot.identity.next_change(now), memberships.next_change];
    let mut plan = IdentityPlan { look_again_at: next_changes.into_iter().flatten().min(), ..IdentityPlan::default() };
    // Only these two have memberships; another state changes by its validity.
    if matches!(subject.state, LifecycleState::Active | LifecycleState::Suspended) && rules.memberships_use_today() {
        plan.look_again_at(subject.end_of_today());
    }
    for (loser, winner) in &memberships.excluded {
        let message =
            format!("role {loser} is not given: it and role {winner} exclude each other, and {winner} ranks higher");
        plan.notices.push(Notice {
            identity: snapshot.identity.id,
            label: snapshot.identity.label().to_owned(),
            target: None,
            message,
        });
    }
    for name in targets {
        let scene = Scene { rules, subject: &subject, snapshot, name, plan: &mut plan };
        scene.plan(granted.remove(name), undecided.get(name).map_or(&[], Vec::as_slice), views.get(name));
    }
    plan
}

/// One identity in front of one target, before it is known whether the target can be planned at all.
struct Scene<'a> {
    rules: &'a Rules,
    subject: &'a Subject<'a>,
    snapshot: &'a IdentitySnapshot,
    name: &'a TargetName,
    plan: &'a mut IdentityPlan,
}

impl Scene<'_> {
    fn plan(self, granted: Option<Granted<'_>>, undecided: &[&RuleFault], view: Option<&TargetView>) {
        let linked = sorted(self.snapshot.accounts.iter().filter(|account| account.target == *self.name));
        let declared = (self.rules.configuration().targets.get(self.name), self.rules.targets.get(self.name));
        let (Some(target), Some(rules)) = declared else {
            return self.unsettled("the target is not declared any more; its accounts stay as they are".to_owned());
        };
        for fault in undecided {
            self.plan.notices.push(notice(&self.snapshot.identity, self.name, undecided_message(fault)));
        }
        if !undecided.is_empty() {
            self.plan.unsettled.insert(self.name.clone());
            return;
        }
        let Some(view) = view else {
            if granted.is_none() && linked.is_empty() {
                self.plan.unsettled.insert(self.name.clone());
                return;
            }
            return self.unsettled(
                "the target's classes are not known; check that its connector is there and answers".to_owned(),
            );
        };
        if let Some(account) = linked.iter().find(|account| is_protected(account)) {
            return self.notice(protected_message(account));
        }
        if let Some(account) = linked.iter().find(|account| is_there(account) && account.digest.is_none()) {
            return self.unsettled(format!(
                "account {} was not read since it was changed; nothing is done until it is",
                called(account)
            ));
        }
        let nobody = Referred::new();
        let nothing_taken = TakenValues::default();
        let mut planner = Planner {
            identity: &self.snapshot.identity,
            others: Others {
                referred: self.snapshot.references.get(self.name).unwrap_or(&nobody),
                taken: self.snapshot.taken.get(self.name).unwrap_or(&nothing_taken),
            },
            subject: self.subject,
            name: self.name,
            target,
            rules,
            view,
            declared: Declared::new(target, view),
            plan: self.plan,
        };
        let known = Existing {
            candidates: self.snapshot.candidates.get(self.name).map_or(&[], Vec::as_slice),
            decided: self.snapshot.decisions.get(self.name),
        };
        match granted {
            Some(granted) => {
                let wanted = planner.wanted(&granted);
                planner.provide(&wanted, &linked, &known);
            }
            None => planner.withdraw(&linked, &known),
        }
    }

    /// Nothing can be said about the identity in this target now.
    fn unsettled(self, message: String) {
        self.plan.unsettled.insert(self.name.clone());
        self.notice(message);
    }

    fn notice(self, message: String) {
        self.plan.notices.push(notice(&self.snapshot.identity, self.name, message));
    }
}

/// Accounts that are there and that nobody linked, and what a person decided about them.
struct Existing<'a> {
    candidates: &'a [Candidate],
    decided: Option<&'a DecidedCase>,
}

/// One identity in front of one target that can be planned.
struct Planner<'a> {
    identity: &'a Identity,
    subject: &'a Subject<'a>,
    name: &'a TargetName,
    target: &'a Target,
    rules: &'a TargetRules,
    view: &'a TargetView,
    declared: Declared<'a>,
    /// What is known of the accounts of others here.
    others: Others<'a>,
    plan: &'a mut IdentityPlan,
}

impl<'a> Planner<'a> {
    /// What roles grant, with what that needs, and without what cannot be held beside it.
    fn wanted<'g>(&mut self, granted: &Granted<'g>) -> Wanted<'g>
    where
        'a: 'g,
    {
        let wanted = Wanted::of(granted, self.target, self.view);
        for left_out in &wanted.left_out {
            self.notice(left_out.to_string());
        }
        wanted
    }

    /// The identity should have an account here.
    fn provide(&mut self, granted: &Wanted<'_>, linked: &[&Account], known: &Existing<'_>) {
        if self.rules.uses_today() {
            self.plan.look_again_at(self.subject.end_of_today());
        }
        let there: Vec<&Account> = linked.iter().copied().filter(|account| is_there(account)).collect();
        match there.as_slice() {
            [account] => self.keep_up(granted, account, Link::Keep),
            [] => self.correlate(granted, linked.first().copied(), known),
            several => self.notice(format!(
                "disputed: {} accounts are linked ({}); unlink all but one with `purser account unlink`",
                several.len(),
                called_all(several)
            )),
        }
    }

    /// The identity should have no account here.
    fn withdraw(&mut self, linked: &[&Account], known: &Existing<'_>) {
        linked.iter().filter(|account| is_there(account)).for_each(|account| self.leave(account));
        if !linked.iter().any(|account| is_there(account)) {
            self.note_matches(known);
        }
    }

    /// Creates an account, under the id of one that is gone or was never created where there is one.
    fn create(&mut self, granted: &Wanted<'_>, missing: Option<&Account>) {
        let Some(class) = self.class(&self.target.class) else { return };
        let Some(desired) = self.desired(class, desired::Account::New) else { return };
        if !class.operations.create {
            return self.notice(cannot(class, "create accounts", "none is created"));
        }
        if !class.operations.set_active && !self.active() {
            return self.notice(cannot(class, "disable accounts", "none is created while the identity is suspended"));
        }
        let active = class.operations.set_active.then_some(self.active());
        let reason = match missing.and_then(|account| account.gone_since) {
            Some(_) => "the account is gone from the target".to_owned(),
            None => granting_roles(granted),
        };
        let mut attributes = desired.for_create();
        if let Err(without) = password::ask_for(self.target.password.as_ref(), class, &mut attributes) {
            return self.notice(format!("{without}; no account is created"));
        }
        let mut operations = vec![operation(Intent::Create { attributes, active }, reason)];
        let grants = self.declared.grants(granted, &BTreeSet::new());
        operations.extend(self.allowed(class.operations.grant, class, "grant entitlements", grants));
        self.item(missing, &class.name, Link::Keep, operations, desired.pushed());
    }

    /// Brings an account to the desired state.
    fn keep_up(&mut self, granted: &Wanted<'_>, account: &Account, link: Link) {
        let Some(class) = self.class(&account.class) else { return };
        let Some(actual) = self.attributes(account) else { return };
        let holder = Holder { actual: &actual, secondary_ids: &account.secondary_ids, pushed: &account.pushed };
        let Some(desired) = self.desired(class, desired::Account::There(holder)) else { return };
        let update = difference::update(&desired, &Known { actual: &actual, pushed: &account.pushed });
        let can_update = class.operations.update;
        let pushed = if can_update { desired.pushed() } else { account.pushed.clone() };
        let mut operations = self.allowed(can_update, class, "update accounts", update.into_iter().collect());
        let (enable, disable) = self.activation(account);
        operations.extend(self.allowed(class.operations.set_active, class, "enable accounts", enable));
        let grants = self.declared.grants(granted, &account.held);
        let revocations = self.declared.revocations(Some(granted), &account.held, "no role grants it");
        // What can be held only once makes room first.
        let (making_room, revocations): (Vec<_>, Vec<_>) =
            revocations.into_iter().partition(|revocation| self.declared.makes_room(revocation, &grants));
        operations.extend(self.allowed(class.operations.revoke, class, "revoke entitlements", making_room));
        operations.extend(self.allowed(class.operations.grant, class, "grant entitlements", grants));
        operations.extend(self.allowed(class.operations.revoke, class, "revoke entitlements", revocations));
        operations.extend(self.allowed(class.operations.set_active, class, "disable accounts", disable));
        if link == Link::Adopt || !operations.is_empty() {
            self.item(Some(account), &class.name, link, operations, pushed);
        }
    }

    fn activation(&self, account: &Account) -> (Vec<PlannedOperation>, Vec<PlannedOperation>) {
        let reason = || format!("the identity is {}", self.subject.state);
        match (account.active, self.active()) {
            (Some(false), true) => (vec![operation(Intent::Enable, reason())], Vec::new()),
            (Some(true), false) => (Vec::new(), vec![operation(Intent::Disable, reason())]),
            _ => (Vec::new(), Vec::new()),
        }
    }

    /// The desired attributes, or none with notices where a mapping fails: then nothing is done for this target.
    fn desired(&mut self, class: &ObjectClass, account: desired::Account<'_>) -> Option<Desired<'a>> {
        match Desired::derive(self.subject, self.rules, class, account, &self.others) {
            Ok(desired) => {
                for late in &desired.late {
                    let (attribute, identities) = (late.attribute, late.identities.join(", "));
                    let name = self.name;
                    self.notice(format!("mapping `{attribute}` waits until {identities} has an account in {name}"));
                }
                for left_out in &desired.left_out {
                    self.notice(left_out.to_string());
                }
                Some(desired)
            }
            Err(faults) => {
                for fault in faults {
                    self.notice(format!("{fault}; nothing is done in this target"));
                }
                None
            }
        }
    }

    fn class(&mut self, name: &str) -> Option<&'a ObjectClass> {
        let class = self.view.class(name);
        if class.is_none() {
            let known: Vec<&str> = self.view.classes.iter().map(|class| class.name.as_str()).collect();
            self.notice(format!("the target has no class `{name}`, only {}; nothing is done", known.join(", ")));
        }
        class
    }

    fn attributes(&mut self, account: &Account) -> Option<Attributes> {
        match serde_json::from_str(&account.attributes) {
            Ok(attributes) => Some(attributes),
            Err(error) => {
                self.notice(format!(
                    "the attributes of account {} are no JSON object: {error}; reconcile the target",
                    called(account)
                ));
                None
            }
        }
    }

    /// The operations where the class can do them, else none and a notice.
    fn allowed(
        &mut self,
        can: bool,
        class: &ObjectClass,
        what: &str,
        operations: Vec<PlannedOperation>,
    ) -> Vec<PlannedOperation> {
        if can || operations.is_empty() {
            return operations;
        }
        let skipped: Vec<String> = operations.iter().map(described).collect();
        self.notice(cannot(class, what, &format!("left out: {}", skipped.join(", "))));
        Vec::new()
    }

    /// The values of unique mappings that these operations write.
    fn claims(&self, operations: &[PlannedOperation]) -> BTreeMap<String, String> {
        let unique = self.rules.mappings.iter().map(|rule| &rule.declared).filter(|mapping| mapping.unique);
        let written = |name: &str| operations.iter().find_map(|operation| written(operation, name));
        unique.filter_map(|mapping| Some((mapping.attribute.clone(), written(&mapping.attribute)?))).collect()
    }

    fn active(&self) -> bool {
        self.subject.state == LifecycleState::Active
    }

    fn item(
        &mut self,
        account: Option<&Account>,
        class: &str,
        link: Link,
        operations: Vec<PlannedOperation>,
        pushed: Attributes,
    ) {
        self.plan.items.push(PlanItem {
            identity: self.identity.id,
            label: self.identity.label().to_owned(),
            target: self.name.clone(),
            class: class.to_owned(),
            account: account.map(|account| account.id),
            link,
            precondition: Precondition {
                identity_version: self.identity.version,
                account_digest: account.and_then(|account| account.digest),
            },
            claims: self.claims(&operations),
            operations,
            pushed,
        });
    }

    fn notice(&mut self, message: String) {
        self.plan.notices.push(notice(self.identity, self.name, message));
    }
}

/// The text that an operation writes to an attribute.
fn written(operation: &PlannedOperation, name: &str) -> Option<String> {
    match &operation.intent {
        Intent::Create { attributes, .. } => lookup(attributes, name).and_then(searchable),
        Intent::Update { changes } => changes.iter().find_map(|change| match &change.action {
            AttributeAction::Replace(value) if change.attribute == name => searchable(value),
            _ => None,
        }),
        _ => None,
    }
}

/// Whether no operation may touch it.
fn is_protected(account: &Account) -> bool {
    account.situation == Situation::Protected || account.protected_because.is_some()
}

fn protected_message(account: &Account) -> String {
    let because = account.protected_because.as_ref().map(|because| format!(": {because}")).unwrap_or_default();
    format!("account {} is protected{because}; nothing is done", called(account))
}

/// Whether the account is in the target: one without an id there is still to be created.
fn is_there(account: &Account) -> bool {
    account.situation != Situation::Missing && account.remote_id.is_some()
}

fn sorted<'a>(accounts: impl Iterator<Item = &'a Account>) -> Vec<&'a Account> {
    let mut accounts: Vec<&Account> = accounts.collect();
    accounts.sort_by_key(|account| account.id);
    accounts
}

/// How people recognise an account: an id that they know, else its id in the target.
pub(crate) fn called(account: &Account) -> String {
    let id = account.remote_id.as_deref().unwrap_or("without an id");
    let attributes: Option<Attributes> = serde_json::from_str(&account.attributes).ok();
    let user_name =
        attributes.as_ref().and_then(|attributes| lookup(attributes, "userName")).filter(|name| !is_none(name));
    match (user_name.and_then(|name| name.as_str()), account.secondary_ids.first()) {
        (Some(name), _) => format!("`{name}` ({id})"),
        (None, Some(known)) => format!("`{}` ({id})", known.value),
        (None, None) => format!("`{id}`"),
    }
}

fn called_all(accounts: &[&Account]) -> String {
    accounts.iter().map(|account| called(account)).collect::<Vec<_>>().join(", ")
}

fn granting_roles(granted: &Wanted<'_>) -> String {
    let names: Vec<&str> = granted.roles.iter().map(|role| role.as_str()).collect();
    match names.as_slice() {
        [one] => format!("role {one} grants it"),
        several => format!("roles {} grant it", several.join(", ")),
    }
}

fn undecided_message(fault: &RuleFault) -> String {
    let RuleFault { place, expression, cause, .. } = fault;
    format!("{place} = \"{expression}\" cannot be decided: {cause}; nothing is done in this target")
}

fn cannot(class: &ObjectClass, what: &str, consequence: &str) -> String {
    format!("class `{}` cannot {what}; {consequence}", class.name)
}

fn described(operation: &PlannedOperation) -> String {
    match &operation.intent {
        Intent::Grant { entitlement } => format!("grant {entitlement}"),
        Intent::Revoke { entitlement } => format!("revoke {entitlement}"),
        Intent::Update { changes } => {
            let names: Vec<&str> = changes.iter().map(|change| change.attribute.as_str()).collect();
            format!("update {}", names.join(", "))
        }
        other => other.name().to_owned(),
    }
}

fn operation(intent: Intent, reason: String) -> PlannedOperation {
    PlannedOperation { intent, reason, before: Attributes::new() }
}

fn notice(identity: &Identity, target: &TargetName, message: String) -> Notice {
    Notice { identity: identity.id, label: identity.label().to_owned(), target: Some(target.clone()), message }
}
