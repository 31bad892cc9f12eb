-- What clients push over SCIM. The number grows with time and is never used again: lists go by it.
CREATE TABLE scim_resource (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE,
    source TEXT NOT NULL,
    kind TEXT NOT NULL,
    -- The normal form of the resource, without who belongs to whom.
    attributes TEXT NOT NULL,
    -- By what it is looked up; in lower case where case does not count.
    user_name TEXT,
    external_id TEXT,
    display_name TEXT,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    modified_at INTEGER NOT NULL
) STRICT;
CREATE INDEX scim_resource_list ON scim_resource (source, kind, number);
CREATE UNIQUE INDEX scim_resource_user_name ON scim_resource (source, user_name) WHERE user_name IS NOT NULL;
CREATE INDEX scim_resource_external_id ON scim_resource (source, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX scim_resource_display_name ON scim_resource (source, display_name) WHERE display_name IS NOT NULL;

CREATE TABLE scim_member (
    holder INTEGER NOT NULL REFERENCES scim_resource (number) ON DELETE CASCADE,
    member INTEGER NOT NULL REFERENCES scim_resource (number) ON DELETE CASCADE,
    PRIMARY KEY (holder, member)
) STRICT, WITHOUT ROWID;
CREATE INDEX scim_member_of ON scim_member (member, holder);

-- Tokens of the clients. Of each only the digest is kept.
CREATE TABLE scim_token (
    name TEXT NOT NULL PRIMARY KEY,
    source TEXT NOT NULL,
    digest BLOB NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    expires_at INTEGER,
    last_used_at INTEGER
) STRICT;
