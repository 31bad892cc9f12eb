//! Lists: filters, pages by index and cursor, order, projections.

use super::{Host, host};
use crate::tests::now;
use serde_json::{Value, json};

async fn people(count: usize) -> Host {
    let host = host().await;
    for number in 0..count {
        let user = json!({"userName": format!("user{number:02}"), "externalId": format!("E{number}"),
            "displayName": format!("Person {}", count - number), "active": number % 2 == 0});
        host.okta.post("/Users", user).await.done(201);
    }
    host
}

#[tokio::test]
async fn pages_by_index() {
    let host = people(25).await;
    let page = host.okta.get("/Users").await.done(200);
    assert_eq!(
        (&page["totalResults"], &page["itemsPerPage"], &page["startIndex"]),
        (&json!(25), &json!(25), &json!(1))
    );
    let mut names = Vec::new();
    for start in [1, 11, 21, 31] {
        let page = host.okta.get(&format!("/Users?startIndex={start}&count=10")).await;
        names.extend(page.names().into_iter().map(str::to_owned));
    }
    assert_eq!(names, (0..25).map(|number| format!("user{number:02}")).collect::<Vec<_>>());
    for (query, shown) in
        [("count=0", 0), ("count=-1", 0), ("startIndex=-5&count=3", 3), ("startIndex=26", 0), ("count=100000", 25)]
    {
        let page = host.okta.get(&format!("/Users?{query}")).await.done(200);
        assert_eq!(
            (&page["totalResults"], page["Resources"].as_array().unwrap().len()),
            (&json!(25), shown),
            "{query}"
        );
    }
    let filtered = host.okta.get("/Users?filter=active eq false&startIndex=3&count=2").await;
    assert_eq!((filtered.names(), &filtered.body["totalResults"]), (vec!["user05", "user07"], &json!(12)));
    assert_eq!(host.okta.get("/Users?startIndex=x").await.scim_type(400), "invalidValue");
}

#[tokio::test]
async fn pages_by_cursor() {
    let host = people(25).await;
    for query in ["count=10", "count=10&filter=userName pr", "count=10&sortBy=userName"] {
        let (mut names, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
        loop {
            let page = host.okta.get(&format!("/Users?{query}&cursor={cursor}")).await;
            names.extend(page.names().into_iter().map(str::to_owned));
            pages += 1;
            assert_eq!((page.body.get("startIndex"), &page.body["totalResults"]), (None, &json!(25)));
            let Some(next) = page.body["nextCursor"].as_str() else { break };
            cursor = next.to_owned();
        }
        assert_eq!((names.len(), pages), (25, 3), "{query}");
        names.dedup();
        assert_eq!(names.len(), 25, "{query}");
    }
    // Who comes and goes meanwhile moves nobody else: nobody is missed or shown twice.
    let first = host.okta.get("/Users?count=10&cursor=").await;
    let gone = first.body["Resources"][0]["id"].as_str().unwrap();
    host.okta.ask("DELETE", &format!("/Users/{gone}"), None).await;
    let next = first.body["nextCursor"].as_str().unwrap();
    assert_eq!(host.okta.get(&format!("/Users?count=10&cursor={next}")).await.names()[0], "user10");
    assert_eq!(host.okta.get(&format!("/Groups?cursor={next}")).await.scim_type(400), "invalidCursor");
    assert_eq!(host.okta.get("/Users?cursor=forged").await.scim_type(400), "invalidCursor");
    let query = purser_scim_server::Cursor::query_mark(&["User", "", ""]);
    let old = purser_scim_server::Cursor { after: 0, given_at: now().as_second() - 3601, query }.to_text();
    assert_eq!(host.okta.get(&format!("/Users?cursor={old}")).await.scim_type(400), "expiredCursor");
    assert_eq!(host.okta.get("/Users?cursor=&count=x").await.scim_type(400), "invalidCount");
}

#[tokio::test]
async fn order_and_search() {
    let host = people(5).await;
    host.okta.group("Staff", &[]).await;
    let sorted = host.okta.get("/Users?sortBy=displayName&sortOrder=ascending&count=2").await;
    assert_eq!(sorted.names(), ["user04", "user03"]);
    let sorted = host.okta.get("/Users?sortBy=userName&sortOrder=descending&startIndex=2&count=2").await;
    assert_eq!(sorted.names(), ["user03", "user02"]);
    assert_eq!(host.okta.get("/Users?sortBy=name").await.scim_type(400), "invalidPath");
    let body = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "filter": "externalId eq \"E3\"",
        "attributes": ["userName"]});
    let found = host.okta.post("/Users/.search", body.clone()).await;
    assert_eq!(found.names(), ["user03"]);
    assert_eq!(found.body["Resources"][0].as_object().unwrap().len(), 3, "id, schemas, userName");
    assert_eq!(host.okta.post("/.search", body).await.names(), ["user03"]);
    let all = host.okta.get("").await.done(200);
    assert_eq!(all["totalResults"], 6);
    let both = host.okta.post("/.search", json!({"filter": "displayName sw \"s\" or userName eq \"user01\""})).await;
    assert_eq!(both.names(), ["user01", "-"]);
    assert_eq!(host.okta.post("/.search", json!({"filter": "colour pr"})).await.scim_type(400), "invalidFilter");
    assert_eq!(host.okta.post("/Users/.search", json!([])).await.scim_type(400), "invalidSyntax");
}

