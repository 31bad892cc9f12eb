//! What clients of the SCIM server send.

use purser_scim_server::filter::{Filter, UnknownAttributes};
use purser_scim_server::patch::{PatchRequest, apply};
use purser_scim_server::{BulkRequest, Query, Resource, ResourceKind, ServedTypes, normalise};
use serde_json::{Map, Value, json};

fn user() -> Map<String, Value> {
    let user = json!({"userName": "anna", "active": true, "name": {"familyName": "Berg"},
        "emails": [{"value": "a@example.org", "type": "work", "primary": true}, {"value": "b@example.org"}]});
    user.as_object().cloned().unwrap_or_default()
}

/// A filter and its opposite do not both hold, whatever the filter.
pub(crate) fn filter(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let _ = Query::from_parameters([("filter", text), ("sortBy", text), ("attributes", text), ("cursor", text)]);
    let (Ok(filter), types) = (Filter::parse(text), ServedTypes::default()) else { return };
    for kind in ResourceKind::ALL {
        let Ok(bound) = filter.bind(types.of(kind), UnknownAttributes::NoValue) else { continue };
        let opposite = Filter::Not(Box::new(filter.clone())).bind(types.of(kind), UnknownAttributes::NoValue);
        assert_eq!(opposite.map(|opposite| opposite.matches(&user())), Ok(!bound.matches(&user())), "{text}");
        let _ = bound.lookup();
    }
}

/// A body, taken for each that there is. What is kept of it is normal: brought into the normal form again it is the same.
pub(crate) fn change(bytes: &[u8]) {
    let Ok(body) = serde_json::from_slice::<Value>(bytes) else { return };
    let _ = (BulkRequest::parse(&body, 100), Query::from_body(&body));
    let types = ServedTypes::default();
    for kind in ResourceKind::ALL {
        let taken = normalise(types.of(kind), &body, None).ok();
        let patched = PatchRequest::parse(&body).ok();
        let patched = patched.and_then(|request| apply(types.of(kind), &Resource(user()), &request).ok());
        let patched = patched.filter(|_| kind == ResourceKind::User);
        for resource in taken.into_iter().chain(patched) {
            let again = normalise(types.of(kind), &Value::Object(resource.0.clone()), None);
            assert_eq!(again, Ok(resource), "{body}");
        }
    }
}
