//! The contract's imports, one function each: a component imports what it calls and nothing else.

use crate::bindings::purser::connector::{clock, files, http, log as wit_log, random, state};
use crate::host::{Entry, FileError, Level};
use crate::http::{Answer, Failure, Method, Request, SecretEncoding};

pub use super::ldap_import::{ldap_execute, ldap_search};

pub fn now_ms() -> u64 {
    clock::now_ms()
}

pub fn monotonic_ns() -> u64 {
    clock::monotonic_ns()
}

pub fn random_bytes(length: u32) -> Vec<u8> {
    random::bytes(length)
}

pub fn log(level: Level, message: &str) {
    let level = match level {
        Level::Debug => wit_log::Level::Debug,
        Level::Info => wit_log::Level::Info,
        Level::Warn => wit_log::Level::Warn,
        Level::Error => wit_log::Level::Error,
    };
    wit_log::write(level, message);
}

pub fn state_get(key: &str) -> Option<Vec<u8>> {
    state::get(key)
}

pub fn state_set(key: &str, value: &[u8]) -> Result<(), String> {
    state::set(key, value)
}

pub fn state_delete(key: &str) {
    state::delete(key);
}

pub fn files_list(directory: &str, path: &str) -> Result<Vec<Entry>, FileError> {
    let entries = files::list(directory, path).map_err(file_error)?;
    let entries = entries.into_iter().map(|entry| Entry {
        name: entry.name,
        directory: entry.directory,
        size: entry.size,
        modified: entry.modified,
    });
    Ok(entries.collect())
}

pub fn files_read(directory: &str, path: &str, offset: u64, length: u32) -> Result<Vec<u8>, FileError> {
    files::read(directory, path, offset, length).map_err(file_error)
}

pub fn files_begin(directory: &str, path: &str) -> Result<u32, FileError> {
    files::begin(directory, path).map_err(file_error)
}

pub fn files_append(handle: u32, bytes: &[u8]) -> Result<(), FileError> {
    files::append(handle, bytes).map_err(file_error)
}

pub fn files_commit(handle: u32) -> Result<(), FileError> {
    files::commit(handle).map_err(file_error)
}

pub fn files_remove(directory: &str, path: &str) -> Result<(), FileError> {
    files::remove(directory, path).map_err(file_error)
}

fn file_error(error: files::Error) -> FileError {
    match error {
        files::Error::Denied(text) => FileError::Denied(text),
        files::Error::NotFound => FileError::NotFound,
        files::Error::Limit(text) => FileError::Limit(text),
        files::Error::Failed(text) => FileError::Failed(text),
    }
}

pub fn http_send(request: &Request) -> Result<Answer, Failure> {
    http::send(&wit_request(request)).map(answer).map_err(failure)
}

pub fn http_follow(url: &str, request: &Request) -> Result<Answer, Failure> {
    http::follow(url, &wit_request(request)).map(answer).map_err(failure)
}

fn wit_request(request: &Request) -> http::Request {
    http::Request {
        endpoint: request.endpoint.clone(),
        method: match request.method {
            Method::Get => http::Method::Get,
            Method::Head => http::Method::Head,
            Method::Post => http::Method::Post,
            Method::Put => http::Method::Put,
            Method::Patch => http::Method::Patch,
            Method::Delete => http::Method::Delete,
        },
        path: request.path.clone(),
        query: fields(&request.query),
        headers: fields(&request.headers),
        body: request.body.clone(),
        secrets: request
            .secrets
            .iter()
            .map(|secret| http::SecretUse {
                slot: secret.slot,
                placeholder: secret.placeholder.clone(),
                encoding: match secret.encoding {
                    SecretEncoding::Raw => http::SecretEncoding::Raw,
                    SecretEncoding::JsonString => http::SecretEncoding::JsonString,
                    SecretEncoding::Form => http::SecretEncoding::Form,
                },
            })
            .collect(),
        timeout_ms: request.timeout_ms,
    }
}

fn fields(fields: &[(String, String)]) -> Vec<http::Field> {
    fields.iter().map(|(name, value)| http::Field { name: name.clone(), value: value.clone() }).collect()
}

fn answer(response: http::Response) -> Answer {
    let headers = response.headers.into_iter().map(|field| (field.name, field.value)).collect();
    Answer { status: response.status, headers, body: response.body }
}

fn failure(error: http::Error) -> Failure {
    match error {
        http::Error::Denied(text) => Failure::Denied(text),
        http::Error::Unreachable(text) => Failure::Unreachable(text),
        http::Error::Interrupted(text) => Failure::Interrupted(text),
        http::Error::TooLarge(text) => Failure::TooLarge(text),
    }
}
