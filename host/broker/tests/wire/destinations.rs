//! Where connections go: names are judged by the address that is dialled, and addresses in any writing.

use crate::peer::{Peer, Script, User, get};
use purser_broker::Endpoint;
use purser_broker::egress::{AddressRefused, Special};
use purser_broker::http::{Denial, Error};
use purser_model::egress::{EgressRules, FurtherOrigin};
use url::Url;

fn endpoint(url: &str, rules: EgressRules) -> Endpoint {
    Endpoint { egress: rules, ..Endpoint::new(Url::parse(url).unwrap()) }
}

fn addresses(granted: &[String]) -> EgressRules {
    let addresses = granted.iter().map(|text| text.parse().unwrap()).collect();
    EgressRules { addresses, ..EgressRules::default() }
}

fn refused(special: Special) -> Error {
    Error::Denied(Denial::Address(AddressRefused(special)))
}

#[tokio::test]
async fn a_name_that_leads_inside_is_not_dialled() {
    let peer = Peer::start().await;
    for (address, special) in [
        ("127.0.0.1", Special::Loopback),
        ("::1", Special::Loopback),
        ("::ffff:127.0.0.1", Special::Loopback),
        ("64:ff9b::127.0.0.1", Special::Loopback),
        ("0.0.0.0", Special::Unspecified),
        ("::", Special::Unspecified),
        ("10.1.2.3", Special::Private),
        ("fd12::1", Special::Private),
        ("169.254.169.254", Special::Metadata),
        ("fd00:ec2::254", Special::Metadata),
    ] {
        let endpoint = endpoint(&format!("http://app.example:{}/", peer.port), EgressRules::default());
        let mut user = User::with_names(endpoint, Script::new(&[("app.example", &[&[address]])]));
        assert_eq!(user.send(get("/")).await, Err(refused(special)), "{address}");
    }
    assert_eq!(peer.received().len(), 0);
}

#[tokio::test]
async fn a_name_that_changes_its_answer_leads_inside_at_no_time() {
    let peer = Peer::start().await;
    let url = format!("http://app.example:{}/", peer.port);
    let rules = addresses(&[format!("127.0.0.1:{}", peer.port)]);
    // Granted at first, then something that is not: each connection is judged anew.
    let names = Script::new(&[("app.example", &[&["127.0.0.1"], &["127.0.0.2"], &["127.0.0.2", "127.0.0.1"]])]);
    let mut user = User::with_names(endpoint(&url, rules), names);
    assert_eq!(user.send(get("/first")).await.unwrap().status, 200);
    assert_eq!(user.send(get("/second")).await, Err(refused(Special::Loopback)));
    assert_eq!(user.send(get("/third")).await.unwrap().status, 200);
    assert_eq!(peer.received().len(), 2);
}

#[tokio::test]
async fn a_name_reaches_a_granted_address_at_the_granted_port_only() {
    let peer = Peer::start().await;
    let url = format!("http://app.example:{}/", peer.port);
    for (granted, reaches) in [
        (format!("127.0.0.1:{}", peer.port), true),
        (format!("127.0.0.0/8:{}", peer.port), true),
        ("127.0.0.1:1".to_owned(), false),
        (format!("127.0.0.2:{}", peer.port), false),
    ] {
        let mut user = User::with_names(endpoint(&url, addresses(&[granted])), Script::to_loopback(&["app.example"]));
        let answer = user.send(get("/")).await;
        assert_eq!(answer.is_ok(), reaches, "{answer:?}");
    }
    assert_eq!(peer.received().len(), 2);
}

#[tokio::test]
async fn an_address_as_the_host_is_judged_however_it_is_written() {
    let peer = Peer::start().await;
    for host in [
        "127.0.0.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "[::ffff:127.0.0.1]",
        "[::1]",
        "0.0.0.0",
        "[::]",
    ] {
        // The pattern would let every name and port pass; the address is refused all the same.
        let origin = format!("http://app.example:{}/", peer.port);
        let mut user = User::of(endpoint(&origin, EgressRules::default()));
        let answer = user.follow(&format!("http://{host}:{}/", peer.port), get("")).await;
        assert!(matches!(answer, Err(Error::Denied(Denial::Location(_)))), "{host}: {answer:?}");
    }
    assert_eq!(peer.received().len(), 0);
}

#[tokio::test]
async fn the_operator_s_own_address_is_reached_and_its_neighbours_are_not() {
    let (peer, other) = (Peer::start().await, Peer::start().await);
    for own in ["127.0.0.1", "localhost", "2130706433"] {
        let mut user = User::of(endpoint(&format!("http://{own}:{}/base", peer.port), EgressRules::default()));
        assert_eq!(user.send(get("/x")).await.unwrap().status, 200, "{own}");
        let answer = user.follow(&format!("http://{own}:{}/base/x", other.port), get("")).await;
        assert!(matches!(answer, Err(Error::Denied(Denial::Location(_)))), "{answer:?}");
    }
    assert_eq!((peer.received().len(), other.received().len()), (3, 0));
}

#[tokio::test]
async fn a_further_origin_is_reached_without_the_credential() {
    let peer = Peer::start().await;
    let also = |url: String, credential| FurtherOrigin { origin: url.parse().unwrap(), credential };
    let rules = EgressRules {
        also: vec![
            also(format!("http://*.pods.example:{}/services", peer.port), false),
            also(format!("http://127.0.0.1:{}/named", peer.port), true),
        ],
        ..addresses(&[format!("127.0.0.1:{}", peer.port)])
    };
    let own = Endpoint {
        authentication: purser_broker::Authentication::Bearer(crate::peer::secret("t0ken-t0ken")),
        ..endpoint("https://login.example/", rules)
    };
    let mut user = User::with_names(own, Script::to_loopback(&["eu1.pods.example"]));
    let pod = format!("http://eu1.pods.example:{}/services/q?page=2", peer.port);
    assert_eq!(user.follow(&pod, get("")).await.unwrap().status, 200);
    let named = format!("http://127.0.0.1:{}/named/q", peer.port);
    assert_eq!(user.follow(&named, get("")).await.unwrap().status, 200);
    let received = peer.received();
    assert!(
        received[0].starts_with("GET /services/q?page=2 ") && !received[0].contains("authorization"),
        "{received:?}"
    );
    assert!(received[1].contains("authorization: Bearer t0ken-t0ken\r\n"), "{received:?}");
}
