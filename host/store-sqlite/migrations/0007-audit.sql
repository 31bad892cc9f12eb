-- Who changed what. Rows are only ever added; each holds the hash of the one before. Ids are text here, so that a row
-- that somebody changed can still be read and named.

CREATE TABLE audit (
    sequence INTEGER NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    activity TEXT,
    action TEXT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    identity TEXT,
    target TEXT,
    operation TEXT,
    plan TEXT,
    connector TEXT,
    details TEXT NOT NULL,
    previous BLOB NOT NULL,
    hash BLOB NOT NULL
) STRICT;
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_identity ON audit (identity, sequence) WHERE identity IS NOT NULL;
CREATE INDEX audit_operation ON audit (operation, sequence) WHERE operation IS NOT NULL;

CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN
    SELECT RAISE(ABORT, 'the audit log is only ever added to');
END;
CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit BEGIN
    SELECT RAISE(ABORT, 'the audit log is only ever added to');
END;
-- A replacing insert deletes without asking the trigger above.
CREATE TRIGGER audit_is_not_replaced BEFORE INSERT ON audit
WHEN NEW.sequence <= (SELECT coalesce(max(sequence), 0) FROM audit) BEGIN
    SELECT RAISE(ABORT, 'the audit log is only ever added to');
END;

-- The last row and the host's signature of it: a tail that was cut off shows.
CREATE TABLE audit_head (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    sequence INTEGER NOT NULL,
    hash BLOB NOT NULL,
    signature BLOB
) STRICT;

-- Which attributes of a class are never shown. What is not known of a class hides all of it.
CREATE TABLE audited_class (
    target TEXT NOT NULL,
    class TEXT NOT NULL,
    hidden TEXT NOT NULL,
    PRIMARY KEY (target, class)
) STRICT, WITHOUT ROWID;

-- Events up to this one are not kept any more.
CREATE TABLE event_dropped (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    through INTEGER NOT NULL
) STRICT;
