//! What holds whatever clients send.

use proptest::prelude::*;
use purser_scim_server::filter::{Filter, UnknownAttributes};
use purser_scim_server::patch::{PatchRequest, apply};
use purser_scim_server::{MemberEdit, Resource, ResourceKind, ServedTypes, member_edits, normalise};
use serde_json::{Map, Value, json};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

fn name() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "userName",
        "USERNAME",
        "active",
        "emails",
        "name",
        "title",
        "roles",
        "groups",
        "id",
        "password",
        "colour",
        "externalId",
        "value",
        "type",
        "primary",
        "display",
        "familyName",
        ENTERPRISE,
        "manager",
        "department",
    ])
    .prop_map(str::to_owned)
}

fn json_value() -> impl Strategy<Value = Value> {
    let text = prop::sample::select(vec!["", "a", "True", "work", "ÄÖ", "x@example.org"]).prop_map(Value::from);
    let leaf =
        prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), any::<i16>().prop_map(Value::from), text];
    leaf.prop_recursive(3, 16, 3, |inner| {
        let object = prop::collection::vec((name(), inner.clone()), 0..4);
        let object = object.prop_map(|members| Value::Object(members.into_iter().collect()));
        prop_oneof![prop::collection::vec(inner, 0..3).prop_map(Value::Array), object]
    })
}

fn user() -> impl Strategy<Value = Value> {
    let email = (prop::sample::select(vec!["a", "b"]), prop::sample::select(vec!["work", "home"]));
    let emails = prop::collection::vec(email, 0..3);
    (emails, any::<bool>(), prop::option::of("[a-c]{0,2}")).prop_map(|(emails, active, title)| {
        let emails: Vec<_> = emails.iter().map(|(value, kind)| json!({"value": value, "type": kind})).collect();
        json!({"userName": "anna", "active": active, "title": title, "emails": emails, "name": {"familyName": "Berg"}})
    })
}

fn path() -> impl Strategy<Value = String> {
    let parts = prop::sample::select(vec![
        "",
        ".value",
        ".type",
        ".familyName",
        "[type eq \"work\"]",
        "[value sw \"a\"].value",
        "[primary eq true].value",
        "[",
        "]",
        "..",
    ]);
    (name(), parts).prop_map(|(name, part)| format!("{name}{part}"))
}

fn operation() -> impl Strategy<Value = Value> {
    let op = prop::sample::select(vec!["add", "remove", "replace", "Add"]);
    (op, prop::option::of(path()), json_value())
        .prop_map(|(op, path, value)| json!({"op": op, "path": path, "value": value}))
}

fn filter() -> impl Strategy<Value = String> {
    let path =
        prop::sample::select(vec!["userName", "title", "emails.value", "emails.type", "name.familyName", "active"]);
    let operator = prop::sample::select(vec!["eq", "ne", "co", "sw", "ew", "gt", "le"]);
    let value = prop::sample::select(vec!["\"a\"", "\"ANNA\"", "\"work\"", "\"\""]);
    let compare = (path.clone(), operator, value).prop_map(|(path, operator, value)| match path {
        "active" => "active eq true".to_owned(),
        path => format!("{path} {operator} {value}"),
    });
    let leaf = prop_oneof![compare, path.prop_map(|path| format!("{path} pr"))];
    leaf.prop_recursive(3, 12, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(left, right)| format!("({left} and {right})")),
            (inner.clone(), inner.clone()).prop_map(|(left, right)| format!("({left} or {right})")),
            inner.prop_map(|inner| format!("not ({inner})")),
        ]
    })
}

fn matches(filter: &str, resource: &Map<String, Value>) -> bool {
    let types = ServedTypes::default();
    let filter = Filter::parse(filter).unwrap_or_else(|error| panic!("{filter}: {error}"));
    let bound = filter.bind(types.of(ResourceKind::User), UnknownAttributes::Refused);
    bound.expect("the filter names what is there").matches(resource)
}

