//! The trait that a connector implements.

use crate::class::ObjectClass;
use crate::edit::{
    CreateEdit, DeleteEdit, Edit, EntitlementEdit, Outcome, Request, SetActiveEdit, SetPasswordEdit, UpdateEdit,
};
use crate::error::Error;
use crate::host::Host;
use crate::manifest::{CheckLevel, Finding, Manifest};
use crate::object::{ChangePage, Object, Page, SearchRequest};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A connector. One value serves one call: nothing that a later call needs for correctness may live in it.
///
/// The edit methods answer `unsupported` until they are written; the manifest's [`crate::Operation`]s must list exactly
/// those that work.
pub trait Connector: Sized {
    /// The configuration, without its secrets; an empty struct where there is none, since it is always a JSON object.
    /// What does not fit ends as `invalid-config` naming the JSON path.
    type Config: DeserializeOwned;

    /// What the connector is. No capability may be used; the answer is always the same.
    fn manifest() -> Manifest;

    /// Makes the connector for one call. `host` is all it can reach.
    ///
    /// # Errors
    /// `invalid-config` for a configuration that fits its type and still cannot work.
    fn new(config: Self::Config, host: Host) -> Result<Self, Error>;

    /// Looks for what would keep this configuration from working. A configuration that does not fit or that
    /// [`Connector::new`] refuses is reported without this call.
    fn check(&self, _level: CheckLevel) -> Vec<Finding> {
        Vec::new()
    }

    /// The classes as the target itself describes them; the manifest's classes where it does not.
    ///
    /// # Errors
    /// Whatever reaching the target gives.
    fn schema(&self) -> Result<Vec<ObjectClass>, Error> {
        Ok(Self::manifest().classes)
    }

    /// One page of objects, at most `request.page_size` of them.
    ///
    /// # Errors
    /// `cursor-expired` when the listing cannot go on at the cursor.
    fn search(&self, request: &SearchRequest) -> Result<Page, Error>;

    /// One object by its primary id.
    ///
    /// # Errors
    /// `not-found` only where it is certain that the object is gone.
    fn get(&self, class: &str, id: &str) -> Result<Object, Error>;

    /// What changed since the cursor; none asks for a cursor that stands for now.
    ///
    /// # Errors
    /// `cursor-expired` when the feed no longer goes back that far.
    fn changes(&self, class: &str, _cursor: Option<&str>) -> Result<ChangePage, Error> {
        Err(Error::unsupported(format!("`{class}` has no change feed: reconcile it in full")))
    }

    /// Carries out requests in order and answers each: exactly one result per request, in the same order. Override it
    /// where the target takes several edits at once.
    fn apply(&self, requests: Vec<Request>) -> Vec<Result<Outcome, Error>> {
        requests.iter().map(|request| self.apply_one(request)).collect()
    }

    /// Carries out one request by calling the method of its edit.
    ///
    /// # Errors
    /// As the edit's method.
    fn apply_one(&self, request: &Request) -> Result<Outcome, Error> {
        match &request.edit {
            Edit::Create(edit) => self.create(request, edit),
            Edit::Update(edit) => self.update(request, edit),
            Edit::SetActive(edit) => self.set_active(request, edit),
            Edit::Delete(edit) => self.delete(request, edit),
            Edit::SetPassword(edit) => self.set_password(request, edit),
            Edit::Grant(edit) => self.grant(request, edit),
            Edit::Revoke(edit) => self.revoke(request, edit),
        }
    }

    /// Creates an object. The request gives its class and the operation id.
    ///
    /// # Errors
    /// `already-exists` with the id, where a unique value is taken.
    fn create(&self, request: &Request, _edit: &CreateEdit) -> Result<Outcome, Error> {
        unsupported(request)
    }

    /// Changes attributes of an object.
    ///
    /// # Errors
    /// `not-found`, `version-conflict`, `invalid-value` naming the attribute.
    fn update(&self, request: &Request, _edit: &UpdateEdit) -> Result<Outcome, Error> {
        unsupported(request)
    }

    /// Enables or disables an account.
    ///
    /// # Errors
    /// `not-found`, `version-conflict`.
    fn set_active(&self, request: &Request, _edit: &SetActiveEdit) -> Result<Outcome, Error> {
        unsupported(request)
    }

    /// Deletes an object; one that is already gone is [`Outcome::Unchanged`].
    ///
    /// # Errors
    /// `version-conflict`, `permission-denied`.
    fn delete(&self, request: &Request, _edit: &DeleteEdit) -> Result<Outcome, Error> {
        unsupported(request)
    }

    /// Sets a password from a secret slot.
    ///
    /// # Errors
    /// `not-found`, `invalid-value` where the target's password rules refuse it.
    fn set_password(&self, request: &Request, _edit: &SetPasswordEdit) -> Result<Outcome, Error> {
        unsupported(request)
    }

    /// Grants an entitlement; one already held is [`Outcome::Unchanged`].
    ///
    /// # Errors
    /// `not-found`, `quota-or-licence-exhausted`.
    fn grant(&self, request: &Request, _edit: &EntitlementEdit) -> Result<Outcome, Error> {
        unsupported(request)
    }

    /// Revokes an entitlement; one not held is [`Outcome::Unchanged`].
    ///
    /// # Errors
    /// `not-found`.
    fn revoke(&self, request: &Request, _edit: &EntitlementEdit) -> Result<Outcome, Error> {
        unsupported(request)
    }

    /// Carries a configuration written for an older version of this connector forward.
    ///
    /// # Errors
    /// `invalid-config` where it cannot be carried forward.
    fn upgrade_config(_from_version: &str, config: Value) -> Result<Value, Error> {
        Ok(config)
    }
}

fn unsupported(request: &Request) -> Result<Outcome, Error> {
    Err(Error::unsupported(format!("`{}` is not possible for `{}`", request.edit.name(), request.class)))
}
