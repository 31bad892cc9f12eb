//! Why a host did not answer as asked.

use purser_api::DeclarationMistake;
use purser_broker::http::{EndpointError, NoAnswer};
use serde::Deserialize;
use std::path::PathBuf;

/// A host over its API did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// The URL cannot be used.
    #[error("`{url}` is no URL of a host: {reason}")]
    Url {
        /// What was given.
        url: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// The way there cannot be set up.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// No token is known for the host.
    #[error("no token is known for {0}: run `purser login {0}`, or set PURSER_TOKEN")]
    NoToken(String),
    /// The host did not answer.
    #[error("the host {host}: {source}")]
    NoAnswer {
        /// Which.
        host: String,
        /// Why.
        source: NoAnswer,
    },
    /// The host says why it does not.
    #[error("{title}: {detail}")]
    Problem {
        /// The status.
        status: u16,
        /// The stable code.
        code: String,
        /// In short.
        title: String,
        /// What to do.
        detail: String,
    },
    /// What came is no answer of a host.
    #[error("{what} cannot be read ({reason}): is it a Purser of another version?")]
    Unreadable {
        /// Which answer.
        what: String,
        /// Why not.
        reason: String,
    },
    /// The command, or a part of it, needs the home.
    #[error("{0} needs the home itself: run it on the host's machine, without --server")]
    NeedsHome(String),
    /// A restore takes the store from under a host.
    #[error(
        "`purser restore` puts another store in the place of the one that a host works with: stop the host, and restore in its home, without --server"
    )]
    Serves,
    /// The command is about the machine that it is run on.
    #[error("{0} has nothing to do with a host: run it without --server")]
    NothingToDoThere(&'static str),
    /// There is nothing of this name.
    #[error("{0}")]
    Nobody(String),
    /// The file of tokens cannot be used.
    #[error("{}: {reason}", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

/// A problem (RFC 9457).
#[derive(Deserialize)]
pub(super) struct ToldProblem {
    #[serde(default)]
    code: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    detail: String,
    #[serde(default)]
    mistakes: Vec<DeclarationMistake>,
}

/// What is wrong in declarations, after what is said about them all.
fn with_mistakes(detail: String, mistakes: &[DeclarationMistake]) -> String {
    let place = |one: &DeclarationMistake| one.line.map(|line| format!(":{line}")).unwrap_or_default();
    let lines = mistakes.iter().map(|one| format!("\n{}{}: {}: {}", one.file, place(one), one.key, one.message));
    std::iter::once(detail).chain(lines).collect()
}

impl RemoteError {
    /// What a status and a body tell.
    pub(super) fn told(status: u16, body: &[u8]) -> Self {
        match serde_json::from_slice::<ToldProblem>(body) {
            Ok(ToldProblem { code, title, detail, mistakes }) if !title.is_empty() => {
                Self::Problem { status, code, title, detail: with_mistakes(detail, &mistakes) }
            }
            _ => Self::Unreadable { what: format!("an answer with status {status}"), reason: "no problem".to_owned() },
        }
    }

    /// Part of a command that the API does not have.
    pub fn needs_home(what: &str) -> Self {
        Self::NeedsHome(format!("`{what}`"))
    }
}
