//! A proxy before a directory that turns a seeded share of the requests away as a busy server does, and loses the answers of others.

use crate::tls::{Authority, trusting};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// The result code `busy` (RFC 4511 section 4.1.9).
const BUSY: u8 = 51;
/// OID of the Password Modify operation (RFC 3062).
const PASSWORD_MODIFY: &[u8] = b"1.3.6.1.4.1.4203.1.11.1";
/// The largest message that either side sends in these tests.
const LARGEST: usize = 64 << 20;

/// A running proxy, with TLS on both sides; it ends with this value.
pub struct LdapProxy {
    address: SocketAddr,
    authority: String,
    dice: Arc<Mutex<Dice>>,
    _runtime: Runtime,
}

/// What came so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counted {
    /// All requests that are answered.
    pub requests: u64,
    /// Requests that were answered with `busy` and did not reach the directory.
    pub turned_away: u64,
    /// Requests that the directory carried out and whose answer was lost with the connection.
    pub lost: u64,
}

struct Dice {
    random: StdRng,
    throttled: f64,
    lost: f64,
    counted: Counted,
    /// The last password that each entry got by the operation, by its name.
    passwords: BTreeMap<String, String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Passed,
    TurnedAway,
    Lost,
}

impl Dice {
    fn throw(&mut self) -> Fate {
        self.counted.requests += 1;
        if self.throttled > 0.0 && self.random.random_bool(self.throttled) {
            self.counted.turned_away += 1;
            return Fate::TurnedAway;
        }
        if self.lost > 0.0 && self.random.random_bool(self.lost) {
            self.counted.lost += 1;
            return Fate::Lost;
        }
        Fate::Passed
    }
}

impl LdapProxy {
    /// Starts a proxy before a directory that listens with TLS, whose certificate this authority has signed. It disturbs nothing
    /// yet.
    ///
    /// # Panics
    /// It cannot be started.
    pub fn start(server: SocketAddr, authority: &Path, seed: u64) -> Self {
        let own = Authority::new();
        let accepting = accepting(&own);
        let authority = std::fs::read_to_string(authority).expect("the authority's certificate is there");
        let dialling = TlsConnector::from(trusting(&authority, rustls::DEFAULT_VERSIONS));
        let random = StdRng::seed_from_u64(seed);
        let (counted, passwords) = (Counted::default(), BTreeMap::new());
        let dice = Arc::new(Mutex::new(Dice { random, throttled: 0.0, lost: 0.0, counted, passwords }));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime can be had");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a free port can be had");
        let address = listener.local_addr().expect("a listener has an address");
        runtime.spawn(accept(listener, server, accepting, dialling, dice.clone()));
        Self { address, authority: own.pem(), dice, _runtime: runtime }
    }

    /// Where it listens, with TLS.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The certificate of the authority that signed its own, as PEM.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// From now on these shares (0.0 to 1.0) of the requests are turned away as busy, and of the answers lost.
    pub fn disturb(&self, throttled: f64, lost: f64) {
        let mut dice = self.dice.lock().expect("no thread panics while it throws dice");
        (dice.throttled, dice.lost) = (throttled, lost);
    }

    /// The last password that each entry got by the operation Password Modify, by its name, as it was on the wire.
    pub fn passwords(&self) -> BTreeMap<String, String> {
        self.dice.lock().expect("no thread panics while it throws dice").passwords.clone()
    }

    /// What came so far.
    pub fn counted(&self) -> Counted {
        self.dice.lock().expect("no thread panics while it throws dice").counted
    }
}

fn accepting(authority: &Authority) -> TlsAcceptor {
    let (certificate, key) = authority.certify();
    let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).expect("it is PEM");
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("it is PEM");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the usual versions of TLS are known")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("the key is the certificate's");
    TlsAcceptor::from(Arc::new(config))
}

async fn accept(
    listener: TcpListener,
    server: SocketAddr,
    acceptor: TlsAcceptor,
    dialling: TlsConnector,
    dice: Arc<Mutex<Dice>>,
) {
    while let Ok((client, _)) = listener.accept().await {
        let (acceptor, dialling, dice) = (acceptor.clone(), dialling.clone(), dice.clone());
        tokio::spawn(async move {
            // Whatever fails ends this connection, which is what a client must live with.
            let _ = serve(client, server, acceptor, dialling, dice).await;
        });
    }
}

