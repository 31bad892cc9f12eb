//! Google Workspace on a bad day: quotas, lists that lag behind, users that are not complete yet, tokens that end early.

use purser_e2e::google_peer::GooglePeer;
use purser_e2e::scenario::Peer;
use purser_e2e::scim_company::ScimCompany;
use serde_json::json;
use std::time::Duration;

/// A company that is about to join, at a target that was read.
fn joining(people: u32, peer: &GooglePeer) -> ScimCompany {
    let company = peer.company(people, |declared| declared);
    company.home.purser(&["reconcile", "app"]).done();
    company.home.purser(&["import", "hr"]).done();
    company
}

#[test]
fn every_way_to_say_too_many_rests_the_target_and_loses_nothing() {
    let ways = [
        (403, "userRateLimitExceeded"),
        (403, "quotaExceeded"),
        (403, "rateLimitExceeded"),
        (429, "rateLimitExceeded"),
    ];
    for (status, reason) in ways {
        let way = format!("{status} {reason}");
        let peer = GooglePeer::start();
        let company = joining(12, &peer);
        peer.workspace.behave(|behaviour| {
            behaviour.throttle = (status, reason);
            behaviour.exhausted = vec!["directory.users.insert".to_owned()];
        });
        let applied = company.home.purser(&["apply", "--patience", "0"]).ended_with(1);
        // Twelve accounts and their eighteen memberships.
        assert_eq!((&applied["refused"], &applied["later"]), (&json!(0), &json!(30)), "{way} is no refusal: {applied}");
        assert!((1..=2).contains(&peer.workspace.refused(&way)), "{way}: one is throttled, and the others wait");
        assert_eq!(peer.workspace.users().len(), 0);

        peer.workspace.behave(|behaviour| behaviour.exhausted.clear());
        let applied = company.home.purser(&["apply", "--patience", "60"]).done();
        assert_eq!(applied["refused"], 0, "{way} {applied}");
        assert_eq!(Peer::accounts(&peer).len(), 12, "{way}");
        company.home.assert_in_step();
    }
}

#[test]
fn a_quota_of_the_day_is_waited_for_much_longer() {
    let peer = GooglePeer::start();
    let company = joining(1, &peer);
    peer.workspace.behave(|behaviour| {
        behaviour.throttle = (403, "dailyLimitExceeded");
        behaviour.exhausted = vec!["directory.users.insert".to_owned()];
    });
    company.home.purser(&["apply", "--patience", "0"]).ended_with(1);
    let asked = peer.workspace.refused("403 dailyLimitExceeded");
    company.home.purser(&["apply", "--patience", "3"]).ended_with(1);
    assert_eq!((asked, peer.workspace.refused("403 dailyLimitExceeded")), (1, 1), "nothing is asked for an hour");
}

#[test]
fn a_user_that_is_not_complete_yet_is_changed_a_little_later() {
    let peer = GooglePeer::start();
    peer.workspace.behave(|behaviour| behaviour.incomplete = Duration::from_secs(4));
    let mut company = peer.company(3, |declared| declared);
    company.import_and_apply();
    company.change(0, |person| person.family = "Newname".to_owned());
    company.home.purser(&["import", "hr"]).done();
    company.home.purser(&["apply", "--patience", "60"]).done();
    assert!(peer.workspace.refused("412 conditionNotMet") > 0, "it was too early at first");
    assert_eq!(Peer::accounts(&peer)["E0001"].family, "Newname");
    assert_eq!(peer.workspace.calls("directory.users.insert"), 3);
}

#[test]
fn lists_that_lag_behind_make_nobody_twice_and_nobody_lost() {
    let peer = GooglePeer::start();
    peer.workspace.behave(|behaviour| behaviour.lag = Duration::from_secs(3600));
    let company = peer.company(5, |declared| declared);
    company.import_and_apply();
    let looked = company.home.purser(&["reconcile", "app"]).done();
    assert_eq!(looked["gone"], 0, "who is in no list yet is looked up by id: {looked}");
    company.home.assert_in_step();
    peer.workspace.advance(Duration::from_secs(3601));
    company.home.purser(&["reconcile", "app"]).done();
    company.home.assert_in_step();
    assert_eq!(Peer::accounts(&peer).len(), 5);
    assert_eq!(peer.workspace.calls("directory.users.insert"), 5, "nobody is made again");
    assert_eq!(peer.workspace.calls("directory.groups.insert"), 2, "no group is made again");
}

#[test]
fn users_that_are_not_even_found_by_key_yet_keep_their_accounts() {
    let peer = GooglePeer::start();
    let hour = Duration::from_secs(3600);
    let company = peer.company(5, |declared| declared);
    peer.workspace.behave(|behaviour| (behaviour.lag, behaviour.key_lag) = (hour, hour));
    company.import_and_apply();
    let ids = |peer: &GooglePeer| peer.workspace.users().iter().map(|user| user["id"].clone()).collect::<Vec<_>>();
    let made = ids(&peer);
    // They seem to be gone, and Google refuses to make them again.
    company.home.purser(&["reconcile", "app"]);
    assert_eq!((made.len(), &ids(&peer)), (5, &made), "nobody is there twice");
    peer.workspace.advance(2 * hour);
    company.home.purser(&["reconcile", "app"]);
    company.home.purser(&["apply", "--patience", "60"]).done();
    company.home.purser(&["reconcile", "app"]).done();
    company.home.assert_in_step();
    assert_eq!(ids(&peer), made);
    assert_eq!(Peer::accounts(&peer).len(), 5);
}

#[test]
fn a_token_that_ends_in_the_midst_of_a_run_is_replaced() {
    let peer = GooglePeer::start();
    peer.workspace.behave(|behaviour| behaviour.token_calls = Some(7));
    let company = peer.company(12, |declared| declared);
    let applied = company.import_and_apply();
    assert_eq!(applied["refused"], 0, "{applied}");
    let tokens = peer.workspace.calls("token");
    assert!(tokens >= 3 && peer.workspace.refused("401 authError") >= 2, "{tokens} tokens in one run");
    peer.workspace.behave(|behaviour| behaviour.token_calls = None);
    assert_eq!(Peer::accounts(&peer).len(), 12);
    assert_eq!(peer.workspace.calls("directory.users.insert"), 12, "nobody is made twice");
    company.home.assert_in_step();
}
