//! The exported side: carries each call of the contract to a [`Connector`] made for it.

use crate::bindings::exports::purser::connector::provisioning::{
    ChangePage, CheckLevel, Error as WitError, Finding, Guest, Json, Manifest, Object, ObjectClass, Outcome, Page,
    Request, SearchRequest,
};
use crate::bindings::purser::connector::{config as host_config, log};
use crate::config;
use crate::connector::Connector;
use crate::convert;
use crate::edit;
use crate::error::Error;
use crate::host::Host;
use std::marker::PhantomData;
use std::sync::Once;

/// The component made of a connector; named by [`export!`](crate::export) only.
pub struct Component<C>(PhantomData<C>);

/// Fails to compile for a type that is no connector.
#[doc(hidden)]
pub fn assert_connector<C: Connector>() {}

impl<C: Connector> Guest for Component<C> {
    fn describe() -> Manifest {
        report_panics();
        convert::manifest(C::manifest())
    }

    fn check(level: CheckLevel) -> Vec<Finding> {
        let findings = match connect::<C>() {
            Ok(connector) => connector.check(convert::check_level(level)),
            Err(error) => vec![(&error).into()],
        };
        findings.into_iter().map(convert::finding).collect()
    }

    fn schema() -> Result<Vec<ObjectClass>, WitError> {
        let classes = connect::<C>().and_then(|connector| connector.schema()).map_err(convert::error)?;
        Ok(classes.into_iter().map(convert::object_class).collect())
    }

    fn search(request: SearchRequest) -> Result<Page, WitError> {
        let request = convert::search_request(request).map_err(convert::error)?;
        let page = connect::<C>().and_then(|connector| connector.search(&request));
        page.map(convert::page).map_err(convert::error)
    }

    fn get(class: String, id: String) -> Result<Object, WitError> {
        let object = connect::<C>().and_then(|connector| connector.get(&class, &id));
        object.map(convert::object).map_err(convert::error)
    }

    fn changes(class: String, cursor: Option<String>) -> Result<ChangePage, WitError> {
        let page = connect::<C>().and_then(|connector| connector.changes(&class, cursor.as_deref()));
        page.map(convert::change_page).map_err(convert::error)
    }

    fn apply(requests: Vec<Request>) -> Vec<Result<Outcome, WitError>> {
        let results = match connect::<C>() {
            Ok(connector) => apply(&connector, requests.into_iter().map(convert::request).collect()),
            Err(error) => requests.iter().map(|_| Err(error.clone())).collect(),
        };
        results.into_iter().map(|result| result.map(convert::outcome).map_err(convert::error)).collect()
    }

    fn upgrade_config(from_version: String, config: Json) -> Result<Json, WitError> {
        report_panics();
        let upgraded = config::parse_value(&config).and_then(|config| C::upgrade_config(&from_version, config));
        upgraded.map(|config| config.to_string()).map_err(convert::error)
    }
}

/// The connector of this call.
fn connect<C: Connector>() -> Result<C, Error> {
    report_panics();
    C::new(config::parse(&host_config::get())?, Host::component())
}

/// Applies the requests that could be read; the others keep their error, each at its place.
fn apply<C: Connector>(
    connector: &C,
    requests: Vec<Result<edit::Request, Error>>,
) -> Vec<Result<edit::Outcome, Error>> {
    let mut readable = Vec::with_capacity(requests.len());
    let unreadable: Vec<Option<Error>> = requests
        .into_iter()
        .map(|request| match request {
            Ok(request) => {
                readable.push(request);
                None
            }
            Err(error) => Some(error),
        })
        .collect();
    let mut results = connector.apply(readable).into_iter();
    unreadable
        .into_iter()
        .map(|error| match error {
            Some(error) => Err(error),
            None => results.next().unwrap_or_else(|| {
                Err(Error::outcome_unknown("the connector gave no result for this request: report it to its vendor"))
            }),
        })
        .collect()
}

/// Lets the host show why the guest traps: without it a panic is a bare `unreachable`.
fn report_panics() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| std::panic::set_hook(Box::new(|panic| log::panicked(&panic.to_string()))));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edit::{DeleteEdit, Edit, Outcome};
    use crate::testing::{self, Stub};
    use crate::{Object, Page, SearchRequest, Tail};

    /// Deletes whatever it is asked to, and answers with one result too few for three requests.
    struct Forgetful;

    impl Connector for Forgetful {
        type Config = ();
        fn manifest() -> crate::Manifest {
            crate::Manifest::new("forgetful", "1.0.0")
        }
        fn new(_config: (), _host: Host) -> Result<Self, Error> {
            Ok(Self)
        }
        fn search(&self, _request: &SearchRequest) -> Result<Page, Error> {
            Ok(Page { objects: Vec::new(), tail: Tail::Complete })
        }
        fn get(&self, class: &str, id: &str) -> Result<Object, Error> {
            Err(Error::not_found(class, id))
        }
        fn apply(&self, requests: Vec<edit::Request>) -> Vec<Result<Outcome, Error>> {
            requests.iter().take(2).map(|request| Ok(Outcome::Accepted(request.operation_id.clone()))).collect()
        }
    }

    fn delete(id: &str) -> edit::Request {
        testing::request("person", Edit::Delete(DeleteEdit { id: id.into(), version: None }))
    }

    #[test]
    fn results_keep_their_places_and_missing_ones_are_unknown() {
        let connector: Forgetful = testing::connect(&Stub::new(), serde_json::Value::Null).unwrap();
        let requests = vec![Ok(delete("1")), Err(Error::defect("no JSON")), Ok(delete("2")), Ok(delete("3"))];
        let results = apply(&connector, requests);
        assert!(matches!(results[0], Ok(Outcome::Accepted(_))));
        assert_eq!(results[1], Err(Error::defect("no JSON")));
        assert!(matches!(results[2], Ok(Outcome::Accepted(_))));
        assert_eq!(results[3].as_ref().unwrap_err().class, crate::ErrorClass::OutcomeUnknown);
    }

    #[test]
    fn what_is_not_written_is_unsupported() {
        let connector: Forgetful = testing::connect(&Stub::new(), serde_json::Value::Null).unwrap();
        let error = connector.apply_one(&delete("1")).unwrap_err();
        assert_eq!(error.class, crate::ErrorClass::Unsupported);
        assert_eq!(error.message, "`delete` is not possible for `person`");
        assert_eq!(connector.changes("person", None).unwrap_err().class, crate::ErrorClass::Unsupported);
    }
}
