//! The API over TLS: by whom it is spoken, how, and what becomes of it when the certificate is replaced.

use purser_e2e::home::Home;
use purser_e2e::served::{QUIET, Served, eventually};
use purser_e2e::tls::{Authority, TlsConnection};
use rustls::ProtocolVersion::{TLSv1_2, TLSv1_3};
use rustls::version::{TLS12, TLS13};
use serde_json::{Value, json};
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

/// Asks over TLS with a token, and perhaps the tag of what is changed; the answer and what it holds.
fn ask(
    connection: &mut TlsConnection,
    token: &str,
    path: &str,
    change: Option<(&str, &Value)>,
) -> (u16, Value, String) {
    let bearer = format!("Bearer {token}");
    let (method, tag, body) = change
        .map_or(("GET", String::new(), String::new()), |(tag, body)| ("POST", format!("\"{tag}\""), body.to_string()));
    let headers = [("Authorization", bearer.as_str()), ("If-Match", &tag), ("Content-Type", "application/json")];
    let answer =
        connection.ask(method, path, &headers[..if tag.is_empty() { 1 } else { 3 }], &body).expect("an answer");
    let policy = answer.header("ratelimit-policy").unwrap_or_default().to_owned();
    (answer.status().expect("a status"), serde_json::from_slice(&answer.body).unwrap_or_default(), policy)
}

/// Declares over this connection that so many requests may be made in an hour.
fn limit(connection: &mut TlsConnection, token: &str, from: u64, to: u64) {
    let (status, declared, _) = ask(connection, token, "/v1/declarations", None);
    assert_eq!(status, 200, "{declared}");
    let mut files = declared["files"].clone();
    let text = files[0]["text"].as_str().expect("a text");
    files[0]["text"] = json!(text.replace(&format!("calls = {from}"), &format!("calls = {to}")));
    let tag = declared["digest"].as_str().expect("a digest");
    let (status, answer, _) = ask(connection, token, "/v1/declarations", Some((tag, &json!({"files": files}))));
    assert_eq!(status, 200, "{answer}");
}

#[test]
fn declarations_are_taken_over_over_tls_and_the_limits_in_them_hold_on_connections_that_stay() {
    let authority = Authority::new();
    let home = with_certificate(&authority.certify());
    home.declare("api", &format!("{DECLARED}\n[api.limits]\nrequests = {{ calls = 1000, per = \"1h\" }}\n"));
    let served = Served::start(&home, &QUIET);
    let (ada, vera) = (home.api_token("ada", "admin"), home.api_token("vera", "viewer"));
    let client = authority.client(&[&TLS13]);
    let mut stays = client.connect(served.address).expect("it is trusted");
    assert_eq!(ask(&mut stays, &vera, "/v1/caller", None).2, "\"requests\";q=1000;w=3600");

    let mut other = client.connect(served.address).expect("it is trusted");
    limit(&mut other, &ada, 1000, 3);
    assert!(home.read("declarations/api.toml").contains("calls = 3"));
    let asked: Vec<_> = (0..4).map(|_| ask(&mut stays, &vera, "/v1/caller", None)).collect();
    assert_eq!(asked.iter().map(|(status, ..)| *status).collect::<Vec<_>>(), [200, 200, 200, 429], "{asked:?}");
    assert!(asked.iter().all(|(_, _, policy)| policy == "\"requests\";q=3;w=3600"), "{asked:?}");

    // One that has not used up its own raises it for everybody; what was refused stays counted.
    limit(&mut other, &ada, 3, 500);
    assert_eq!(ask(&mut stays, &vera, "/v1/caller", None).2, "\"requests\";q=500;w=3600");
    let headers = [("Authorization", format!("Bearer {}", served.own_token()))];
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let metrics = stays.ask("GET", "/metrics", &headers, "").expect("an answer").body;
    let metrics = String::from_utf8(metrics).expect("text");
    assert!(metrics.contains("purser_requests_refused_total{reason=\"requests\"} 1"), "{metrics}");
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
