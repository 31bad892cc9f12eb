//! The connector: the contract's calls, each carried to the module that does it.

use crate::batches;
use crate::changes;
use crate::check;
use crate::class::Class;
use crate::config::Config;
use crate::listing;
use crate::manifest;
use crate::org::Org;
use purser_sdk::{
    ChangePage, CheckLevel, Connector, Error, Finding, Host, Manifest, Object, ObjectClass, Outcome, Page, Request,
    SearchRequest,
};

/// An organisation of Salesforce as target and as source.
pub struct Salesforce {
    org: Org,
}

impl Connector for Salesforce {
    type Config = Config;

    fn manifest() -> Manifest {
        manifest::manifest()
    }

    fn new(config: Config, host: Host) -> Result<Self, Error> {
        config.validate()?;
        Ok(Self { org: Org::new(config, host) })
    }

    fn check(&self, level: CheckLevel) -> Vec<Finding> {
        check::check(&self.org, level)
    }

    fn schema(&self) -> Result<Vec<ObjectClass>, Error> {
        Ok(Class::ALL.into_iter().map(|class| class.declared(&self.org.config)).collect())
    }

    fn search(&self, request: &SearchRequest) -> Result<Page, Error> {
        listing::search(&self.org, Class::parse(&request.class)?, request)
    }

    fn get(&self, class: &str, id: &str) -> Result<Object, Error> {
        listing::get(&self.org, Class::parse(class)?, id)
    }

    fn changes(&self, class: &str, cursor: Option<&str>) -> Result<ChangePage, Error> {
        changes::changes(&self.org, Class::parse(class)?, cursor)
    }

    /// Edits of different objects are put together by what they do. When the platform asks for patience or refuses the
    /// credential, the rest is not sent and gets the same answer.
    fn apply(&self, requests: Vec<Request>) -> Vec<Result<Outcome, Error>> {
        batches::apply(&self.org, &requests)
    }
}