#[tokio::test]
async fn filters_reach_members_and_groups() {
    let host = people(3).await;
    let list = host.okta.get("/Users").await.done(200);
    let ids: Vec<&str> = list["Resources"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    let group = host.okta.group("Staff", &[ids[1]]).await;
    let user = format!("/Users?filter=groups.value eq \"{group}\"");
    assert_eq!(host.okta.get(&user).await.names(), ["user01"]);
    assert_eq!(host.okta.get("/Users?filter=groups[display eq \"staff\"]").await.names(), ["user01"]);
    let total = async |path: &str| host.okta.get(path).await.done(200)["totalResults"].clone();
    assert_eq!(total(&format!("/Groups?filter=members eq \"{}\"", ids[1])).await, 1);
    assert_eq!(total(&format!("/Groups?filter=members[value eq \"{}\"]", ids[0])).await, 0);
    assert_eq!(total(&format!("/Groups?filter=id eq \"{group}\" and members pr")).await, 1);
    assert_eq!(total("/Users?filter=meta.lastModified gt \"2026-01-01T00:00:00Z\"").await, 0);
    assert_eq!(total("/Users?filter=meta.resourceType eq \"User\"").await, 3);
    for (filter, wanted) in
        [("userName", "invalidFilter"), ("members pr", "invalidFilter"), ("password eq \"x\"", "invalidFilter")]
    {
        assert_eq!(host.okta.get(&format!("/Users?filter={filter}")).await.scim_type(400), wanted, "{filter}");
    }
    let long = format!("/Users?filter=userName eq \"{}\"", "x".repeat(8192));
    assert_eq!(host.okta.get(&long).await.scim_type(400), "invalidFilter");
}

#[tokio::test]
async fn only_what_is_asked_for_is_answered() {
    let host = people(1).await;
    let id = host.okta.get("/Users").await.done(200)["Resources"][0]["id"].clone();
    let path = format!("/Users/{}", id.as_str().unwrap());
    let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let some = host.okta.get(&format!("{path}?attributes=userName,meta.version")).await.done(200);
    assert_eq!(names(&some), ["id", "meta", "schemas", "userName"]);
    assert_eq!(names(&some["meta"]), ["version"]);
    let most = host.okta.get(&format!("{path}?excludedAttributes=meta,active")).await.done(200);
    assert_eq!(names(&most), ["displayName", "externalId", "id", "schemas", "userName"]);
    let group = host.okta.group("Staff", &[id.as_str().unwrap()]).await;
    let without = host.okta.get(&format!("/Groups/{group}?excludedAttributes=members")).await.done(200);
    assert_eq!(without.get("members"), None);
    let list = host.okta.get("/Groups?excludedAttributes=members&filter=displayName eq \"Staff\"").await.done(200);
    assert_eq!((&list["totalResults"], list["Resources"][0].get("members")), (&json!(1), None));
}

#[tokio::test]
async fn no_page_is_larger_than_announced() {
    let host = host().await;
    let create = |number: usize| json!({"method": "POST", "path": "/Users", "bulkId": number.to_string(), "data": {"userName": format!("u{number:04}")}});
    host.okta.post("/Bulk", json!({"Operations": (0..1000).map(create).collect::<Vec<_>>()})).await.done(200);
    host.okta.user("u1000").await;
    let config = host.okta.get("/ServiceProviderConfig").await.done(200);
    let largest = config["pagination"]["maxPageSize"].as_u64().unwrap();
    for query in ["count=5000", "count=5000&filter=userName pr", "count=5000&cursor="] {
        let page = host.okta.get(&format!("/Users?{query}")).await;
        assert_eq!((page.names().len() as u64, &page.body["totalResults"]), (largest, &json!(1001)), "{query}");
    }
    assert_eq!(
        host.okta.get("/Users").await.names().len() as u64,
        config["pagination"]["defaultPageSize"].as_u64().unwrap()
    );
}
