//! Builds of one connector that differ: what each makes of a configuration of the former one.

use crate::environment::{assert_others_go_on, load};
use serde_json::json;

#[tokio::test]
async fn a_build_carries_a_configuration_forward_without_reaching_anything() {
    let former = "1.0.0".parse().unwrap();
    for (guest, carried) in [
        (load("keeps").await, json!({"old": 1})),
        (load("keeps_differently").await, json!({"old": 1})),
        (load("keeps_badly").await, json!({"old": 1})),
        (load("keeps_upgraded").await, json!({"carried": "from 1.0.0"})),
    ] {
        let connector = guest.unwrap();
        assert_eq!(connector.manifest().name, "keeper");
        assert_eq!(connector.upgrade_config(&former, &json!({"old": 1})).await.unwrap(), carried);
    }
    assert_others_go_on().await;
}
