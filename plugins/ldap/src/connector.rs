//! The connector: the contract's calls, each carried to the module that does it.

use crate::config::Config;
use crate::directory::Directory;
use crate::entry::Class;
use crate::{changes, check, create, edits, listing, manifest, members, password, schema};
use purser_sdk::{
    ChangePage, CheckLevel, Connector, CreateEdit, DeleteEdit, EntitlementEdit, Error, ErrorClass, Finding, Host,
    Manifest, Object, ObjectClass, Outcome, Page, Request, SearchRequest, SetActiveEdit, SetPasswordEdit, UpdateEdit,
};

/// An LDAP directory as target and as source.
pub struct LdapDirectory {
    directory: Directory,
}

impl Connector for LdapDirectory {
    type Config = Config;

    fn manifest() -> Manifest {
        manifest::manifest()
    }

    fn new(config: Config, host: Host) -> Result<Self, Error> {
        config.validate()?;
        Ok(Self { directory: Directory::new(config, host) })
    }

    fn check(&self, level: CheckLevel) -> Vec<Finding> {
        check::check(&self.directory, level)
    }

    fn schema(&self) -> Result<Vec<ObjectClass>, Error> {
        schema::discovered(&self.directory)
    }

    fn search(&self, request: &SearchRequest) -> Result<Page, Error> {
        listing::search(&self.directory, Class::parse(&request.class)?, request)
    }

    fn get(&self, class: &str, id: &str) -> Result<Object, Error> {
        edits::read(&self.directory, Class::parse(class)?, id)
    }

    fn changes(&self, class: &str, cursor: Option<&str>) -> Result<ChangePage, Error> {
        changes::changes(&self.directory, Class::parse(class)?, cursor)
    }

    /// Grants and revokes that stand together are put together by group. Once the directory refuses the account that is
    /// bound, nothing more is tried, so that it is not locked.
    fn apply(&self, requests: Vec<Request>) -> Vec<Result<Outcome, Error>> {
        let mut answers: Vec<Result<Outcome, Error>> = Vec::with_capacity(requests.len());
        let mut rest = requests.as_slice();
        while !rest.is_empty() {
            let refused = answers.iter().filter_map(|answer| answer.as_ref().err());
            let refused = refused.into_iter().find(|error| error.class == ErrorClass::AuthenticationFailed).cloned();
            if let Some(error) = refused {
                answers.extend(rest.iter().map(|_| Err(error.clone())));
                break;
            }
            let run = members::run_length(rest);
            let (now, later) = rest.split_at(run.max(1));
            match run {
                0 => answers.push(self.apply_one(&now[0])),
                _ => answers.extend(members::carry_out(&self.directory, now)),
            }
            rest = later;
        }
        answers
    }

    fn create(&self, request: &Request, edit: &CreateEdit) -> Result<Outcome, Error> {
        create::create(&self.directory, Class::parse(&request.class)?, edit)
    }

    fn update(&self, request: &Request, edit: &UpdateEdit) -> Result<Outcome, Error> {
        edits::update(&self.directory, Class::parse(&request.class)?, edit)
    }

    fn set_active(&self, request: &Request, edit: &SetActiveEdit) -> Result<Outcome, Error> {
        edits::set_active(&self.directory, Class::parse(&request.class)?, edit)
    }

    fn delete(&self, request: &Request, edit: &DeleteEdit) -> Result<Outcome, Error> {
        edits::delete(&self.directory, Class::parse(&request.class)?, edit)
    }

    fn set_password(&self, request: &Request, edit: &SetPasswordEdit) -> Result<Outcome, Error> {
        password::set(&self.directory, Class::parse(&request.class)?, edit)
    }

    fn grant(&self, request: &Request, _edit: &EntitlementEdit) -> Result<Outcome, Error> {
        Err(members::unfit(request))
    }

    fn revoke(&self, request: &Request, _edit: &EntitlementEdit) -> Result<Outcome, Error> {
        Err(members::unfit(request))
    }
}
