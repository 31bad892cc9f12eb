-- Which identities' accounts refer to whose account in a target, so that they are planned again when its id is known or changes.

CREATE TABLE reference (
    identity BLOB NOT NULL,
    target TEXT NOT NULL,
    -- As `source/key`.
    refers_to TEXT NOT NULL,
    PRIMARY KEY (identity, target, refers_to)
) STRICT, WITHOUT ROWID;
CREATE INDEX reference_refers_to ON reference (refers_to, target);
