//! How edits become requests, natively.

use purser_salesforce::Salesforce;
use purser_sdk::http::{Answer, Method};
use purser_sdk::serde_json::{Value, json};
use purser_sdk::testing::{Stub, connect};
use purser_sdk::{Connector, CreateEdit, Edit, ErrorClass, Request};

fn create(place: usize) -> Request {
    let attributes = purser_sdk::testing::attributes(json!({
        "Username": format!("p{place}@acme.example"), "LastName": "Berg", "Email": "p@acme.example",
    }));
    let edit = Edit::Create(CreateEdit { attributes, active: None });
    Request { operation_id: format!("o{place}"), class: "User".into(), edit }
}

/// Answers queries with one row that suits all of them, and writes as told.
fn stub(write: impl Fn(usize) -> Answer + 'static) -> Stub {
    let stub = Stub::new();
    stub.serve("salesforce", move |request| {
        if request.method == Method::Get {
            let row = json!({"Id": "00eAx0000000001", "LanguageLocaleKey": "en_US", "DefaultLocaleSidKey": "en_US",
                "TimeZoneSidKey": "GMT"});
            let from = request.query_field("q").unwrap_or_default();
            let records =
                if from.contains("FROM Profile") || from.contains("FROM Organization") { vec![row] } else { vec![] };
            return Ok(Answer::new(200).with_json(&json!({"done": true, "records": records})));
        }
        Ok(write(request.json_body()["records"].as_array().map_or(0, Vec::len)))
    });
    stub
}

#[test]
fn two_hundred_users_are_made_in_one_request_with_an_outcome_each() {
    let stub = stub(|records| {
        let results = (0..records).map(|place| match place {
            7 => json!({"success": false, "errors": [{"statusCode": "STRING_TOO_LONG", "message": "", "fields": ["Title"]}]}),
            _ => json!({"id": format!("005Ax{place:010}"), "success": true, "errors": []}),
        });
        Answer::new(200).with_json(&Value::Array(results.collect()))
    });
    let connector: Salesforce = connect(&stub, json!({})).unwrap();
    let answers = connector.apply((0..200).map(create).collect());
    assert_eq!(answers.len(), 200);
    let refused: Vec<usize> = (0..200).filter(|place| answers[*place].is_err()).collect();
    assert_eq!(refused, [7]);
    let writes = stub.requests().into_iter().filter(|request| request.method == Method::Post).count();
    assert_eq!(writes, 1);
}

#[test]
fn an_answer_with_too_few_results_leaves_all_of_them_open() {
    let stub = stub(|_| Answer::new(200).with_json(&json!([{"id": "005Ax0000000001", "success": true}])));
    let connector: Salesforce = connect(&stub, json!({})).unwrap();
    for answer in connector.apply((0..3).map(create).collect()) {
        assert_eq!(answer.unwrap_err().class, ErrorClass::OutcomeUnknown);
    }
}

#[test]
fn once_the_requests_of_the_day_are_used_up_nothing_more_is_sent() {
    let said = json!([{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}]);
    let stub = stub(move |_| Answer::new(403).with_json(&said));
    let connector: Salesforce = connect(&stub, json!({})).unwrap();
    let group = Request {
        operation_id: "g".into(),
        class: "Group".into(),
        edit: Edit::Create(CreateEdit {
            attributes: purser_sdk::testing::attributes(json!({"Name": "x"})),
            active: None,
        }),
    };
    let answers = connector.apply(vec![create(1), group]);
    for answer in answers {
        assert_eq!(answer.unwrap_err().class, ErrorClass::QuotaOrLicenceExhausted);
    }
    let writes = stub.requests().into_iter().filter(|request| request.method == Method::Post).count();
    assert_eq!(writes, 1, "the group was not tried");
}
