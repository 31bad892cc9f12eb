//! A SCIM server behind a line that fails: what was sent without an answer is looked at, and nothing is made twice.

use purser_e2e::fault_proxy::{Fault, FaultProxy, Traffic};
use purser_e2e::scim_company::{CAREFUL, ScimCompany};
use purser_e2e::scim_server::{ScimServer, Tenant};
use serde_json::json;
use std::time::Duration;

const PEOPLE: u32 = 200;
const SHARE_FAILING: f64 = 0.1;
const SEED: u64 = 20_261_123;
/// A command gives up for the time being when retries are due too late; the operator's next one goes on.
const MOST_COMMANDS: usize = 20;

#[test]
fn with_one_request_in_ten_failing_everybody_gets_exactly_one_account() {
    let server = ScimServer::one_by_one();
    let app = server.tenant("faults");
    let proxy = FaultProxy::start(server.address(), SHARE_FAILING, Duration::ZERO, SEED);
    let mut company = ScimCompany::found(PEOPLE, &app.url_through(proxy.address()), CAREFUL);
    company.home.purser(&["import", "hr"]).done();

    apply_until_done(&company);
    company.assert_mirrored_in(&app);
    assert_nothing_made_twice(&proxy.traffic(), &app);

    for (place, person) in company.people.iter_mut().enumerate().filter(|(place, _)| place % 5 == 0) {
        if place % 20 == 0 {
            person.status = "left".to_owned();
        } else {
            person.email = format!("moved{place}@example.org");
            person.department = "Support".to_owned();
        }
    }
    company.export();
    company.home.purser(&["import", "hr"]).done();
    apply_until_done(&company);
    let traffic = proxy.traffic();
    assert_nothing_made_twice(&traffic, &app);
    assert!(traffic.faults.len() >= 10, "every kind of fault was given: {:?}", traffic.faults);
    assert!(traffic.lost_writes >= 5, "writes were done whose answer was lost: {}", traffic.lost_writes);

    company.assert_mirrored_in(&app);
    // What was missed on the failing line shows on one that does not fail.
    company.declare_target(&app.url(), CAREFUL);
    let looked = company.home.purser(&["reconcile", "app", "--dry-run"]).done();
    assert_eq!((&looked["gone"], &looked["plan"]["items"]), (&json!(0), &json!([])), "{looked}");
}

#[test]
fn an_account_made_by_hand_is_not_taken_for_one_whose_answer_was_lost() {
    let server = ScimServer::one_by_one();
    let app = server.tenant("strangers");
    let proxy = FaultProxy::start(server.address(), 0.3, Duration::ZERO, SEED);
    let company = ScimCompany::found(40, &app.url_through(proxy.address()), CAREFUL);
    for person in &company.people {
        app.create_user(&json!({"userName": person.login, "externalId": "made by hand", "active": true}));
    }
    company.home.purser(&["import", "hr"]).done();
    // A command refuses what it gets an answer for; what got none is tried again by a later command. Each waits where so
    // many failures in a row paused the target.
    let mut refused = 0;
    for _ in 0..MOST_COMMANDS {
        let answer = company.home.purser(&["apply", "--patience", "120"]);
        let report = answer.ended_with(answer.code.expect("no signal ended it"));
        assert!(report["applied"].as_u64().is_some_and(|applied| applied <= 2), "only the groups: {report}");
        refused += report["refused"].as_u64().expect("a count");
        if refused >= company.people.len() as u64 {
            break;
        }
    }
    assert!(refused >= company.people.len() as u64, "every account is refused: {refused}");

    assert_eq!(app.users().len(), company.people.len());
    for user in app.users() {
        assert_eq!(user["externalId"], "made by hand", "{user}");
    }
    assert!(app.members("Everyone").is_empty(), "nobody was given anything");
    let faults = proxy.traffic().faults;
    let lost = [Fault::Silence, Fault::Broken].iter().any(|fault| faults.contains_key(&(*fault, false)));
    assert!(lost, "requests were lost on the way: {faults:?}");
}

/// Applies until a command says that all is done.
fn apply_until_done(company: &ScimCompany) {
    for _ in 0..MOST_COMMANDS {
        let answer = company.home.purser(&["apply", "--patience", "120"]);
        if answer.code == Some(0) {
            return;
        }
        let report = answer.ended_with(1);
        assert_eq!(report["reasons"], json!({}), "nothing is given up: {report}");
    }
    panic!("not done after {MOST_COMMANDS} commands: {}", company.home.purser(&["status"]).done());
}

/// The server has one account per person, and one group per entitlement (the list of the server is the judge of that).
/// A server that keeps names unique would hide a repeated create, so requests are counted as well.
fn assert_nothing_made_twice(traffic: &Traffic, app: &Tenant) {
    assert_eq!(app.users().len(), PEOPLE as usize);
    assert_eq!(app.groups().len(), 2);
    let creates = traffic.carried_out.get(&("POST".to_owned(), format!("{}/Users", app.base_path())));
    assert_eq!(creates, Some(&u64::from(PEOPLE)), "the server was asked to make each account once");
}
