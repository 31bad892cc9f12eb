//! A directory against servers that do not behave. Real ones are asked in `tests/e2e`.

use super::*;
use crate::ber::{ENUMERATED, INTEGER, OCTET_STRING, SEQUENCE, SET, Writer};
use crate::operation::{Change, Modification, Scope, Value};
use crate::settings::{AddressRefused, Security};
use purser_model::secret::Secret;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

struct Anywhere;

impl AddressPolicy for Anywhere {
    fn check(&self, _: &str, _: IpAddr, _: u16) -> Result<(), AddressRefused> {
        Ok(())
    }
}

/// A server that answers every request with what the function gives for its id and operation; none closes the connection.
async fn server(answer: impl Fn(u32, u8) -> Option<Vec<u8>> + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let answer = Arc::new(answer);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, answer.clone()));
        }
    });
    port
}

async fn serve(mut stream: TcpStream, answer: Arc<impl Fn(u32, u8) -> Option<Vec<u8>>>) {
    let mut buffer = Vec::new();
    loop {
        if stream.read_buf(&mut buffer).await.unwrap_or(0) == 0 {
            return;
        }
        while let Ok(Some(header)) = crate::ber::header(&buffer) {
            let whole = header.bytes + header.content;
            if buffer.len() < whole {
                break;
            }
            let content: Vec<u8> = buffer.drain(..whole).skip(header.bytes).collect();
            let mut reader = crate::ber::Reader::new(&content);
            let id = reader.number(INTEGER).unwrap();
            let Some(bytes) = answer(id, reader.tag().unwrap()) else { return };
            if stream.write_all(&bytes).await.is_err() {
                return;
            }
        }
    }
}

fn end(id: u32, tag: u8, code: u32, text: &str, cookie: Option<&[u8]>) -> Vec<u8> {
    let mut message = Writer::default();
    message.constructed(SEQUENCE, |message| {
        message.number(INTEGER, id);
        message.constructed(tag, |end| {
            end.number(ENUMERATED, code);
            end.primitive(OCTET_STRING, b"");
            end.primitive(OCTET_STRING, text.as_bytes());
        });
        if let Some(cookie) = cookie {
            message.constructed(0xa0, |list| {
                list.constructed(SEQUENCE, |control| {
                    control.primitive(OCTET_STRING, encode::PAGED_RESULTS.as_bytes());
                    let mut value = Writer::default();
                    value.constructed(SEQUENCE, |value| {
                        value.number(INTEGER, 0);
                        value.primitive(OCTET_STRING, cookie);
                    });
                    control.primitive(OCTET_STRING, value.bytes());
                });
            });
        }
    });
    message.bytes().to_vec()
}

fn entry(id: u32, value: &[u8]) -> Vec<u8> {
    let mut message = Writer::default();
    message.constructed(SEQUENCE, |message| {
        message.number(INTEGER, id);
        message.constructed(0x64, |entry| {
            entry.primitive(OCTET_STRING, b"cn=a");
            entry.constructed(SEQUENCE, |list| {
                list.constructed(SEQUENCE, |attribute| {
                    attribute.primitive(OCTET_STRING, b"cn");
                    attribute.constructed(SET, |set| set.primitive(OCTET_STRING, value));
                });
            });
        });
    });
    message.bytes().to_vec()
}

/// Nobody's directory on this port; built by hand, so that a password goes in clear to the servers of these tests.
fn directory(port: u16, bind: Bind) -> Directory {
    let settings = DirectorySettings {
        security: Security::Plain,
        timeout: Duration::from_secs(5),
        max_answer_bytes: 10_000,
        max_entries: 3,
        sessions: 2,
        ..DirectorySettings::new("127.0.0.1", port)
    };
    let opener = Opener::new(&settings, Arc::new(Anywhere)).unwrap();
    let places = Semaphore::new(settings.sessions as usize);
    Directory { settings: DirectorySettings { bind, ..settings }, opener, places, pool: Mutex::default() }
}

fn simple() -> Bind {
    Bind::Simple { name: "cn=purser".to_owned(), password: Secret::new("the-bind-password").unwrap() }
}

fn everything() -> Search {
    Search::new("dc=example", Scope::Subtree, "(objectClass=*)")
}

