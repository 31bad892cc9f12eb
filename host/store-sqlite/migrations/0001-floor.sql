-- Ids are UUIDv7 as 16 bytes, times are microseconds since 1970, digests are 32 bytes, the rest of a noun is JSON.

CREATE TABLE setting (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE event (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;

CREATE TABLE run (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    state TEXT NOT NULL,
    checkpoint TEXT NOT NULL,
    counts TEXT NOT NULL,
    detail TEXT,
    started_at INTEGER NOT NULL,
    ended_at INTEGER
) STRICT;
-- One import per source and one reconciliation per target at a time.
CREATE UNIQUE INDEX run_running ON run (kind, subject) WHERE state = 'running';

CREATE TABLE staged (
    run INTEGER NOT NULL,
    key TEXT NOT NULL,
    state TEXT NOT NULL,
    attributes TEXT NOT NULL,
    digest BLOB NOT NULL,
    PRIMARY KEY (run, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE identity (
    id BLOB NOT NULL PRIMARY KEY,
    source TEXT NOT NULL,
    key TEXT NOT NULL,
    state TEXT NOT NULL,
    attributes TEXT NOT NULL,
    digest BLOB NOT NULL,
    version INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    UNIQUE (source, key)
) STRICT;

CREATE TABLE wake (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    identity BLOB NOT NULL UNIQUE
) STRICT;

CREATE TABLE account (
    number INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    target TEXT NOT NULL,
    class TEXT NOT NULL,
    remote_id TEXT,
    identity BLOB,
    situation TEXT NOT NULL,
    secondary_ids TEXT NOT NULL,
    version TEXT,
    active INTEGER,
    attributes TEXT NOT NULL,
    digest BLOB,
    -- What mappings last wrote, and what they will have written when the operations under way are done.
    pushed TEXT NOT NULL,
    pushing TEXT,
    seen INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX account_remote ON account (target, class, remote_id) WHERE remote_id IS NOT NULL;
-- The invariant against duplicates: an identity has one account of a class in a target.
CREATE UNIQUE INDEX account_identity ON account (identity, target, class) WHERE identity IS NOT NULL;

CREATE TABLE account_key (
    target TEXT NOT NULL,
    class TEXT NOT NULL,
    attribute TEXT NOT NULL,
    value TEXT NOT NULL,
    account INTEGER NOT NULL REFERENCES account (number) ON DELETE CASCADE,
    PRIMARY KEY (target, class, attribute, value, account)
) STRICT, WITHOUT ROWID;
CREATE INDEX account_key_account ON account_key (account);

CREATE TABLE entitlement (
    number INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    target TEXT NOT NULL,
    class TEXT NOT NULL,
    remote_id TEXT,
    name TEXT,
    version TEXT,
    attributes TEXT NOT NULL,
    digest BLOB,
    seen INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX entitlement_remote ON entitlement (target, class, remote_id) WHERE remote_id IS NOT NULL;
CREATE UNIQUE INDEX entitlement_name ON entitlement (target, name) WHERE name IS NOT NULL;

-- Who holds what, by the target's own ids: a member may be an account that is not known yet.
CREATE TABLE holding (
    target TEXT NOT NULL,
    account TEXT NOT NULL,
    class TEXT NOT NULL,
    entitlement TEXT NOT NULL,
    PRIMARY KEY (target, account, class, entitlement)
) STRICT, WITHOUT ROWID;
CREATE INDEX holding_entitlement ON holding (target, class, entitlement);

CREATE TABLE operation (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE,
    plan BLOB,
    identity BLOB,
    target TEXT NOT NULL,
    class TEXT NOT NULL,
    object BLOB NOT NULL,
    intent TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    not_before INTEGER NOT NULL,
    detail TEXT,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    -- Something was planned for the object while this was under way: wake the identity when it ends.
    replan INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX operation_open ON operation (target, state, number) WHERE state IN ('waiting', 'in-flight', 'unknown');
CREATE INDEX operation_object ON operation (object, number) WHERE state IN ('waiting', 'in-flight', 'unknown');
CREATE INDEX operation_waiting_identity ON operation (identity) WHERE state = 'waiting';
CREATE INDEX operation_refused ON operation (target) WHERE state = 'refused';
CREATE INDEX operation_identity ON operation (identity, number);

CREATE TABLE plan (
    id BLOB NOT NULL PRIMARY KEY,
    created_at INTEGER NOT NULL,
    items INTEGER NOT NULL,
    operations TEXT NOT NULL,
    applied_at INTEGER
) STRICT;
CREATE TABLE plan_item (
    plan BLOB NOT NULL REFERENCES plan (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    item TEXT NOT NULL,
    PRIMARY KEY (plan, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE guest_state (
    subject TEXT NOT NULL,
    key TEXT NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (subject, key)
) STRICT, WITHOUT ROWID;