proptest! {
    #[test]
    fn what_is_normal_stays_as_it_is(body in json_value()) {
        let types = ServedTypes::default();
        let user = types.of(ResourceKind::User);
        if let Ok(once) = normalise(user, &body, None) {
            let shown = Value::Object(once.clone().present(user, "id", json!({"version": "x"})));
            prop_assert_eq!(normalise(user, &shown, None), Ok(once));
        }
    }

    #[test]
    fn a_change_leaves_a_resource_normal_or_is_refused_as_a_whole(before in user(), operations in prop::collection::vec(operation(), 1..4)) {
        let types = ServedTypes::default();
        let user = types.of(ResourceKind::User);
        let before = normalise(user, &before, None).unwrap();
        let Ok(request) = PatchRequest::parse(&json!({"Operations": operations})) else { return Ok(()) };
        if let Ok(after) = apply(user, &before, &request) {
            let again = normalise(user, &Value::Object(after.0.clone()), None);
            prop_assert_eq!(again, Ok(after.clone()));
            prop_assert!(after.text("userName").is_some());
            for hidden in ["password", "groups", "id", "meta", "schemas"] {
                prop_assert!(!after.0.contains_key(hidden));
            }
        }
    }

    #[test]
    fn no_text_breaks_the_parsers(text in "\\PC{0,40}", path in "[a-z.\\[\\]\"\\\\ ]{0,20}") {
        let _ = Filter::parse(&text);
        let _ = Filter::parse(&format!("userName eq \"{text}\" and ({text})"));
        let _ = PatchRequest::parse(&json!({"Operations": [{"op": "remove", "path": path}]}));
    }

    #[test]
    fn filters_obey_logic(left in filter(), right in filter(), body in user()) {
        let types = ServedTypes::default();
        let Resource(user) = normalise(types.of(ResourceKind::User), &body, None).unwrap();
        let (one, other) = (matches(&left, &user), matches(&right, &user));
        prop_assert_eq!(matches(&format!("{left} and {right}"), &user), one && other);
        prop_assert_eq!(matches(&format!("{left} or {right}"), &user), one || other);
        prop_assert_eq!(matches(&format!("not ({left} or {right})"), &user), !one && !other);
        prop_assert_eq!(matches(&format!("not(not({left}))"), &user), one);
    }

    #[test]
    fn members_edited_by_their_ids_are_those_of_the_whole_change(
        before in prop::collection::btree_set(0..6_u8, 0..6),
        edits in prop::collection::vec((any::<bool>(), prop::collection::vec(0..6_u8, 1..4)), 1..5),
    ) {
        let types = ServedTypes::default();
        let group = types.of(ResourceKind::Group);
        let members: Vec<_> = before.iter().map(|id| json!({"value": id.to_string()})).collect();
        let before = normalise(group, &json!({"displayName": "g", "members": members}), None).unwrap();
        let operations: Vec<_> = edits.iter().map(|(adds, ids)| {
            let value: Vec<_> = ids.iter().map(|id| json!({"value": id.to_string()})).collect();
            json!({"op": if *adds { "add" } else { "remove" }, "path": "members", "value": value})
        }).collect();
        let request = PatchRequest::parse(&json!({"Operations": operations})).unwrap();
        let of = |resource: &Resource| -> std::collections::BTreeSet<String> {
            let members = resource.0.get("members").and_then(Value::as_array);
            members.into_iter().flatten().map(|one| one["value"].as_str().unwrap().to_owned()).collect()
        };
        let mut edited = of(&before);
        for edit in member_edits(&request).unwrap() {
            match edit {
                MemberEdit::Add(id) => edited.insert(id),
                MemberEdit::Remove(id) => edited.remove(&id),
            };
        }
        prop_assert_eq!(of(&apply(group, &before, &request).unwrap()), edited);
    }
}
