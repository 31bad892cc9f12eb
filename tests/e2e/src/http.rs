//! As much of HTTP/1.1 (RFC 9112) as a judge and a disturber of connections need: one message per connection.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Longer than anything that is asked for here takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// A request or an answer.
#[derive(Debug, Clone)]
pub struct Message {
    /// The request line or the status line.
    pub first_line: String,
    /// In the order in which they came.
    pub headers: Vec<(String, String)>,
    /// As many bytes as `Content-Length` says; without it none in a request, and all that come in an answer.
    pub body: Vec<u8>,
}

impl Message {
    /// Reads a request; none where the other side ends the connection before it begins.
    ///
    /// # Errors
    /// The connection fails or ends within the request.
    pub fn read_request(stream: &TcpStream) -> io::Result<Option<Self>> {
        let mut reader = BufReader::new(stream);
        let Some(mut message) = Self::read_head(&mut reader)? else { return Ok(None) };
        message.read_counted_body(&mut reader)?;
        Ok(Some(message))
    }

    /// Reads an answer.
    ///
    /// # Errors
    /// The connection fails or ends within the answer.
    pub fn read_answer(stream: &TcpStream) -> io::Result<Self> {
        let mut reader = BufReader::new(stream);
        let mut message = Self::read_head(&mut reader)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        if message.header("content-length").is_some() || message.status() == Some(204) {
            message.read_counted_body(&mut reader)?;
        } else {
            reader.read_to_end(&mut message.body)?;
        }
        Ok(message)
    }

    /// Reads a message whose length is said, and nothing after it.
    ///
    /// # Errors
    /// The connection fails or ends within the message.
    pub fn read_counted(reader: &mut impl BufRead) -> io::Result<Self> {
        let mut message = Self::read_head(reader)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        message.read_counted_body(reader)?;
        Ok(message)
    }

    fn read_head(reader: &mut impl BufRead) -> io::Result<Option<Self>> {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let mut message = Self { first_line: line.trim_end().to_owned(), headers: Vec::new(), body: Vec::new() };
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let Some((name, value)) = line.trim_end().split_once(':') else { return Ok(Some(message)) };
            message.headers.push((name.to_owned(), value.trim().to_owned()));
        }
    }

    fn read_counted_body(&mut self, reader: &mut impl Read) -> io::Result<()> {
        let length = self.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        self.body = vec![0; length];
        reader.read_exact(&mut self.body)
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The status code of an answer.
    pub fn status(&self) -> Option<u16> {
        self.first_line.split(' ').nth(1)?.parse().ok()
    }

    /// Method and target of a request.
    pub fn method_and_target(&self) -> (&str, &str) {
        let mut parts = self.first_line.split(' ');
        (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
    }

    /// As it goes over the wire. The connection is for this message alone.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut text = format!("{}\r\n", self.first_line);
        let framing = ["connection", "content-length", "transfer-encoding"];
        let headers = self.headers.iter().filter(|(name, _)| !framing.contains(&name.to_ascii_lowercase().as_str()));
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        if self.status() != Some(204) {
            text.push_str(&format!("Content-Length: {}\r\n", self.body.len()));
        }
        text.push_str("Connection: close\r\n\r\n");
        let mut bytes = text.into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

/// Sends a request and reads the answer, over a connection of their own.
///
/// # Errors
/// The connection cannot be made, fails, or ends within the answer.
pub fn exchange(server: SocketAddr, request: &Message) -> io::Result<Message> {
    exchange_within(server, request, PATIENCE)
}

/// The same with another server's patience: no single read or write may take longer.
///
/// # Errors
/// As [`exchange`].
pub fn exchange_within(server: SocketAddr, request: &Message, patience: Duration) -> io::Result<Message> {
    let mut stream = TcpStream::connect(server)?;
    stream.set_read_timeout(Some(patience))?;
    stream.set_write_timeout(Some(patience))?;
    stream.write_all(&request.to_bytes())?;
    Message::read_answer(&stream)
}
