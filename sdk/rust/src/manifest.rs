//! What a connector says about itself: its manifest, and the findings of `check`.

use crate::class::ObjectClass;
use serde_json::{Value, json};

/// How much `check` may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CheckLevel {
    /// Look at the configuration only; no capability is used.
    Offline,
    /// Also reach the target and authenticate.
    Connect,
    /// Also find out whether the credential may do what the manifest's operations need.
    Permissions,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Good to know.
    Info,
    /// Works, but some operation will be refused or slow.
    Warning,
    /// The target cannot be used like this.
    Error,
}

/// One result of `check`, written for the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// A stable short code in kebab case, such as `missing-permission`.
    pub code: String,
    /// What was found, in one sentence.
    pub message: String,
    /// What to do about it, in the words of the target's own console, where known.
    pub remedy: Option<String>,
}

impl Finding {
    /// A finding without a remedy.
    pub fn new(severity: Severity, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { severity, code: code.into(), message: message.into(), remedy: None }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn with_remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }
}

/// An error as a finding: the code is the error's class.
impl From<&crate::Error> for Finding {
    fn from(error: &crate::Error) -> Self {
        Self::new(Severity::Error, error.class.name(), error.message.clone())
    }
}

/// An HTTP endpoint that the connector reaches; the operator turns it into a grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EgressNeed {
    /// The endpoint name that requests carry.
    pub endpoint: String,
    /// For people: what is there, such as "the SCIM base URL".
    pub description: String,
    /// An example or fixed URL.
    pub example: String,
    /// POST paths, relative to the endpoint, that only read (such as `/.search`).
    pub reading_posts: Vec<String>,
}

/// A directory that the connector reads or writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryNeed {
    /// The directory name that requests carry.
    pub directory: String,
    /// For people: what is there.
    pub description: String,
    /// Whether the connector writes there.
    pub writes: bool,
}

/// A permission that the credential needs in the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermissionNeed {
    /// The permission in the words of the target's own console.
    pub name: String,
    /// Why, in one sentence.
    pub reason: String,
}

/// What the connector asks the host to keep to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest page `search` and `changes` can return.
    pub page_size: u32,
    /// Most requests in one `apply`.
    pub batch_size: u32,
}

/// What a connector says about itself. It must be the same at every call.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// Its name in kebab case, such as `scim`.
    pub name: String,
    /// Semantic version of the connector.
    pub version: String,
    /// Who makes it.
    pub vendor: String,
    /// For people, in one sentence.
    pub description: String,
    /// JSON Schema (2020-12) of the configuration. A secret is marked `"x-secret": true` and never reaches the guest.
    pub config_schema: Value,
    /// The classes known without asking the target.
    pub classes: Vec<ObjectClass>,
    /// Page and batch limits.
    pub limits: Limits,
    /// HTTP endpoints it reaches.
    pub egress: Vec<EgressNeed>,
    /// Directories it reads or writes.
    pub directories: Vec<DirectoryNeed>,
    /// Permissions its credential needs.
    pub permissions: Vec<PermissionNeed>,
}

impl Manifest {
    /// A manifest without classes and needs: an empty configuration, pages of 500 objects, batches of 100 requests.
    pub fn new(name: impl Into<String>, version: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            version: version.into(),
            vendor: String::new(),
            description: String::new(),
            config_schema: json!({"type": "object", "additionalProperties": false}),
            classes: Vec::new(),
            limits: Limits { page_size: 500, batch_size: 100 },
            egress: Vec::new(),
            directories: Vec::new(),
            permissions: Vec::new(),
        }
    }

    /// Says who makes it.
    #[must_use]
    pub fn vendor(mut self, vendor: impl Into<String>) -> Self {
        self.vendor = vendor.into();
        self
    }

    /// Says in one sentence what it connects to.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// Sets the JSON Schema of the configuration.
    #[must_use]
    pub fn config_schema(mut self, schema: Value) -> Self {
        self.config_schema = schema;
        self
    }

    /// Adds a class.
    #[must_use]
    pub fn class(mut self, class: ObjectClass) -> Self {
        self.classes.push(class);
        self
    }

    /// Sets the largest page and batch.
    #[must_use]
    pub fn limits(mut self, page_size: u32, batch_size: u32) -> Self {
        self.limits = Limits { page_size, batch_size };
        self
    }

    /// Adds an HTTP endpoint.
    #[must_use]
    pub fn endpoint(
        mut self,
        endpoint: impl Into<String>,
        description: impl Into<String>,
        example: impl Into<String>,
    ) -> Self {
        self.egress.push(EgressNeed {
            endpoint: endpoint.into(),
            description: description.into(),
            example: example.into(),
            reading_posts: Vec::new(),
        });
        self
    }

    /// Adds a directory.
    #[must_use]
    pub fn directory(mut self, directory: impl Into<String>, description: impl Into<String>, writes: bool) -> Self {
        self.directories.push(DirectoryNeed { directory: directory.into(), description: description.into(), writes });
        self
    }

    /// Adds a permission that the credential needs.
    #[must_use]
    pub fn permission(mut self, name: impl Into<String>, reason: impl Into<String>) -> Self {
        self.permissions.push(PermissionNeed { name: name.into(), reason: reason.into() });
        self
    }
}
