//! What the guest programs in `examples/` share: the guest's side of the contract, and a well-behaved answer to every call.
//!
//! A guest program overrides the calls in which it misbehaves and ends with [`program!`]. `tests/hostile` builds each to a
//! component, runs it and says what must come of it; a program without such a test fails there.

#[expect(missing_docs, reason = "generated from the contract, which has the documentation")]
#[allow(unsafe_code, clippy::all, unused_qualifications, reason = "generated")]
pub mod contract {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "connector",
        generate_all,
        pub_export_macro: true,
        default_bindings_module: "purser_guests::contract",
    });
}

pub mod attack;
pub mod keeper;
#[cfg(not(target_arch = "wasm32"))]
pub mod memory;

use contract::exports::purser::connector::provisioning::Guest;
use contract::purser::connector::types::{
    ChangePage, ChangeTail, CheckLevel, ClassKind, DeleteSemantics, DirectoryNeed, EgressNeed, Error, Finding, Limits,
    Manifest, Object, ObjectClass, Operations, Outcome, Page, Request, SearchRequest, SecondaryId, Tail,
};
use std::marker::PhantomData;

/// A guest program. Each call answers well unless it is overridden.
pub trait Program {
    /// Two accounts, no needs.
    fn describe() -> Manifest {
        manifest(Vec::new(), Vec::new())
    }

    /// A complete page of the accounts `1` and `2`.
    fn search(_request: SearchRequest) -> Result<Page, Error> {
        Ok(page(vec![object("1"), object("2")]))
    }

    /// The object asked for.
    fn get(_class: String, id: String) -> Result<Object, Error> {
        Ok(object(&id))
    }

    /// Everything is done.
    fn apply(requests: Vec<Request>) -> Vec<Result<Outcome, Error>> {
        requests.iter().map(|_| Ok(Outcome::Done(None))).collect()
    }

    /// The configuration as it is.
    fn upgrade_config(config: String) -> Result<String, Error> {
        Ok(config)
    }

    /// As `upgrade_config`, whatever the former version was.
    fn upgrade_config_from(_from: String, config: String) -> Result<String, Error> {
        Self::upgrade_config(config)
    }
}

/// A manifest with these needs.
pub fn manifest(egress: Vec<EgressNeed>, directories: Vec<DirectoryNeed>) -> Manifest {
    Manifest {
        name: "guest".to_owned(),
        version: "1.0.0".to_owned(),
        vendor: "tests".to_owned(),
        description: "A guest program of the tests.".to_owned(),
        config_schema: r#"{"type":"object"}"#.to_owned(),
        classes: vec![account_class()],
        limits: Limits { page_size: 100, batch_size: 100 },
        egress,
        directories,
        permissions: Vec::new(),
    }
}

/// The endpoint `api` and the directory `data`.
pub fn needs() -> (Vec<EgressNeed>, Vec<DirectoryNeed>) {
    let endpoint = EgressNeed {
        endpoint: "api".to_owned(),
        description: "a server of the tests".to_owned(),
        example: "http://127.0.0.1/base".to_owned(),
        reading_posts: Vec::new(),
    };
    let directory =
        DirectoryNeed { directory: "data".to_owned(), description: "a folder of the tests".to_owned(), writes: true };
    (vec![endpoint], vec![directory])
}

fn account_class() -> ObjectClass {
    ObjectClass {
        name: "account".to_owned(),
        title: "Account".to_owned(),
        kind: ClassKind::Account,
        attributes: Vec::new(),
        open: true,
        operations: Operations::all(),
        delete_semantics: DeleteSemantics::Hard,
        holding: None,
        consistency_lag_ms: 0,
    }
}

/// An object without attributes.
pub fn object(id: &str) -> Object {
    Object {
        id: id.to_owned(),
        secondary_ids: Vec::new(),
        version: None,
        active: Some(true),
        attributes: "{}".to_owned(),
    }
}

/// A complete page.
pub fn page(objects: Vec<Object>) -> Page {
    Page { objects, tail: Tail::Complete }
}

/// An object whose secondary ids say what a program tried and what the host answered.
pub fn observations(observed: Vec<(&str, String)>) -> Object {
    let secondary_ids =
        observed.into_iter().map(|(name, value)| SecondaryId { name: name.to_owned(), value }).collect();
    Object { secondary_ids, ..object("observations") }
}

/// Exports a program; named by [`program!`] only.
#[doc(hidden)]
pub struct Exported<P>(PhantomData<P>);

impl<P: Program> Guest for Exported<P> {
    fn describe() -> Manifest {
        P::describe()
    }

    fn check(_level: CheckLevel) -> Vec<Finding> {
        Vec::new()
    }

    fn schema() -> Result<Vec<ObjectClass>, Error> {
        Ok(vec![account_class()])
    }

    fn search(request: SearchRequest) -> Result<Page, Error> {
        P::search(request)
    }

    fn get(class: String, id: String) -> Result<Object, Error> {
        P::get(class, id)
    }

    fn changes(_class: String, _cursor: Option<String>) -> Result<ChangePage, Error> {
        Ok(ChangePage { changes: Vec::new(), tail: ChangeTail::Current("now".to_owned()) })
    }

    fn apply(requests: Vec<Request>) -> Vec<Result<Outcome, Error>> {
        P::apply(requests)
    }

    fn upgrade_config(from_version: String, config: String) -> Result<String, Error> {
        P::upgrade_config_from(from_version, config)
    }
}

/// Makes a [`Program`] the component's export.
#[macro_export]
macro_rules! program {
    ($program:ident) => {
        type Exported = $crate::Exported<$program>;
        $crate::contract::export!(Exported with_types_in $crate::contract);
    };
}
