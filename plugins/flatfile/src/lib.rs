//! The connector `flatfile`.
//!
#![doc = include_str!("../README.md")]

mod cell;
mod classes;
mod config;
mod config_schema;
mod csv;
mod csv_format;
mod edits;
mod jsonl_format;
mod listing;
mod problem;
mod record;
mod rewrite;
mod row;
mod table;

use config::Config;
use purser_sdk::host::Directory;
use purser_sdk::{
    CheckLevel, Connector, Error, Finding, Host, Manifest, Object, ObjectClass, Outcome, Page, Request, SearchRequest,
    Severity,
};

/// The directory name in the grant.
const DIRECTORY: &str = "data";

/// The connector.
pub struct Flatfile {
    config: Config,
    directory: Directory,
}

impl Connector for Flatfile {
    type Config = Config;

    fn manifest() -> Manifest {
        Manifest::new("flatfile", env!("CARGO_PKG_VERSION"))
            .vendor("Purser")
            .description("CSV and JSON Lines files as source and as target")
            .config_schema(config_schema::config_schema())
            .limits(1000, 1000)
            .directory(DIRECTORY, "the directory with the files; writing is needed for a target only", true)
    }

    fn new(config: Config, host: Host) -> Result<Self, Error> {
        config.validate()?;
        Ok(Self { config, directory: host.directory(DIRECTORY) })
    }

    fn check(&self, level: CheckLevel) -> Vec<Finding> {
        let mut findings = Vec::new();
        if !classes::has_accounts(&self.config) {
            let finding = Finding::new(Severity::Info, "no-accounts", "no class is of the kind `account`");
            findings.push(finding.with_remedy("set `kind` to `account` for the class that holds people"));
        }
        if level == CheckLevel::Offline {
            return findings;
        }
        for class in self.config.classes.keys() {
            let first_page = listing::search(&self.config, &self.directory, &SearchRequest::all(class, 1));
            findings.extend(first_page.err().as_ref().map(Finding::from));
        }
        findings
    }

    fn schema(&self) -> Result<Vec<ObjectClass>, Error> {
        classes::discover(&self.config, &self.directory)
    }

    fn search(&self, request: &SearchRequest) -> Result<Page, Error> {
        listing::search(&self.config, &self.directory, request)
    }

    fn get(&self, class: &str, id: &str) -> Result<Object, Error> {
        listing::get(&self.config, &self.directory, class, id)
    }

    fn apply(&self, requests: Vec<Request>) -> Vec<Result<Outcome, Error>> {
        rewrite::apply(&self.config, &self.directory, &requests)
    }
}

purser_sdk::export!(Flatfile);
