//! The connector: the contract's calls, each carried to the module that does it.

use crate::class::{Class, classes};
use crate::config::Config;
use crate::graph::Graph;
use crate::{changes, check, edits, listing, manifest};
use purser_sdk::{
    ChangePage, CheckLevel, Connector, Error, Finding, Host, Manifest, Object, ObjectClass, Outcome, Page, Request,
    SearchRequest,
};

/// A tenant of Entra ID as target and as source.
pub struct Entra {
    graph: Graph,
}

impl Connector for Entra {
    type Config = Config;

    fn manifest() -> Manifest {
        manifest::manifest()
    }

    fn new(config: Config, host: Host) -> Result<Self, Error> {
        Ok(Self { graph: Graph::new(config, host) })
    }

    fn check(&self, level: CheckLevel) -> Vec<Finding> {
        check::check(&self.graph, level)
    }

    fn schema(&self) -> Result<Vec<ObjectClass>, Error> {
        Ok(classes(&self.graph.config))
    }

    fn search(&self, request: &SearchRequest) -> Result<Page, Error> {
        listing::search(&self.graph, Class::parse(&request.class)?, request)
    }

    fn get(&self, class: &str, id: &str) -> Result<Object, Error> {
        listing::get(&self.graph, Class::parse(class)?, id)
    }

    fn changes(&self, class: &str, cursor: Option<&str>) -> Result<ChangePage, Error> {
        changes::changes(&self.graph, Class::parse(class)?, cursor)
    }

    fn apply(&self, requests: Vec<Request>) -> Vec<Result<Outcome, Error>> {
        edits::apply(&self.graph, &requests)
    }
}
