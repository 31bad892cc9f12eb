//! The connector: the contract's calls, each carried to the module that does it.

use crate::batch;
use crate::changes;
use crate::check;
use crate::class::Class;
use crate::edits;
use crate::further;
use crate::held;
use crate::listing;
use crate::manifest;
use crate::members;
use crate::profile::Settings;
use crate::schema;
use crate::server::Server;
use purser_sdk::{
    ChangePage, CheckLevel, Connector, CreateEdit, DeleteEdit, EntitlementEdit, Error, Finding, Host, Manifest, Object,
    ObjectClass, Outcome, Page, Request, SearchRequest, SetActiveEdit, SetPasswordEdit, UpdateEdit,
};

/// A SCIM 2.0 server as target and as source.
pub struct Scim {
    server: Server,
}

impl Connector for Scim {
    type Config = Settings;

    fn manifest() -> Manifest {
        manifest::manifest()
    }

    fn new(Settings(config): Settings, host: Host) -> Result<Self, Error> {
        config.validate()?;
        Ok(Self { server: Server::new(config, host) })
    }

    fn check(&self, level: CheckLevel) -> Vec<Finding> {
        check::check(&self.server, level)
    }

    fn schema(&self) -> Result<Vec<ObjectClass>, Error> {
        schema::classes(&self.server)
    }

    fn search(&self, request: &SearchRequest) -> Result<Page, Error> {
        match self.server.class(&request.class)? {
            class @ (Class::Role | Class::Entitlement) => held::search(&self.server, class, request),
            class => listing::search(&self.server, class, request),
        }
    }

    fn get(&self, class: &str, id: &str) -> Result<Object, Error> {
        match self.server.class(class)? {
            class @ (Class::Role | Class::Entitlement) => held::get(&self.server, class, id),
            class => self.server.read_object(class, id),
        }
    }

    fn changes(&self, class: &str, cursor: Option<&str>) -> Result<ChangePage, Error> {
        changes::changes(&self.server, self.server.class(class)?.written()?, cursor)
    }

    /// Grants and revokes that stand together are put together by group, and independent edits of one kind by bulk where the
    /// server takes it. When the server asks for patience or refuses the
    /// credential, the rest of the batch is not sent and gets the same answer.
    fn apply(&self, requests: Vec<Request>) -> Vec<Result<Outcome, Error>> {
        let mut answers = Vec::with_capacity(requests.len());
        let mut rest = requests.as_slice();
        while !rest.is_empty() {
            if let Some(error) = members::reason_to_stop(&answers) {
                answers.extend(rest.iter().map(|_| Err(error.clone())));
                break;
            }
            let memberships = members::run_length(rest);
            let together = if memberships == 0 { batch::run_length(&self.server, rest) } else { 0 };
            let (now, later) = rest.split_at(memberships.max(together).max(1));
            match (memberships, together) {
                (0, 0..=1) => answers.push(self.apply_one(&now[0])),
                (0, _) => answers.extend(batch::carry_out(&self.server, now, |request| self.apply_one(request))),
                _ => answers.extend(members::carry_out(&self.server, now)),
            }
            rest = later;
        }
        answers
    }

    fn create(&self, request: &Request, edit: &CreateEdit) -> Result<Outcome, Error> {
        edits::create(&self.server, self.server.class(&request.class)?.written()?, edit)
    }

    fn update(&self, request: &Request, edit: &UpdateEdit) -> Result<Outcome, Error> {
        edits::update(&self.server, self.server.class(&request.class)?.written()?, edit)
    }

    fn set_active(&self, request: &Request, edit: &SetActiveEdit) -> Result<Outcome, Error> {
        edits::set_active(&self.server, self.server.class(&request.class)?.written()?, edit)
    }

    fn delete(&self, request: &Request, edit: &DeleteEdit) -> Result<Outcome, Error> {
        edits::delete(&self.server, self.server.class(&request.class)?.written()?, edit)
    }

    fn set_password(&self, request: &Request, edit: &SetPasswordEdit) -> Result<Outcome, Error> {
        edits::set_password(&self.server, self.server.class(&request.class)?.written()?, edit)
    }

    fn grant(&self, request: &Request, edit: &EntitlementEdit) -> Result<Outcome, Error> {
        match self.server.class(&edit.entitlement_class)? {
            class @ (Class::Role | Class::Entitlement) => held::grant(&self.server, class, edit),
            Class::Further(further) => further::grant(&self.server, further, edit),
            _ => self.change_membership(request),
        }
    }

    fn revoke(&self, request: &Request, edit: &EntitlementEdit) -> Result<Outcome, Error> {
        match self.server.class(&edit.entitlement_class)? {
            class @ (Class::Role | Class::Entitlement) => held::revoke(&self.server, class, edit),
            Class::Further(further) => further::revoke(&self.server, further, edit),
            _ => self.change_membership(request),
        }
    }
}

impl Scim {
    fn change_membership(&self, request: &Request) -> Result<Outcome, Error> {
        let mut answers = members::carry_out(&self.server, std::slice::from_ref(request));
        answers.pop().unwrap_or_else(|| Err(members::unfit(request)))
    }
}
