-- From when until when an identity holds, since when nobody grants an account, and who is looked at again at which time.

ALTER TABLE staged ADD COLUMN valid_from INTEGER;
ALTER TABLE staged ADD COLUMN valid_until INTEGER;
ALTER TABLE identity ADD COLUMN valid_from INTEGER;
ALTER TABLE identity ADD COLUMN valid_until INTEGER;

ALTER TABLE account ADD COLUMN leaving_since INTEGER;
ALTER TABLE account ADD COLUMN deletion_cancelled INTEGER NOT NULL DEFAULT 0;
CREATE INDEX account_leaving ON account (target, leaving_since) WHERE leaving_since IS NOT NULL;

-- Time alone wakes these.
CREATE TABLE due (
    identity BLOB NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX due_at ON due (at);
