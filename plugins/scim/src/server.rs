//! Requests to the server: headers, dialect, errors, versions, and what the server says about itself.

use crate::bulk::Limits;
use crate::class::Class;
use crate::config::{Config, Discovery, FilterSupport, PageMode, Switch, UpdateMode};
use crate::failure::failure_of;
use crate::further::{self, FurtherType};
use crate::name::AttributeName;
use crate::provider::{Kept, Provider};
use crate::resource::to_object;
use crate::versions::Versions;
use purser_sdk::http::{Endpoint, Method, RequestBuilder, Response, SecretEncoding};
use purser_sdk::serde_json::Value;
use purser_sdk::slots::replace_slots;
use purser_sdk::{AttributeChange, Attributes, Condition, Error, ErrorClass, Host, Object};
use std::cell::{Cell, OnceCell, RefCell};

/// The endpoint's name in the grant.
pub const ENDPOINT: &str = "scim";
const STATE_KEY: &str = "service-provider";
const MEDIA_TYPE: &str = "application/scim+json";
/// Most operations in a bulk request to a server that does not say.
const BULK_OPERATIONS: usize = 100;
/// Most bytes of a bulk request to a server that does not say.
const BULK_BYTES: usize = 1 << 20;

/// The server, as one call sees it.
pub struct Server {
    /// The configuration.
    pub config: Config,
    /// The host.
    pub host: Host,
    endpoint: Endpoint,
    provider: RefCell<Option<Provider>>,
    versions: RefCell<Versions>,
    refused_bulk: Cell<bool>,
    further: OnceCell<Vec<FurtherType>>,
}

/// The answer to a write.
pub struct Written {
    /// The status code.
    pub status: u16,
    /// The resource, where the server sent one.
    pub resource: Option<Attributes>,
    /// The version, where the server sent it as a header.
    pub etag: Option<String>,
    /// Where the object is.
    pub location: Option<String>,
}

impl Server {
    /// The server behind the endpoint [`ENDPOINT`].
    pub fn new(config: Config, host: Host) -> Self {
        let endpoint = host.endpoint(ENDPOINT);
        let (provider, versions) = (RefCell::default(), RefCell::default());
        Self { config, host, endpoint, provider, versions, refused_bulk: Cell::new(false), further: OnceCell::new() }
    }

    /// The resource types of the server's own.
    ///
    /// # Errors
    /// The server cannot be asked now.
    pub fn further_types(&self) -> Result<&[FurtherType], Error> {
        if let Some(known) = self.further.get() {
            return Ok(known);
        }
        let found = further::all(self)?;
        Ok(self.further.get_or_init(|| found))
    }

