//! The API over TLS: by whom it is spoken, how, and what becomes of it when the certificate is replaced.

use purser_e2e::home::Home;
use purser_e2e::served::{QUIET, Served, eventually};
use purser_e2e::tls::Authority;
use rustls::ProtocolVersion::{TLSv1_2, TLSv1_3};
use rustls::version::{TLS12, TLS13};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

const DECLARED: &str = "[api]\ncertificate = \"../tls/chain.pem\"\nkey = \"../tls/key.pem\"\n";

/// A home whose API is declared to be served with this certificate.
fn with_certificate((certificate, key): &(String, String)) -> Home {
    let home = Home::new();
    home.declare("api", DECLARED);
    replace(&home, (certificate, key));
    home
}

fn replace(home: &Home, (certificate, key): (&str, &str)) {
    home.write("tls/chain.pem", certificate);
    home.write("tls/key.pem", key);
}

#[test]
fn who_trusts_its_authority_speaks_tls_with_the_host_and_nothing_older() {
    let authority = Authority::new();
    let home = with_certificate(&authority.certify());
    let served = Served::start(&home, &QUIET);
    assert!(served.process.output().contains("listening on https://127.0.0.1:"), "{}", served.process.output());
    for (offered, spoken) in [(&TLS13, TLSv1_3), (&TLS12, TLSv1_2)] {
        let mut connection = authority.client(&[offered]).connect(served.address).expect("it is trusted");
        assert_eq!(connection.version(), Some(spoken));
        let answer = connection.get("/healthz").expect("an answer");
        assert_eq!(answer.status(), Some(200));
        assert_eq!(answer.header("strict-transport-security"), Some("max-age=31536000"));
        let page = connection.get("/sign-in").expect("a page");
        assert!(page.header("set-cookie").is_some_and(|cookie| cookie.ends_with("; Secure")), "{page:?}");
    }
    assert!(Authority::new().client(&[&TLS13]).connect(served.address).is_err(), "another authority signed it");
    let answer = to_a_hello_of_tls_1_1(&served);
    assert_eq!(answer.first().copied(), Some(21), "an alert is wanted: {answer:?}");
    assert_eq!(answer.get(6).copied(), Some(70), "it says that the version is too old: {answer:?}");
    served.stop();
}

/// What the host says to who speaks nothing newer than TLS 1.1 (RFC 4346 section 7.4.1.2).
fn to_a_hello_of_tls_1_1(served: &Served<'_>) -> Vec<u8> {
    let mut hello = vec![3, 2];
    hello.extend([7; 32]);
    // No session, two suites, no compression, and one extension: signatures with ECDSA over P-256.
    hello.extend([0, 0, 4, 0xc0, 0x13, 0xc0, 0x14, 1, 0, 0, 8, 0, 13, 0, 4, 0, 2, 4, 3]);
    let length = u8::try_from(hello.len()).expect("it is short");
    let mut record = vec![22, 3, 1, 0, length + 4, 1, 0, 0, length];
    record.extend(hello);
    let mut stream = TcpStream::connect(served.address).expect("it listens");
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a time can be set");
    stream.write_all(&record).expect("it reads");
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    answer
}

#[test]
fn a_replaced_certificate_is_taken_up_and_no_connection_is_lost() {
    let authority = Authority::new();
    let (first, second) = (authority.certify(), authority.certify());
    let home = with_certificate(&first);
    let served = Served::start(&home, &QUIET);
    // Who connects and says nothing holds nobody up.
    let _silent = TcpStream::connect(served.address).expect("it listens");
    let client = authority.client(&[&TLS13]);
    let mut stays = client.connect(served.address).expect("it is trusted");
    let former = stays.certificate();
    assert_eq!(stays.get("/healthz").expect("an answer").status(), Some(200));

    // A key that is not the certificate's changes nothing but the log.
    home.write("tls/key.pem", &second.1);
    eventually("the host complains", || served.process.log().contains("is not that of the first certificate"));
    assert_eq!(client.connect(served.address).expect("the former is there").certificate(), former);

    replace(&home, (&second.0, &second.1));
    eventually("the new certificate is shown", || {
        client.connect(served.address).is_ok_and(|connection| connection.certificate() != former)
    });
    assert_eq!(stays.get("/healthz").expect("the connection goes on").status(), Some(200));
    served.stop();
}

#[test]
fn without_tls_nobody_beyond_this_machine_is_listened_to_unless_the_operator_says_so() {
    let authority = Authority::new();
    let home = Home::new();
    home.declare("nothing", "");
    let beyond = ["serve", "--listen", "0.0.0.0:0"];
    let refused = home.purser(&beyond);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(["--without-tls", "[api]"].iter().all(|words| refused.output.contains(words)), "{refused:?}");

    let mut plain = home.start(&[&beyond[..], &["--without-tls"]].concat());
    eventually("it listens plainly", || {
        assert!(!plain.has_ended(), "{}", plain.log());
        plain.output().contains("listening on http://0.0.0.0:")
    });
    plain.terminate();
    assert_eq!(plain.wait().code, Some(0));

    let (certificate, key) = authority.certify();
    replace(&home, (&certificate, &key));
    let named = ["--tls-certificate", "tls/chain.pem", "--tls-key", "tls/key.pem"];
    let mut secured = home.start(&[&beyond[..], &named].concat());
    eventually("it listens over TLS", || {
        assert!(!secured.has_ended(), "{}", secured.log());
        secured.output().contains("listening on https://0.0.0.0:")
    });
    secured.terminate();
    assert_eq!(secured.wait().code, Some(0));

    home.write("tls/key.pem", "nothing");
    let refused = home.purser(&[&beyond[..], &named].concat());
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.output.contains("tls/key.pem holds no private key in PEM"), "{refused:?}");
}
