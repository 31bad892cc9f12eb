//! Bulk: several operations in one request, in an order in which what they refer to exists.

use super::answer::{Answer, scim_json};
use super::body::ScimBody;
use super::client::Client;
use super::preconditions::IfMatch;
use super::problem::ScimProblem;
use super::views::entity_tag;
use super::{create, delete, patch, replace};
use axum::http::StatusCode;
use axum::response::Response;
use purser_scim_server::{
    BulkMethod, BulkOperation, BulkRequest, ErrorKind, Projection, References, ScimError, bulk_response,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// `POST /Bulk`
pub(super) async fn handle(client: Client, ScimBody(body): ScimBody) -> Result<Response, ScimProblem> {
    let request = BulkRequest::parse(&body, client.limits.bulk_operations)?;
    Ok(scim_json(StatusCode::OK, &bulk_response(&Work::new(&client, request).done().await)))
}

struct Work<'c> {
    client: &'c Client,
    request: BulkRequest,
    references: References,
    /// The answers so far, at the places of their operations.
    answers: Vec<Option<Value>>,
    /// The `bulkId`s of what was to be created and was not.
    failed: BTreeSet<String>,
    errors: u64,
}

impl<'c> Work<'c> {
    fn new(client: &'c Client, request: BulkRequest) -> Self {
        let answers = vec![None; request.operations.len()];
        Self { client, request, references: References::default(), answers, failed: BTreeSet::new(), errors: 0 }
    }

    /// Does what can be done, again and again, until nothing more can: an operation waits until what it refers to is there.
    async fn done(mut self) -> Vec<Value> {
        let mut progress = true;
        while progress && !self.has_enough() {
            progress = false;
            for at in 0..self.answers.len() {
                if self.answers[at].is_none() && !self.has_enough() && self.is_ready(at) {
                    self.attempt(at).await;
                    progress = true;
                }
            }
        }
        // What is left waits for itself, unless the client wanted no more.
        for at in 0..self.answers.len() {
            if self.answers[at].is_none() && !self.has_enough() {
                let error = ScimError::new(ErrorKind::Conflict, "operations refer to each other in a circle");
                self.note(at, Err(error.into()));
            }
        }
        self.answers.into_iter().flatten().collect()
    }

    fn has_enough(&self) -> bool {
        self.request.fail_on_errors.is_some_and(|most| self.errors >= most)
    }

    /// Whether an operation need not wait any longer, be it because it must fail.
    fn is_ready(&self, at: usize) -> bool {
        let Ok(operation) = &self.request.operations[at] else { return true };
        let created = self.request.created();
        let missing = self.references.missing(operation);
        missing.iter().all(|id| !created.contains(id.as_str()) || self.failed.contains(id))
    }

    async fn attempt(&mut self, at: usize) {
        let result = match self.request.operations[at].clone() {
            Err(error) => Err(error.into()),
            Ok(operation) => match self.references.missing(&operation).pop_first() {
                Some(_) => {
                    let detail = "it refers to a `bulkId` of which nothing was created";
                    Err(ScimError::new(ErrorKind::InvalidValue, detail).into())
                }
                None => run(self.client, self.references.resolve(operation)).await,
            },
        };
        self.note(at, result);
    }

    fn note(&mut self, at: usize, result: Result<Answer, ScimProblem>) {
        let (method, bulk_id) = self.request.labels[at].clone();
        let mut answer = json!({});
        answer["method"] = method.map(|method| method.to_ascii_uppercase()).into();
        if let Some(bulk_id) = &bulk_id {
            answer["bulkId"] = bulk_id.as_str().into();
        }
        match result {
            Ok(done) => {
                answer["status"] = done.status.as_u16().to_string().into();
                for (name, value) in [("location", &done.location), ("version", &done.version)] {
                    if let Some(value) = value {
                        answer[name] = value.as_str().into();
                    }
                }
                let id = done.resource.as_ref().and_then(|resource| resource["id"].as_str());
                if let (Some(bulk_id), Some(id), StatusCode::CREATED) = (&bulk_id, id, done.status) {
                    self.references.learn(bulk_id, id);
                }
            }
            Err(problem) => {
                self.errors += 1;
                self.failed.extend(bulk_id);
                answer["status"] = problem.status().as_u16().to_string().into();
                answer["response"] = problem.to_json();
                if let Ok(BulkOperation { kind, id: Some(id), .. }) = &self.request.operations[at] {
                    answer["location"] = format!("{}{}/{id}", self.client.base, kind.endpoint()).into();
                }
            }
        }
        self.answers[at] = Some(answer);
    }
}

async fn run(client: &Client, operation: BulkOperation) -> Result<Answer, ScimProblem> {
    let only_id = Projection::new(["id"], []);
    let wanted = IfMatch::version(operation.version.as_deref());
    let (kind, id) = (operation.kind, operation.id.unwrap_or_default());
    match operation.method {
        BulkMethod::Post => create::create(client, kind, &operation.data, &only_id).await,
        BulkMethod::Put => replace::replace(client, kind, &id, &operation.data, &wanted, &only_id).await,
        BulkMethod::Patch => {
            let kept = patch::patch(client, kind, &id, &operation.data, &wanted).await?;
            let (version, location) = (Some(entity_tag(kept.version)), Some(client.location(kind, kept.id)));
            Ok(Answer { status: StatusCode::OK, version, location, resource: None })
        }
        BulkMethod::Delete => {
            let done = delete::delete(client, kind, &id, &wanted).await?;
            Ok(Answer { location: Some(format!("{}{}/{id}", client.base, kind.endpoint())), ..done })
        }
    }
}
