//! What is counted together, and what is told of it.

use super::*;
use std::time::Duration;

fn quotas(calls: u32) -> Quotas {
    let quota = Quota { calls, per: Duration::from_secs(60) };
    Quotas::new(ApiLimits { requests: quota, wrong_tokens: quota, ..ApiLimits::default() })
}

fn now() -> Timestamp {
    Timestamp::from_second(1_000).unwrap()
}

#[test]
fn addresses_of_one_network_of_ipv6_are_one_and_those_from_within_are_not_counted() {
    let quotas = quotas(1);
    let wrong = |address: &str| quotas.wrong_token(Some(Peer(address.parse().unwrap())), now());
    assert_eq!(wrong("2001:db8:1:2::1"), Ok(()));
    let refused = wrong("2001:db8:1:2:ffff::9").unwrap_err();
    assert_eq!(refused, Refused { reason: Reason::WrongTokens, after: 60 });
    assert_eq!(wrong("2001:db8:1:3::1"), Ok(()), "another network");
    assert_eq!(wrong("192.0.2.1"), Ok(()));
    assert_eq!(wrong("192.0.2.2"), Ok(()), "each address of IPv4 is one of its own");
    assert!(wrong("192.0.2.1").is_err());
    assert!((0..10).all(|_| quotas.wrong_token(None, now()).is_ok()));
    assert_eq!(quotas.counts().find(|(reason, _)| *reason == "wrong-tokens"), Some(("wrong-tokens", 2)));
}

#[test]
fn the_quota_is_told_as_the_draft_says() {
    let quotas = quotas(3);
    let holder = Holder::Caller("otto".parse().unwrap());
    let mut headers = HeaderMap::new();
    quotas.tell(&mut headers, &holder, quotas.request(&holder, now()).unwrap());
    assert_eq!(
        (&headers[POLICY], &headers[STANDING]),
        (&"\"requests\";q=3;w=60".parse().unwrap(), &"\"requests\";r=2;t=20".parse().unwrap())
    );
    assert!((0..2).all(|_| quotas.request(&holder, now()).is_ok()));
    let refused = quotas.request(&holder, now()).unwrap_err();
    quotas.tell_refused(&mut headers, Some(&holder), refused);
    assert_eq!(headers[STANDING], "\"requests\";r=0;t=20");
}

#[test]
fn what_was_counted_outlives_declarations_unless_the_limits_are_others() {
    let former = Arc::new(quotas(1));
    let holder = Holder::Caller("otto".parse().unwrap());
    assert!(former.request(&holder, now()).is_ok() && former.request(&holder, now()).is_err());
    let same = former.held_to(former.limits);
    assert!(same.request(&holder, now()).is_err(), "the quota is used up as before");
    let others = same.held_to(quotas(2).limits);
    assert!(others.request(&holder, now()).is_ok() && others.request(&holder, now()).is_ok());
    assert!(others.request(&holder, now()).is_err());
    assert_eq!(others.counts().find(|(reason, _)| *reason == "requests"), Some(("requests", 3)));
}
