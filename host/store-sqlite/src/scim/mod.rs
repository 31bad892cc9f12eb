//! What clients push over SCIM.

mod members;
mod read;
mod tokens;
mod write;

use crate::SqliteStore;
use async_trait::async_trait;
use jiff::Timestamp;
use purser_model::id::{ScimResourceId, SourceName, TokenName};
use purser_model::identity::IdentityRecord;
use purser_model::object::Digest;
use purser_model::scim::ResourceKind;
use purser_store::{
    KeptScim, KeptScimToken, NewScimToken, Relations, ScimGroup, ScimLookup, ScimMemberEdit, ScimResources, ScimUser,
    StoreError,
};

#[async_trait]
impl ScimResources for SqliteStore {
    fn next_scim_id(&self, now: Timestamp) -> ScimResourceId {
        ScimResourceId(self.ids.next(now))
    }

    async fn create_scim_user(
        &self,
        source: &SourceName,
        user: ScimUser,
        now: Timestamp,
    ) -> Result<KeptScim, StoreError> {
        let (ids, source) = (self.ids.clone(), source.clone());
        self.connections.write(move |tx| write::create_user(tx, &ids, &source, &user, now)).await
    }

    async fn replace_scim_user(
        &self,
        source: &SourceName,
        user: ScimUser,
        version: u64,
        now: Timestamp,
    ) -> Result<KeptScim, StoreError> {
        let (ids, source) = (self.ids.clone(), source.clone());
        self.connections.write(move |tx| write::replace_user(tx, &ids, &source, user, version, now)).await
    }

    async fn create_scim_group(
        &self,
        source: &SourceName,
        group: ScimGroup,
        now: Timestamp,
    ) -> Result<KeptScim, StoreError> {
        let (ids, source) = (self.ids.clone(), source.clone());
        self.connections.write(move |tx| write::create_group(tx, &ids, &source, group, now)).await
    }

    async fn replace_scim_group(
        &self,
        source: &SourceName,
        group: ScimGroup,
        version: u64,
        now: Timestamp,
    ) -> Result<KeptScim, StoreError> {
        let (ids, source) = (self.ids.clone(), source.clone());
        self.connections.write(move |tx| write::replace_group(tx, &ids, &source, group, version, now)).await
    }

    async fn edit_scim_members(
        &self,
        source: &SourceName,
        group: ScimResourceId,
        edits: Vec<ScimMemberEdit>,
        version: Option<u64>,
        now: Timestamp,
    ) -> Result<KeptScim, StoreError> {
        let (ids, source) = (self.ids.clone(), source.clone());
        self.connections.write(move |tx| write::edit_members(tx, &ids, &source, group, &edits, version, now)).await
    }

    async fn delete_scim(
        &self,
        source: &SourceName,
        kind: ResourceKind,
        id: ScimResourceId,
        version: Option<u64>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (ids, source) = (self.ids.clone(), source.clone());
        self.connections.write(move |tx| write::delete(tx, &ids, &source, (kind, id), version, now)).await
    }

    async fn accept_scim_records(
        &self,
        source: &SourceName,
        records: Vec<IdentityRecord>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (ids, source) = (self.ids.clone(), source.clone());
        self.connections.write(move |tx| write::accept_records(tx, &ids, &source, records, now)).await
    }

    async fn scim_resource(
        &self,
        source: &SourceName,
        kind: ResourceKind,
        id: ScimResourceId,
        relations: Relations,
    ) -> Result<Option<KeptScim>, StoreError> {
        let source = source.clone();
        self.connections.read(move |connection| read::one(connection, &source, kind, id, relations)).await
    }

    async fn find_scim(
        &self,
        source: &SourceName,
        kind: ResourceKind,
        lookup: ScimLookup,
        relations: Relations,
    ) -> Result<Vec<KeptScim>, StoreError> {
        let source = source.clone();
        self.connections.read(move |connection| read::find(connection, &source, kind, &lookup, relations)).await
    }

    async fn scim_page(
        &self,
        source: &SourceName,
        kind: ResourceKind,
        after: i64,
        limit: u32,
        relations: Relations,
    ) -> Result<Vec<KeptScim>, StoreError> {
        let source = source.clone();
        self.connections.read(move |connection| read::page(connection, &source, kind, after, limit, relations)).await
    }

    async fn scim_numbered(
        &self,
        source: &SourceName,
        numbers: Vec<i64>,
        relations: Relations,
    ) -> Result<Vec<KeptScim>, StoreError> {
        let source = source.clone();
        self.connections.read(move |connection| read::numbered(connection, &source, &numbers, relations)).await
    }

    async fn scim_number_after(
        &self,
        source: &SourceName,
        kind: ResourceKind,
        skipped: u64,
    ) -> Result<Option<i64>, StoreError> {
        let source = source.clone();
        self.connections.read(move |connection| read::number_after(connection, &source, kind, skipped)).await
    }

    async fn count_scim(&self, source: &SourceName, kind: ResourceKind) -> Result<u64, StoreError> {
        let source = source.clone();
        self.connections.read(move |connection| read::count(connection, &source, kind)).await
    }

    async fn keep_scim_token(&self, token: NewScimToken, now: Timestamp) -> Result<KeptScimToken, StoreError> {
        self.connections.write(move |tx| tokens::keep(tx, &token, now)).await
    }

    async fn scim_tokens(&self) -> Result<Vec<KeptScimToken>, StoreError> {
        self.connections.read(tokens::all).await
    }

    async fn scim_token(&self, digest: Digest) -> Result<Option<KeptScimToken>, StoreError> {
        self.connections.read(move |connection| tokens::with_digest(connection, digest)).await
    }

    async fn note_scim_token_use(&self, name: &TokenName, now: Timestamp) -> Result<(), StoreError> {
        let name = name.clone();
        self.connections.write(move |tx| tokens::note_use(tx, &name, now)).await
    }

    async fn revoke_scim_token(&self, name: &TokenName, now: Timestamp) -> Result<(), StoreError> {
        let name = name.clone();
        self.connections.write(move |tx| tokens::revoke(tx, &name, now)).await
    }
}
