//! A connector without an application: its accounts are made on the fly, so that only the crossing is measured.
#![cfg(target_arch = "wasm32")]

use purser_sdk::{Connector, Error, Host, Manifest, Object, ObjectClass, Operation, Page, SearchRequest, Tail, cursor};

struct Catalogue {
    accounts: u64,
}

#[derive(serde::Deserialize)]
struct Config {
    accounts: u64,
}

fn object(place: u64) -> Object {
    Object::new(purser_bench::id(place), purser_bench::account(place))
}

impl Connector for Catalogue {
    type Config = Config;

    fn manifest() -> Manifest {
        Manifest::new("catalogue", "0.1.0")
            .vendor("Purser")
            .description("Accounts made on the fly")
            .limits(1_000, 100)
            .class(ObjectClass::account("account").operations(&[Operation::Search, Operation::Get]))
    }

    fn new(config: Config, _host: Host) -> Result<Self, Error> {
        Ok(Self { accounts: config.accounts })
    }

    fn search(&self, request: &SearchRequest) -> Result<Page, Error> {
        let start: u64 = request.cursor.as_deref().map_or(Ok(0), cursor::decode)?;
        let end = self.accounts.min(start + u64::from(request.page_size));
        let tail = if end == self.accounts { Tail::Complete } else { Tail::More(cursor::encode(&end)?) };
        Ok(Page { objects: (start..end).map(object).collect(), tail })
    }

    fn get(&self, _class: &str, id: &str) -> Result<Object, Error> {
        let place: u64 = id.parse().map_err(|_| Error::not_found("account", id))?;
        Ok(object(place))
    }
}

purser_sdk::export!(Catalogue);
