//! What clients push over SCIM: resources with who belongs to whom, and the clients' tokens.
//!
//! A client is a source, and sees and changes only what is its own: every method says whose resource is meant. A write of a
//! user is one transaction with the identity that it stands for; a change of a group is one with the identities whose
//! attribute `groups` it changes.

use crate::StoreError;
use async_trait::async_trait;
use jiff::Timestamp;
use purser_model::Attributes;
use purser_model::id::{ScimResourceId, SourceName, TokenName};
use purser_model::identity::IdentityRecord;
use purser_model::object::Digest;
use purser_model::scim::ResourceKind;
use serde::{Deserialize, Serialize};

/// Why a write was not done; nothing of it was kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScimRefusal {
    /// There is no such resource of the client.
    #[error("there is no such resource")]
    NoSuchResource,
    /// Somebody changed it meanwhile.
    #[error("the resource is of version {now} by now")]
    OtherVersion {
        /// The present version.
        now: u64,
    },
    /// Another user of the client has the name.
    #[error("another user has this `userName`")]
    UserNameTaken,
    /// A member is no resource of the client.
    #[error("a member is no resource of this client: create it first")]
    NoSuchMember,
}

/// A resource as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptScim {
    /// Grows with each resource; lists go by it.
    pub number: i64,
    /// Its id.
    pub id: ScimResourceId,
    /// What it is.
    pub kind: ResourceKind,
    /// Its normal form, without members and groups.
    pub attributes: Attributes,
    /// Counts changes from 1.
    pub version: u64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub modified_at: Timestamp,
    /// A group's members, or a user's groups; none where they were not asked for.
    pub relations: Option<Vec<ScimRelation>>,
}

/// A member of a group, or a group of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScimRelation {
    /// Which.
    pub id: ScimResourceId,
    /// What it is.
    pub kind: ResourceKind,
    /// How people call it.
    pub display: Option<String>,
    /// Whether it is so by itself, and not by a group within the group.
    pub direct: bool,
}

/// Whether members and groups are read too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relations {
    /// They are.
    Read,
    /// They are not.
    LeftOut,
}

/// A user to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct ScimUser {
    /// Its id.
    pub id: ScimResourceId,
    /// Its normal form.
    pub attributes: Attributes,
    /// The identity that it stands for, without `groups`.
    pub record: IdentityRecord,
}

/// A group to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct ScimGroup {
    /// Its id.
    pub id: ScimResourceId,
    /// Its normal form, without members.
    pub attributes: Attributes,
    /// Its members; none leaves them as they are.
    pub members: Option<Vec<ScimResourceId>>,
}

/// A member that comes or goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScimMemberEdit {
    /// Which.
    pub member: ScimResourceId,
    /// Whether it comes.
    pub comes: bool,
}

/// By what resources are looked up in an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScimLookup {
    /// The user name in lower case.
    UserName(String),
    /// The client's own id.
    ExternalId(String),
    /// The display name in lower case.
    DisplayName(String),
}

/// A token of a client, to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewScimToken {
    /// Its name.
    pub name: TokenName,
    /// Whose.
    pub source: SourceName,
    /// The digest of its text.
    pub digest: Digest,
    /// From when on it opens nothing any more.
    pub expires_at: Option<Timestamp>,
}

/// What is told of a client's token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = ScimToken))]
pub struct KeptScimToken {
    /// Its name.
    pub name: TokenName,
    /// Whose.
    pub source: SourceName,
    /// When it was made.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: String,
    /// From when on it opens nothing any more.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, roughly.
    pub last_used_at: Option<Timestamp>,
}

/// What clients push.
///
/// Writes end with [`StoreError::Scim`] where they are refused.
#[async_trait]
pub trait ScimResources: Send + Sync {
    /// An id for a resource that is about to be created.
    fn next_scim_id(&self, now: Timestamp) -> ScimResourceId;

    /// Creates a user and accepts its identity.
    async fn create_scim_user(
        &self,
        source: &SourceName,
        user: ScimUser,
        now: Timestamp,
    ) -> Result<KeptScim, StoreError>;

    /// Replaces a user that is of this version, and accepts its identity.
    async fn replace_scim_user(
        &self,
        source: &SourceName,
        user: ScimUser,
        version: u64,
        now: Timestamp,
    ) -> Result<KeptScim, StoreError>;

    /// Creates a group.
    async fn create_scim_group(
        &self,
        source: &SourceName,
        group: ScimGroup,
        now: Timestamp,
    ) -> Result<KeptScim, StoreError>;

    /// Replaces a group that is of this version.
    async fn replace_scim_group(
        &self,
        source: &SourceName,
        group: ScimGroup,
        version: u64,
        now: Timestamp,
    ) -> Result<KeptScim, StoreError>;

    /// Adds and removes members of a group, whoever else belongs to it. One who comes and belongs to it already, or goes
    /// and does not, changes nothing.
    async fn edit_scim_members(
        &self,
        source: &SourceName,
        group: ScimResourceId,
        edits: Vec<ScimMemberEdit>,
        version: Option<u64>,
        now: Timestamp,
    ) -> Result<KeptScim, StoreError>;

    /// Deletes a resource; where a version is given, one of that version. The identity of a user has departed.
    async fn delete_scim(
        &self,
        source: &SourceName,
        kind: ResourceKind,
        id: ScimResourceId,
        version: Option<u64>,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Accepts the identities of users anew, because what follows from a user is declared differently.
    async fn accept_scim_records(
        &self,
        source: &SourceName,
        records: Vec<IdentityRecord>,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// A resource.
    async fn scim_resource(
        &self,
        source: &SourceName,
        kind: ResourceKind,
        id: ScimResourceId,
        relations: Relations,
    ) -> Result<Option<KeptScim>, StoreError>;

    /// The resources that have this value, in order of their numbers.
    async fn find_scim(
        &self,
        source: &SourceName,
        kind: ResourceKind,
        lookup: ScimLookup,
        relations: Relations,
    ) -> Result<Vec<KeptScim>, StoreError>;

    /// Resources after a number, in order.
    async fn scim_page(
        &self,
        source: &SourceName,
        kind: ResourceKind,
        after: i64,
        limit: u32,
        relations: Relations,
    ) -> Result<Vec<KeptScim>, StoreError>;

    /// The resources of these numbers, in the order asked; those that are not there any more are left out.
    async fn scim_numbered(
        &self,
        source: &SourceName,
        numbers: Vec<i64>,
        relations: Relations,
    ) -> Result<Vec<KeptScim>, StoreError>;

    /// The number before which so many resources lie; none where there are not so many.
    async fn scim_number_after(
        &self,
        source: &SourceName,
        kind: ResourceKind,
        skipped: u64,
    ) -> Result<Option<i64>, StoreError>;

    /// How many resources there are.
    async fn count_scim(&self, source: &SourceName, kind: ResourceKind) -> Result<u64, StoreError>;

    /// Keeps a client's token.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where one has the name already.
    async fn keep_scim_token(&self, token: NewScimToken, now: Timestamp) -> Result<KeptScimToken, StoreError>;

    /// All tokens of clients, by name.
    async fn scim_tokens(&self) -> Result<Vec<KeptScimToken>, StoreError>;

    /// The token with this digest.
    async fn scim_token(&self, digest: Digest) -> Result<Option<KeptScimToken>, StoreError>;

    /// Notes that a token was used.
    async fn note_scim_token_use(&self, name: &TokenName, now: Timestamp) -> Result<(), StoreError>;

    /// Removes a client's token.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is none of this name.
    async fn revoke_scim_token(&self, name: &TokenName, now: Timestamp) -> Result<(), StoreError>;
}
