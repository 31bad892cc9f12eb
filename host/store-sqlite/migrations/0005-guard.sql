-- What the guard counts and holds, and what is quarantined.

-- What an operation takes from its account (`account` or `entitlement`); the revocations of an account that is disabled as
-- well are not counted apart. Whether a person approved it.
ALTER TABLE operation ADD COLUMN taking TEXT;
ALTER TABLE operation ADD COLUMN approved INTEGER NOT NULL DEFAULT 0;
ALTER TABLE operation ADD COLUMN quarantined_since INTEGER;
UPDATE operation SET taking = CASE intent ->> '$.kind'
    WHEN 'disable' THEN 'account' WHEN 'delete' THEN 'account' WHEN 'revoke' THEN 'entitlement' END;
CREATE INDEX operation_taking ON operation (target, taking, state, changed_at) WHERE taking IS NOT NULL;
CREATE INDEX operation_taken_from ON operation (object) WHERE taking IS NOT NULL;
CREATE INDEX operation_quarantined ON operation (quarantined_since) WHERE quarantined_since IS NOT NULL;
CREATE INDEX account_usable ON account (target, active) WHERE identity IS NOT NULL AND remote_id IS NOT NULL;

CREATE TABLE held (
    account BLOB NOT NULL PRIMARY KEY,
    identity BLOB NOT NULL,
    target TEXT NOT NULL,
    taking TEXT NOT NULL,
    item TEXT NOT NULL,
    reason TEXT NOT NULL,
    state TEXT NOT NULL,
    held_at INTEGER NOT NULL,
    decided_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX held_identity ON held (identity);
CREATE INDEX held_state ON held (state, target, taking);

CREATE TABLE breaker (
    target TEXT NOT NULL PRIMARY KEY,
    breaker TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Operations of this kind are not sent to the target before.
CREATE TABLE throttle (
    target TEXT NOT NULL,
    kind TEXT NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (target, kind)
) STRICT, WITHOUT ROWID;
