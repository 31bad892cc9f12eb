//! The requests that operations stand for: with the ids that the target gave, and with passwords that are made now.

use crate::engine::Engine;
use crate::execute::Bench;
use purser_model::Attributes;
use purser_model::account::{Account, EntitlementKey};
use purser_model::edit::{Edit, EntitlementEdit, Request};
use purser_model::id::TargetName;
use purser_model::operation::{EntitlementReference, Intent};
use purser_model::password::{PasswordPolicy, attach_passwords, awaits_password};
use purser_model::secret::Slots;
use purser_store::{Leased, OperationObject};
use rand::Rng;

/// Why an operation cannot be sent.
pub(crate) enum Unresolved {
    /// Something that it needs is still to come.
    NotYet(String),
    /// It cannot be sent at all.
    Never(String),
}

/// The request that an operation stands for, with the ids that the target gave.
pub(crate) fn resolve(bench: &Bench, one: &Leased) -> Result<Request, Unresolved> {
    let operation = &one.operation;
    let request = |edit| Request { operation_id: operation.id, class: operation.class.clone(), edit };
    let account = match &one.object {
        OperationObject::Account(account) => account.as_ref(),
        OperationObject::Entitlement(_) => {
            let Intent::CreateEntitlement { attributes, .. } = &operation.intent else {
                return Err(Unresolved::Never("an entitlement can only be created".into()));
            };
            return Ok(request(Edit::Create { attributes: attributes.clone(), active: None }));
        }
    };
    let edit = match &operation.intent {
        Intent::Create { attributes, active } => Edit::Create { attributes: attributes.clone(), active: *active },
        Intent::Update { changes } => {
            Edit::Update { id: remote(account)?, version: account.version.clone(), changes: changes.clone() }
        }
        Intent::Enable => Edit::SetActive { id: remote(account)?, version: account.version.clone(), active: true },
        Intent::Disable => Edit::SetActive { id: remote(account)?, version: account.version.clone(), active: false },
        Intent::Delete => Edit::Delete { id: remote(account)?, version: account.version.clone() },
        Intent::Grant { entitlement } => Edit::Grant(entitlement_edit(bench, account, entitlement)?),
        Intent::Revoke { entitlement } => Edit::Revoke(entitlement_edit(bench, account, entitlement)?),
        Intent::CreateEntitlement { .. } => return Err(Unresolved::Never("an account is no entitlement".into())),
    };
    Ok(request(edit))
}

fn remote(account: &Account) -> Result<String, Unresolved> {
    account.remote_id.clone().ok_or_else(|| Unresolved::Never("the account is not in the target".into()))
}

fn entitlement_edit(
    bench: &Bench,
    account: &Account,
    reference: &EntitlementReference,
) -> Result<EntitlementEdit, Unresolved> {
    let key = entitlement_key(bench, reference)?;
    Ok(EntitlementEdit {
        id: remote(account)?,
        entitlement_class: key.class,
        entitlement: key.id,
        parameters: Attributes::new(),
    })
}

pub(crate) fn entitlement_key(bench: &Bench, reference: &EntitlementReference) -> Result<EntitlementKey, Unresolved> {
    match reference {
        EntitlementReference::Remote(key) => Ok(key.clone()),
        EntitlementReference::Declared(name) => bench.entitlements.get(name).cloned().ok_or_else(|| {
            Unresolved::NotYet(format!(
                "the entitlement `{name}` was not found in {}: reconcile the target, or declare it with `create = true`",
                bench.name
            ))
        }),
    }
}

impl Engine {
    /// Sees that a password that the request waits for can be made.
    pub(crate) fn with_policy(&self, target: &TargetName, request: Request) -> Result<Request, Unresolved> {
        match &request.edit {
            Edit::Create { attributes, .. } if awaits_password(attributes) && self.password(target).is_none() => {
                let advice = format!(
                    "it was planned with a password, and target {target} declares no `password` any more: plan it anew"
                );
                Err(Unresolved::Never(advice))
            }
            _ => Ok(request),
        }
    }

    /// What is sent: the requests of a batch, and their secrets beside them.
    pub(crate) fn requests(&self, target: &TargetName, batch: &[(Leased, Request)]) -> (Vec<Request>, Slots) {
        let mut slots = Slots::default();
        let mut requests: Vec<Request> = batch.iter().map(|(_, request)| request.clone()).collect();
        if let Some(policy) = self.password(target) {
            requests.iter_mut().for_each(|request| make_passwords(policy, request, &mut slots));
        }
        (requests, slots)
    }

    fn password(&self, target: &TargetName) -> Option<&PasswordPolicy> {
        self.rules.configuration().targets.get(target)?.password.as_ref()
    }
}

fn make_passwords(policy: &PasswordPolicy, request: &mut Request, slots: &mut Slots) {
    let Edit::Create { attributes, .. } = &mut request.edit else { return };
    if !awaits_password(attributes) {
        return;
    }
    let account = attributes.clone();
    attach_passwords(attributes, slots, &mut || policy.generate(&account, |most| rand::rng().random_range(0..most)));
}
