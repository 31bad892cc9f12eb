-- Whom a run that only looked at a target would have woken; the next one that may repair it wakes them.
CREATE TABLE put_off (
    target TEXT NOT NULL,
    identity BLOB NOT NULL,
    PRIMARY KEY (target, identity)
) STRICT, WITHOUT ROWID;
