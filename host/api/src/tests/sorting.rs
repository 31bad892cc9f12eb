//! Lists in every order that they have, page by page.

use super::{now, read, state};
use crate::router;
use purser_model::identity::{IdentityRecord, LifecycleState, Validity};
use serde_json::Value;

/// All pages of a list, one entry at a time.
async fn all(api: &axum::Router, path: &str) -> Vec<Value> {
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let page = read(api, &format!("{path}&limit=1{after}")).await;
        found.extend(page["items"].as_array().unwrap().iter().cloned());
        let Some(next) = page["next"].as_str() else { return found };
        after = format!("&after={}", next.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>());
    }
}

#[tokio::test]
async fn identities_come_in_every_order_and_back() {
    let (state, _folder) = state(0).await;
    for (source, key, second) in
        [("okta", "a/b", 5), ("hr", "Z", 9), ("hr", "a b", 7), ("okta", "B", 7), ("hr", "a", 1), ("entra", "ä", 7)]
    {
        let at = now() + std::time::Duration::from_secs(second);
        let (attributes, validity) = (purser_model::Attributes::new(), Validity::ALWAYS);
        let record = IdentityRecord { key: key.to_owned(), state: LifecycleState::Active, attributes, validity };
        state.store.accept_record(&source.parse().unwrap(), record, at).await.unwrap();
    }
    let api = router(state);
    let order = async |sort: &str, filter: &str| -> Vec<String> {
        let all = all(&api, &format!("/v1/identities?sort={sort}{filter}")).await;
        all.iter().map(|one| format!("{}/{}", one["source"].as_str().unwrap(), one["key"].as_str().unwrap())).collect()
    };
    let by_key = ["entra/ä", "hr/Z", "hr/a", "hr/a b", "okta/B", "okta/a/b"];
    assert_eq!(order("key", "").await, by_key);
    assert_eq!(order("key", "&source=hr").await, by_key[1..4]);
    let by_change = order("changed_at", "").await;
    assert_eq!((by_change[0].as_str(), by_change[5].as_str()), ("hr/a", "hr/Z"));
    for sort in ["id", "key", "changed_at"] {
        let mut there = order(sort, "").await;
        assert_eq!(there.len(), 6, "{sort}");
        there.reverse();
        assert_eq!(order(&format!("-{sort}"), "").await, there, "{sort}");
    }
}

#[tokio::test]
async fn the_other_lists_go_both_ways() {
    let (state, _folder) = state(4).await;
    for source in ["hr", "okta", "entra"] {
        state.store.begin_run(purser_model::run::RunKind::Import, source, now()).await.unwrap();
    }
    let api = router(state);
    for (path, newest_first) in [
        ("/v1/runs?", true),
        ("/v1/accounts?", false),
        ("/v1/operations?", true),
        ("/v1/plans?", true),
        ("/v1/cases?", false),
    ] {
        let ids = async |sort: &str| -> Vec<String> {
            all(&api, &format!("{path}{sort}")).await.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
        };
        let (oldest, mut newest) = (ids("sort=id").await, ids("sort=-id").await);
        assert!(oldest.is_sorted(), "{path}");
        assert_eq!(ids("").await, if newest_first { &newest } else { &oldest }.clone(), "{path}");
        newest.reverse();
        assert_eq!(oldest, newest, "{path}");
    }
    assert_eq!(all(&api, "/v1/runs?sort=id").await.len(), 3);
    let rows = read(&api, "/v1/audit?sort=id&limit=2").await;
    assert_eq!((&rows["items"][0]["sequence"], &rows["next"]), (&1.into(), &2.into()));
}
