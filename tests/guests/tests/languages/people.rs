//! An application with a small REST API over HTTP/1.1, on the loopback interface.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

#[derive(Default)]
struct Application {
    people: Mutex<BTreeMap<String, Value>>,
    broken: AtomicBool,
}

/// The application; it ends with the test's asynchronous runtime.
pub struct People {
    url: Url,
    application: Arc<Application>,
}

impl People {
    /// With these people, by id and login.
    pub async fn start(people: &[(&str, &str)]) -> Self {
        let application = Arc::new(Application::default());
        for (id, login) in people {
            let person = json!({"id": id, "login": login, "mail": format!("{login}@example.org"), "active": true});
            application.people.lock().unwrap().insert((*id).to_owned(), person);
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        let serving = Arc::clone(&application);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&serving)));
            }
        });
        Self { url, application }
    }

    /// Where it is.
    pub fn url(&self) -> Url {
        self.url.clone()
    }

    /// From now on it answers with what is no JSON.
    pub fn break_down(&self) {
        self.application.broken.store(true, Ordering::SeqCst);
    }
}

async fn serve(stream: TcpStream, application: Arc<Application>) {
    let mut stream = BufReader::new(stream);
    while let Some((method, target, body)) = request(&mut stream).await {
        let (status, answer) = application.answer(&method, &target, &body);
        let answer = if application.broken.load(Ordering::SeqCst) { "<html>".to_owned() } else { answer };
        let head = format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\n\r\n", answer.len());
        stream.write_all((head + &answer).as_bytes()).await.unwrap();
    }
}

async fn request(stream: &mut BufReader<TcpStream>) -> Option<(String, String, Vec<u8>)> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok().filter(|length| *length > 0)?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut length = 0;
    loop {
        let mut header = String::new();
        stream.read_line(&mut header).await.ok()?;
        match header.trim_end().split_once(':') {
            None => break,
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.trim().parse().ok()?,
            Some(_) => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some((method, target, body))
}

impl Application {
    fn answer(&self, method: &str, target: &str, body: &[u8]) -> (u16, String) {
        let url = Url::parse("http://x").unwrap().join(target).unwrap();
        let query: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
        let id = url.path().strip_prefix("/people/").map(str::to_owned);
        let given = serde_json::from_slice::<Value>(body).unwrap_or(Value::Null);
        let mut people = self.people.lock().unwrap();
        match (method, id) {
            ("GET", None) => {
                let after = query.get("after").cloned().unwrap_or_default();
                let limit: usize = query["limit"].parse().unwrap();
                let rest: Vec<&Value> =
                    people.iter().filter(|(id, _)| **id > after).map(|(_, person)| person).collect();
                let page = json!({"people": rest.iter().take(limit).collect::<Vec<_>>(), "more": rest.len() > limit});
                (200, page.to_string())
            }
            ("POST", None) => {
                let id = (people.len() + 1).to_string();
                let mut person = given;
                person["id"] = json!(id);
                people.insert(id, person.clone());
                (201, person.to_string())
            }
            (_, Some(id)) if !people.contains_key(&id) => (404, String::new()),
            ("GET", Some(id)) => (200, people[&id].to_string()),
            ("PATCH", Some(id)) => {
                let person = people.get_mut(&id).unwrap();
                given.as_object().unwrap().iter().for_each(|(name, value)| person[name] = value.clone());
                (200, person.to_string())
            }
            ("DELETE", Some(id)) => {
                people.remove(&id);
                (204, String::new())
            }
            _ => (405, String::new()),
        }
    }
}
