//! The connector: the contract's calls, each carried to the module that does it.

use crate::api::Api;
use crate::config::Config;
use crate::schema::{ADMIN_ROLE, GROUP, LICENCE, ORG_UNIT, USER};
use crate::user::to_object;
use crate::{check, groups, licences, listing, manifest, org_units, roles, schema, users};
use purser_sdk::{
    CheckLevel, Connector, CreateEdit, DeleteEdit, EntitlementEdit, Error, ErrorClass, Finding, Host, Manifest, Object,
    ObjectClass, Outcome, Page, Request, SearchRequest, SetActiveEdit, SetPasswordEdit, UpdateEdit,
};

/// A customer of Google Workspace as target and as source.
pub struct GoogleWorkspace {
    api: Api,
}

impl Connector for GoogleWorkspace {
    type Config = Config;

    fn manifest() -> Manifest {
        manifest::manifest()
    }

    fn new(config: Config, host: Host) -> Result<Self, Error> {
        config.validate()?;
        Ok(Self { api: Api::new(config, host) })
    }

    fn check(&self, level: CheckLevel) -> Vec<Finding> {
        check::check(&self.api, level)
    }

    fn schema(&self) -> Result<Vec<ObjectClass>, Error> {
        schema::classes(&self.api)
    }

    fn search(&self, request: &SearchRequest) -> Result<Page, Error> {
        listing::search(&self.api, request)
    }

    fn get(&self, class: &str, id: &str) -> Result<Object, Error> {
        match class {
            USER => users::read(&self.api, id).and_then(|shown| to_object(&shown, false)),
            GROUP => groups::get(&self.api, id),
            LICENCE => licences::get(&self.api, id),
            ADMIN_ROLE => roles::get(&self.api, id),
            ORG_UNIT => org_units::get(&self.api, id),
            other => Err(listing::unknown_class(other)),
        }
    }

    /// When the vendor asks for patience or refuses the credential, the rest of the batch is not sent and gets the same answer.
    fn apply(&self, requests: Vec<Request>) -> Vec<Result<Outcome, Error>> {
        let mut answers: Vec<Result<Outcome, Error>> = Vec::with_capacity(requests.len());
        for request in &requests {
            let stop = match answers.last() {
                Some(Err(error)) if ends_the_batch(error) => Some(error.clone()),
                _ => None,
            };
            answers.push(stop.map_or_else(|| self.apply_one(request), Err));
        }
        answers
    }

    fn create(&self, request: &Request, edit: &CreateEdit) -> Result<Outcome, Error> {
        match request.class.as_str() {
            USER => users::create(&self.api, edit),
            GROUP => groups::create(&self.api, edit),
            ORG_UNIT => org_units::create(&self.api, edit),
            other => Err(cannot("created", other)),
        }
    }

    fn update(&self, request: &Request, edit: &UpdateEdit) -> Result<Outcome, Error> {
        match request.class.as_str() {
            USER => users::update(&self.api, edit),
            GROUP => groups::update(&self.api, edit),
            other => Err(cannot("changed", other)),
        }
    }

    fn set_active(&self, request: &Request, edit: &SetActiveEdit) -> Result<Outcome, Error> {
        match request.class.as_str() {
            USER => users::set_active(&self.api, edit),
            other => Err(cannot("suspended", other)),
        }
    }

    fn delete(&self, request: &Request, edit: &DeleteEdit) -> Result<Outcome, Error> {
        match request.class.as_str() {
            USER => users::delete(&self.api, edit),
            GROUP => groups::delete(&self.api, edit),
            other => Err(cannot("deleted", other)),
        }
    }

    fn set_password(&self, request: &Request, edit: &SetPasswordEdit) -> Result<Outcome, Error> {
        match request.class.as_str() {
            USER => users::set_password(&self.api, edit),
            other => Err(cannot("given a password", other)),
        }
    }

    fn grant(&self, _request: &Request, edit: &EntitlementEdit) -> Result<Outcome, Error> {
        match edit.entitlement_class.as_str() {
            GROUP => groups::grant(&self.api, edit),
            LICENCE => licences::grant(&self.api, edit),
            ADMIN_ROLE => roles::grant(&self.api, edit),
            other => Err(cannot("granted", other)),
        }
    }

    fn revoke(&self, _request: &Request, edit: &EntitlementEdit) -> Result<Outcome, Error> {
        match edit.entitlement_class.as_str() {
            GROUP => groups::revoke(&self.api, edit),
            LICENCE => licences::revoke(&self.api, edit),
            ADMIN_ROLE => roles::revoke(&self.api, edit),
            other => Err(cannot("revoked", other)),
        }
    }
}

fn cannot(verb: &str, class: &str) -> Error {
    Error::unsupported(format!("a `{class}` cannot be {verb}"))
}

fn ends_the_batch(error: &Error) -> bool {
    matches!(error.class, ErrorClass::RateLimited { .. } | ErrorClass::AuthenticationFailed)
}