#[tokio::test]
async fn a_refused_bind_is_tried_once_however_many_ask() {
    let binds = Arc::new(AtomicU32::new(0));
    let counted = binds.clone();
    let port = server(move |id, _| {
        counted.fetch_add(1, Ordering::SeqCst);
        Some(end(id, 0x61, 49, "data 52e for the-bind-password", None))
    })
    .await;
    let directory = Arc::new(Directory { places: Semaphore::new(20), ..directory(port, simple()) });
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let directory = directory.clone();
            tokio::spawn(async move { directory.search(&everything(), &Slots::default()).await })
        })
        .collect();
    for task in tasks {
        let Err(LdapError::BindRefused { code: 49, text }) = task.await.unwrap() else { panic!("refused") };
        assert!(text.contains("data 52e for ***"), "{text}");
    }
    assert_eq!(binds.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn after_the_back_off_one_bind_is_tried_again() {
    let binds = Arc::new(AtomicU32::new(0));
    let counted = binds.clone();
    let port = server(move |id, tag| {
        let refuse = tag == 0x60 && counted.fetch_add(1, Ordering::SeqCst) == 0;
        Some(end(id, if tag == 0x60 { 0x61 } else { 0x65 }, if refuse { 49 } else { 0 }, "", None))
    })
    .await;
    let mut directory = directory(port, simple());
    directory.settings.bind_back_off = Duration::from_millis(50);
    let asked = directory.search(&everything(), &Slots::default()).await;
    assert!(matches!(asked, Err(LdapError::BindRefused { .. })));
    tokio::time::sleep(Duration::from_millis(80)).await;
    directory.search(&everything(), &Slots::default()).await.unwrap();
    assert_eq!(binds.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn an_answer_ends_at_its_caps() {
    let many = server(|id, _| Some([entry(id, b"a").repeat(4), end(id, 0x65, 0, "", None)].concat())).await;
    let large = server(|id, _| Some([entry(id, &[7; 9_990]), end(id, 0x65, 0, "", None)].concat())).await;
    // A length of 2 GiB, and nothing behind it.
    let promising = server(|_, _| Some(vec![0x30, 0x84, 0x7f, 0, 0, 0])).await;
    for (port, words) in [(many, "3 entries"), (large, "10000 bytes"), (promising, "10000 bytes")] {
        let error = directory(port, Bind::Anonymous).search(&everything(), &Slots::default()).await.unwrap_err();
        assert!(matches!(&error, LdapError::TooLarge(text) if text.contains(words)), "{error}");
    }
}

#[tokio::test]
async fn what_is_no_answer_interrupts() {
    // Ten thousand values in one another: whoever reads this by recursion has no stack left.
    let nested = (0..10_000).fold(Vec::new(), |inner: Vec<u8>, _| {
        let mut outer = Writer::default();
        outer.primitive(SEQUENCE, &inner[..inner.len().min(9_000)]);
        outer.bytes().to_vec()
    });
    type Answer = fn(u32) -> Option<Vec<u8>>;
    let answers: [Answer; 5] = [
        |_| None,
        |_| Some(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()),
        |id| Some(end(id + 1, 0x65, 0, "", None)),
        |id| Some(end(id, 0x67, 0, "", None)),
        |_| Some(end(0, 0x78, 52, "shutting down", None)),
    ];
    for answer in answers {
        let port = server(move |id, _| answer(id)).await;
        let error = directory(port, Bind::Anonymous).search(&everything(), &Slots::default()).await.unwrap_err();
        assert!(matches!(error, LdapError::Interrupted(_)), "{error}");
    }
    let port = server(move |_, _| Some(nested.clone())).await;
    let error = directory(port, Bind::Anonymous).search(&everything(), &Slots::default()).await.unwrap_err();
    assert!(matches!(error, LdapError::Interrupted(_)), "{error}");
}

#[tokio::test]
async fn a_server_that_never_answers_interrupts_and_one_that_is_not_there_is_unreachable() {
    let silent = server(|_, _| Some(Vec::new())).await;
    let mut directory_of_silence = directory(silent, Bind::Anonymous);
    directory_of_silence.settings.timeout = Duration::from_millis(100);
    let error = directory_of_silence.search(&everything(), &Slots::default()).await.unwrap_err();
    assert!(matches!(error, LdapError::Interrupted(_)), "{error}");
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let error = directory(closed, Bind::Anonymous).search(&everything(), &Slots::default()).await.unwrap_err();
    assert!(matches!(error, LdapError::Unreachable(_)), "{error}");
}

#[tokio::test]
async fn a_page_goes_on_in_its_own_session_and_a_lost_one_is_named() {
    let port =
        server(|id, _| Some(end(id, 0x65, 0, "", Some(if id == 1 { b"the server's cookie" } else { b"" })))).await;
    let directory = directory(port, Bind::Anonymous);
    let paged = Search { page_size: Some(10), ..everything() };
    let first = directory.search(&paged, &Slots::default()).await.unwrap();
    assert!(!first.cookie.is_empty() && first.cookie != b"the server's cookie", "the guest gets a name of its own");
    assert!(first.controls.is_empty());
    let next = Search { cookie: first.cookie, ..paged.clone() };
    // The second request of the same session has the id 2, which ends the search.
    assert!(directory.search(&next, &Slots::default()).await.unwrap().cookie.is_empty());
    assert_eq!(directory.search(&next, &Slots::default()).await, Err(LdapError::CursorLost));
}

#[tokio::test]
async fn sessions_that_wait_for_a_page_are_bounded_in_number_and_time() {
    let port = server(|id, _| Some(end(id, 0x65, 0, "", Some(b"more")))).await;
    let mut directory = directory(port, Bind::Anonymous);
    let paged = Search { page_size: Some(10), ..everything() };
    let mut cookies = Vec::new();
    for _ in 0..3 {
        cookies.push(directory.search(&paged, &Slots::default()).await.unwrap().cookie);
    }
    let at = |cookie: &Vec<u8>| Search { cookie: cookie.clone(), ..paged.clone() };
    assert_eq!(directory.search(&at(&cookies[0]), &Slots::default()).await, Err(LdapError::CursorLost));
    assert!(directory.search(&at(&cookies[1]), &Slots::default()).await.is_ok());
    directory.settings.page_idle = Duration::ZERO;
    assert_eq!(directory.search(&at(&cookies[2]), &Slots::default()).await, Err(LdapError::CursorLost));
}

#[tokio::test]
async fn a_session_that_the_server_closed_is_not_used_again() {
    let served = Arc::new(AtomicU32::new(0));
    let counted = served.clone();
    let port = server(move |id, tag| {
        // The second request is met with silence and a closed connection; a search is asked again in a new session.
        (counted.fetch_add(1, Ordering::SeqCst) != 1)
            .then(|| end(id, if tag == 0x63 { 0x65 } else { 0x6b }, 0, "", None))
    })
    .await;
    let directory = directory(port, Bind::Anonymous);
    directory.search(&everything(), &Slots::default()).await.unwrap();
    directory.search(&everything(), &Slots::default()).await.unwrap();
    assert_eq!(served.load(Ordering::SeqCst), 3);
    served.store(1, Ordering::SeqCst);
    let delete = Write::Delete { dn: "cn=a".to_owned() };
    let error = directory.write(&delete, &[], &Slots::default()).await.unwrap_err();
    assert!(matches!(error, LdapError::Interrupted(_)), "a write is never sent twice: {error}");
}

#[tokio::test]
async fn a_secret_does_not_go_over_a_connection_without_tls() {
    let port = server(|_, _| None).await;
    let mut slots = Slots::default();
    let slot = slots.attach(Secret::new("Pa55word!").unwrap());
    let change = |value| Write::Modify {
        dn: "cn=a".to_owned(),
        changes: vec![Change {
            modification: Modification::Replace,
            name: "userPassword".to_owned(),
            values: vec![value],
        }],
    };
    for value in [Value::Secret(slot), Value::SecretQuotedUtf16Le(slot)] {
        let error = directory(port, Bind::Anonymous).write(&change(value), &[], &slots).await.unwrap_err();
        assert!(matches!(&error, LdapError::Denied(text) if text.contains("TLS")), "{error}");
    }
    let missing = directory(port, Bind::Anonymous).write(&change(Value::Secret(7)), &[], &slots).await.unwrap_err();
    assert!(matches!(&missing, LdapError::Denied(text) if text.contains("slot 7")), "{missing}");
    let password = |dn: &str, slot| Write::Password { dn: dn.to_owned(), slot };
    let by_hand = Write::Extended { oid: "1.3.6.1.4.1.4203.1.11.1".to_owned(), value: None };
    for (write, reason) in [
        (password("cn=a", slot), "TLS"),
        (password("cn=a", 7), "slot 7"),
        (password("", slot), "no name of an entry"),
        (password("u:a", slot), "no name of an entry"),
        (by_hand, "set-password"),
    ] {
        let error = directory(port, Bind::Anonymous).write(&write, &[], &slots).await.unwrap_err();
        assert!(matches!(&error, LdapError::Denied(text) if text.contains(reason)), "{error}");
    }
}

#[test]
fn a_password_is_not_sent_in_clear_either() {
    let settings =
        DirectorySettings { security: Security::Plain, bind: simple(), ..DirectorySettings::new("127.0.0.1", 389) };
    assert!(matches!(Directory::new(settings, Arc::new(Anywhere)), Err(SettingsError::PasswordInClear)));
}

#[tokio::test]
async fn an_echoed_secret_is_blotted() {
    let port = server(|id, tag| match tag {
        0x60 => Some(end(id, 0x61, 0, "", None)),
        _ => Some([entry(id, b"it is the-bind-password"), end(id, 0x65, 0, "", None)].concat()),
    })
    .await;
    let found = directory(port, simple()).search(&everything(), &Slots::default()).await.unwrap();
    assert_eq!(found.entries[0].attributes[0].values, [b"it is ***".to_vec()]);
}

#[tokio::test]
async fn an_address_that_the_policy_refuses_is_not_dialled() {
    struct Nowhere;
    impl AddressPolicy for Nowhere {
        fn check(&self, host: &str, address: IpAddr, port: u16) -> Result<(), AddressRefused> {
            Err(AddressRefused(format!("{host} is {address}:{port}, which is not granted")))
        }
    }
    let served = Arc::new(AtomicU32::new(0));
    let counted = served.clone();
    let port = server(move |_, _| {
        counted.fetch_add(1, Ordering::SeqCst);
        None
    })
    .await;
    let mut directory = directory(port, Bind::Anonymous);
    directory.opener = Opener::new(&directory.settings, Arc::new(Nowhere)).unwrap();
    let error = directory.search(&everything(), &Slots::default()).await.unwrap_err();
    assert!(matches!(&error, LdapError::Denied(text) if text.contains("not granted")), "{error}");
    assert_eq!(served.load(Ordering::SeqCst), 0);
}
