-- Regular jobs, the cursors of change feeds, and what a run has seen.

CREATE TABLE job (
    name TEXT NOT NULL PRIMARY KEY,
    -- Slots up to here need no run any more.
    done_until INTEGER NOT NULL,
    started_at INTEGER,
    ended_at INTEGER,
    result TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE change_cursor (
    target TEXT NOT NULL,
    class TEXT NOT NULL,
    cursor TEXT NOT NULL,
    taken_at INTEGER NOT NULL,
    PRIMARY KEY (target, class)
) STRICT, WITHOUT ROWID;

-- The marks of a listing stand apart from the wide rows: a page of unchanged objects writes a few small pages, in whichever
-- order they come.
CREATE TABLE account_seen (
    number INTEGER PRIMARY KEY REFERENCES account (number) ON DELETE CASCADE,
    run INTEGER NOT NULL
) STRICT;
INSERT INTO account_seen (number, run) SELECT number, seen FROM account WHERE seen > 0;
ALTER TABLE account DROP COLUMN seen;
CREATE TABLE entitlement_seen (
    number INTEGER PRIMARY KEY REFERENCES entitlement (number) ON DELETE CASCADE,
    run INTEGER NOT NULL
) STRICT;
INSERT INTO entitlement_seen (number, run) SELECT number, seen FROM entitlement WHERE seen > 0;
ALTER TABLE entitlement DROP COLUMN seen;

-- Who should have an account and has none is found without reading the rows.
CREATE INDEX identity_present ON identity (id) WHERE state IN ('active', 'suspended');
CREATE INDEX account_present ON account (target, identity) WHERE identity IS NOT NULL AND remote_id IS NOT NULL;