async fn serve(
    client: TcpStream,
    server: SocketAddr,
    acceptor: TlsAcceptor,
    dialling: TlsConnector,
    dice: Arc<Mutex<Dice>>,
) -> io::Result<()> {
    let name = ServerName::IpAddress(server.ip().into());
    let server = TcpStream::connect(server).await?;
    server.set_nodelay(true)?;
    client.set_nodelay(true)?;
    let server = dialling.connect(name, server).await?;
    let (mut requests, to_client) = split(acceptor.accept(client).await?);
    let (mut answers, mut to_server) = split(server);
    let to_client = tokio::sync::Mutex::new(to_client);
    let lost = Mutex::new(BTreeSet::new());
    let upward = async {
        while let Some(message) = Message::read(&mut requests).await? {
            let fate = match message.answered_with() {
                Some(_) => dice.lock().expect("no thread panics while it throws dice").throw(),
                None => Fate::Passed,
            };
            if let (false, Some((dn, password))) = (fate == Fate::TurnedAway, message.password()) {
                dice.lock().expect("no thread panics while it notes a password").passwords.insert(dn, password);
            }
            match (fate, message.answered_with()) {
                (Fate::TurnedAway, Some(tag)) => to_client.lock().await.write_all(&message.busy(tag)).await?,
                (Fate::Lost, _) => {
                    lost.lock().expect("no thread panics while it notes a message").insert(message.id().to_vec());
                    to_server.write_all(&message.bytes).await?;
                }
                _ => to_server.write_all(&message.bytes).await?,
            }
            flush(&mut to_server, &to_client).await?;
        }
        io::Result::Ok(())
    };
    let downward = async {
        while let Some(message) = Message::read(&mut answers).await? {
            let is_lost = lost.lock().expect("no thread panics while it notes a message").contains(message.id());
            if is_lost && message.is_last() {
                return io::Result::Ok(());
            }
            let mut client = to_client.lock().await;
            client.write_all(&message.bytes).await?;
            client.flush().await?;
        }
        Ok(())
    };
    tokio::select! { ended = upward => ended, ended = downward => ended }
}

async fn flush<S: AsyncWrite + Unpin, C: AsyncWrite + Unpin>(
    server: &mut S,
    client: &tokio::sync::Mutex<C>,
) -> io::Result<()> {
    server.flush().await?;
    client.lock().await.flush().await
}

/// The values that stand one after the other, with their tags.
fn values(mut bytes: &[u8]) -> Vec<(u8, &[u8])> {
    let mut values = Vec::new();
    while let [tag, first, rest @ ..] = bytes {
        let long = if first & 0x80 == 0 { 0 } else { usize::from(first & 0x7f) };
        let Some((digits, rest)) = rest.split_at_checked(long) else { break };
        let length = match long {
            0 => usize::from(*first),
            _ => digits.iter().fold(0, |length: usize, digit| (length << 8) | usize::from(*digit)),
        };
        let Some((value, rest)) = rest.split_at_checked(length) else { break };
        values.push((*tag, value));
        bytes = rest;
    }
    values
}

/// One LDAPMessage (RFC 4511 section 4.1.1), as it came.
struct Message {
    bytes: Vec<u8>,
    /// Where what is in the sequence begins.
    content: usize,
}

impl Message {
    async fn read(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Self>> {
        let mut bytes = vec![0; 2];
        if from.read(&mut bytes[..1]).await? == 0 {
            return Ok(None);
        }
        from.read_exact(&mut bytes[1..]).await?;
        let mut length = usize::from(bytes[1]);
        if length & 0x80 != 0 {
            let mut more = vec![0; length & 0x7f];
            from.read_exact(&mut more).await?;
            length = more.iter().fold(0, |length: usize, byte| (length << 8) | usize::from(*byte));
            bytes.extend(more);
        }
        let content = bytes.len();
        if bytes[0] != 0x30 || length > LARGEST {
            return Err(io::ErrorKind::InvalidData.into());
        }
        bytes.resize(content + length, 0);
        from.read_exact(&mut bytes[content..]).await?;
        let message = Self { bytes, content };
        if message.bytes.len() <= message.operation_at() {
            Err(io::ErrorKind::InvalidData.into())
        } else {
            Ok(Some(message))
        }
    }

    /// The number of the request, as it is written.
    fn id(&self) -> &[u8] {
        &self.bytes[self.content..self.operation_at()]
    }

    fn operation_at(&self) -> usize {
        self.content + 2 + usize::from(self.bytes.get(self.content + 1).copied().unwrap_or_default())
    }

    fn operation(&self) -> u8 {
        self.bytes[self.operation_at()]
    }

    /// The tag of the answer to a request; none where it is no request that is answered.
    fn answered_with(&self) -> Option<u8> {
        match self.operation() {
            0x60 => Some(0x61),
            0x63 => Some(0x65),
            0x66 => Some(0x67),
            0x68 => Some(0x69),
            0x4A => Some(0x6B),
            0x6C => Some(0x6D),
            0x6E => Some(0x6F),
            0x77 => Some(0x78),
            _ => None,
        }
    }

    /// The name and the new password of a Password Modify request.
    fn password(&self) -> Option<(String, String)> {
        let request = values(values(&self.bytes[self.operation_at()..]).first().filter(|(tag, _)| *tag == 0x77)?.1);
        let [(0x80, PASSWORD_MODIFY), (0x81, value)] = request.as_slice() else { return None };
        let fields = values(values(value).first()?.1);
        let [(0x80, dn), (0x82, password)] = fields.as_slice() else { return None };
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
        Some((text(dn)?, text(password)?))
    }

    /// Whether nothing follows this answer to a request: all but entries, references and intermediate answers.
    fn is_last(&self) -> bool {
        !matches!(self.operation(), 0x64 | 0x73 | 0x79)
    }

    /// The answer of a busy server, with this tag.
    fn busy(&self, tag: u8) -> Vec<u8> {
        let result = [0x0A, 1, BUSY, 0x04, 0, 0x04, 4, b'b', b'u', b's', b'y'];
        let short = |length: usize| u8::try_from(length).expect("it is short");
        let mut answer = vec![0x30, short(self.id().len() + 2 + result.len())];
        answer.extend(self.id());
        answer.extend([tag, short(result.len())]);
        answer.extend(result);
        answer
    }
}