    /// The class of this name in a request.
    ///
    /// # Errors
    /// `unsupported`: there is no such class.
    pub fn class(&self, name: &str) -> Result<Class<'_>, Error> {
        if let Some(class) = Class::of_any_server(name) {
            return Ok(class);
        }
        let further = self.further_types()?.iter().find(|further| further.name == name);
        further.map(Class::Further).ok_or_else(|| {
            Error::unsupported(format!(
                "there is no class `{name}`: a SCIM server has `User` and `Group`, `Role` and `Entitlement` where they are \
                 configured, and the resource types that it lists or that `types` describes"
            ))
        })
    }

    /// Reads a JSON document.
    ///
    /// # Errors
    /// As [`failure_of`]; `unavailable` for a body that is no JSON.
    pub fn read(&self, path: &str, query: &[(&str, String)]) -> Result<Value, Error> {
        self.read_with_etag(path, query).map(|(document, _)| document)
    }

    fn read_with_etag(&self, path: &str, query: &[(&str, String)]) -> Result<(Value, Option<String>), Error> {
        let request = query.iter().fold(self.endpoint.get(path), |request, (name, value)| request.query(*name, value));
        let response = accepting(request).send()?;
        match failure_of(&response, true) {
            Some(error) => Err(error),
            None => Ok((response.json()?, response.header("etag").map(str::to_owned))),
        }
    }

    /// Reads one resource as the server shows it, and its ETag.
    ///
    /// # Errors
    /// `not-found` where the server says so; `defect` where it answers with something else than an object.
    pub fn read_resource(&self, class: Class<'_>, id: &str) -> Result<(Attributes, Option<String>), Error> {
        match self.read_with_etag(&class.object_path(id), &[])? {
            (Value::Object(resource), etag) => Ok((resource, etag)),
            _ => Err(Error::defect(format!("the server answered for the {} `{id}` with no JSON object", class.name()))),
        }
    }

    /// Reads one object.
    ///
    /// # Errors
    /// As [`Server::read_resource`].
    pub fn read_object(&self, class: Class<'_>, id: &str) -> Result<Object, Error> {
        let (resource, etag) = self.read_resource(class, id)?;
        to_object(&self.config, class, resource, etag.as_deref())
    }

    /// Sends a write. `version` is checked by the server where it can.
    ///
    /// # Errors
    /// As [`failure_of`]; `outcome-unknown` for a successful status whose body is no JSON.
    pub fn write(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        version: Option<&str>,
    ) -> Result<Written, Error> {
        let mut request = accepting(self.endpoint.request(method, path));
        if let Some(version) = version
            && self.checks_versions()?
        {
            request = request.header("if-match", self.version_now(path, version));
        }
        if let Some(body) = body {
            request = self.with_body(request, body);
        }
        let response = request.send()?;
        match failure_of(&response, false) {
            Some(error) => Err(error),
            None => written(&response),
        }
    }

    fn with_body(&self, request: RequestBuilder, mut body: Value) -> RequestBuilder {
        let placeholders = replace_slots(&mut body, &self.host);
        let request = request.header("content-type", MEDIA_TYPE).json(&body);
        placeholders.into_iter().fold(request, |request, placeholder| {
            request.secret(placeholder.slot, placeholder.text, SecretEncoding::JsonString)
        })
    }

    /// Remembers for the rest of this call that a write of ours made a new version of an older one.
    pub fn note_version(&self, path: &str, before: Option<&str>, after: Option<&str>) {
        if let (Some(before), Some(after)) = (before, after) {
            self.versions.borrow_mut().note(path, before, after);
        }
    }

    /// The version that stands for `version` after the writes of this call.
    pub fn version_now(&self, path: &str, version: &str) -> String {
        self.versions.borrow().now(path, version)
    }

    /// What the server says about itself; a plain server where it says nothing.
    ///
    /// # Errors
    /// The server cannot be asked now: out of reach, throttled, broken, or the credential is refused.
    pub fn provider(&self) -> Result<Provider, Error> {
        if self.config.discovery == Discovery::Off {
            return Ok(self.provider.borrow().clone().unwrap_or_default());
        }
        if let Some(provider) = self.provider.borrow().as_ref() {
            return Ok(provider.clone());
        }
        let kept: Option<Kept> = self.host.state().get_json(STATE_KEY);
        if let Some(kept) = kept.filter(|kept| kept.is_fresh(self.host.now_ms())) {
            *self.provider.borrow_mut() = Some(kept.provider.clone());
            return Ok(kept.provider);
        }
        let provider = self.ask_provider()?;
        self.keep_provider(provider.clone());
        Ok(provider)
    }

    fn ask_provider(&self) -> Result<Provider, Error> {
        match self.read(&self.config.provider_path, &[]) {
            Ok(document) => Ok(Provider::parse(&document)),
            Err(error) if is_temporary(&error) => Err(error),
            Err(error) => {
                self.host
                    .debug(format!("the server is taken for a plain one, since it does not describe itself: {error}"));
                Ok(Provider::default())
            }
        }
    }

    /// Keeps it for this call and later ones. Full state is no reason to fail: the server is asked again then.
    fn keep_provider(&self, provider: Provider) {
        let kept = Kept { at_ms: self.host.now_ms(), provider };
        if let Err(full) = self.host.state().set_json(STATE_KEY, &kept) {
            self.host.debug(full.to_string());
        }
        *self.provider.borrow_mut() = Some(kept.provider);
    }

    /// Whether objects of this class are changed by PATCH, or in this change.
    ///
    /// # Errors
    /// As [`Server::provider`].
    pub fn patches(&self, class: Class<'_>, changes: &[AttributeChange]) -> Result<bool, Error> {
        let is_active = |change: &AttributeChange| AttributeName::parse(&change.attribute).is_core("active");
        match self.config.update_mode {
            UpdateMode::Patch => Ok(true),
            UpdateMode::Put => Ok(false),
            UpdateMode::PutUsers => Ok(class != Class::User || changes.iter().all(is_active)),
            UpdateMode::Auto => Ok(self.provider()?.patch),
        }
    }

    /// Whether an error of a PATCH means that the server has none. It is remembered.
    pub fn learns_that_it_cannot_patch(&self, error: &Error) -> bool {
        let refused = matches!(error.native_code.as_deref(), Some("405" | "501"));
        if self.config.update_mode != UpdateMode::Auto || !refused {
            return false;
        }
        let known = self.provider.borrow().clone().unwrap_or_default();
        self.keep_provider(Provider { patch: false, ..known });
        true
    }

    /// Whether bulk requests are taken, as far as that is known without failing.
    pub fn has_bulk(&self) -> bool {
        match self.config.bulk {
            Switch::On => !self.refused_bulk.get(),
            Switch::Off => false,
            Switch::Auto => self.provider().is_ok_and(|provider| provider.bulk),
        }
    }

    /// How much one bulk request may hold; what is announced and what is configured both hold.
    pub fn bulk_limits(&self) -> Limits {
        let provider = self.provider().unwrap_or_default();
        let least = |set: Option<u32>, announced: Option<u32>, plain: usize| {
            let known = [set, announced].into_iter().flatten().min();
            known.and_then(|known| usize::try_from(known).ok()).unwrap_or(plain)
        };
        Limits {
            operations: least(self.config.bulk_max_operations, provider.bulk_operations, BULK_OPERATIONS),
            bytes: least(self.config.bulk_max_payload, provider.bulk_payload, BULK_BYTES),
        }
    }

    /// Remembers that bulk requests are refused: for an hour where the server announced them, else for this call.
    pub fn learn_that_it_has_no_bulk(&self, error: &Error) {
        self.host.debug(format!("bulk requests are refused, so that edits are sent one by one: {error}"));
        self.refused_bulk.set(true);
        if self.config.bulk == Switch::Auto {
            let known = self.provider.borrow().clone().unwrap_or_default();
            self.keep_provider(Provider { bulk: false, ..known });
        }
    }

    /// Whether versions are checked by the server.
    ///
    /// # Errors
    /// As [`Server::provider`].
    pub fn checks_versions(&self) -> Result<bool, Error> {
        match self.config.etag {
            Switch::On => Ok(true),
            Switch::Off => Ok(false),
            Switch::Auto => Ok(self.provider()?.etag),
        }
    }

    /// The filters that the server understands.
    ///
    /// # Errors
    /// As [`Server::provider`].
    pub fn filters(&self) -> Result<FilterSupport, Error> {
        match self.config.filter {
            FilterSupport::Auto if self.provider()?.filter => Ok(FilterSupport::All),
            FilterSupport::Auto => Ok(FilterSupport::None),
            set => Ok(set),
        }
    }

    /// The conditions on attributes that the server filters by.
    pub fn filterable(&self, mut conditions: Vec<Condition>) -> Vec<Condition> {
        let known = &self.config.filter_attributes;
        let is_known = |name: &str| known.is_empty() || known.iter().any(|known| known.eq_ignore_ascii_case(name));
        conditions.retain(|condition| is_known(&condition.attribute));
        conditions
    }

    /// Whether lists are paged by cursor.
    ///
    /// # Errors
    /// As [`Server::provider`].
    pub fn pages_by_cursor(&self) -> Result<bool, Error> {
        match self.config.page_mode {
            PageMode::Cursor => Ok(true),
            PageMode::Index => Ok(false),
            PageMode::Auto => Ok(self.provider()?.cursor),
        }
    }

    /// How many objects to ask for at once.
    ///
    /// # Errors
    /// As [`Server::provider`].
    pub fn page_size(&self, wanted: u32) -> Result<u32, Error> {
        let announced = match self.config.max_count {
            Some(set) => [Some(set), None],
            None => {
                let provider = self.provider()?;
                [provider.max_results, provider.max_page_size]
            }
        };
        Ok(announced.into_iter().flatten().fold(wanted.max(1), u32::min))
    }
}

fn accepting(request: RequestBuilder) -> RequestBuilder {
    request.header("accept", "application/scim+json, application/json")
}

fn written(response: &Response) -> Result<Written, Error> {
    let empty = response.body().iter().all(u8::is_ascii_whitespace);
    let body: Value = if empty { Value::Null } else { response.json()? };
    let Value::Object(resource) = body else { return Ok(answer(response, None)) };
    Ok(answer(response, Some(resource)))
}

fn answer(response: &Response, resource: Option<Attributes>) -> Written {
    let header = |name| response.header(name).map(str::to_owned);
    Written { status: response.status(), resource, etag: header("etag"), location: header("location") }
}

fn is_temporary(error: &Error) -> bool {
    matches!(
        error.class,
        ErrorClass::Unavailable { .. } | ErrorClass::RateLimited { .. } | ErrorClass::AuthenticationFailed
    )
}
