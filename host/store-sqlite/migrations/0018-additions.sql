-- What operators add to identities: assignments, groups and imposed states.

-- All of it, as planning reads it with the identity.
ALTER TABLE identity ADD COLUMN added TEXT NOT NULL DEFAULT '{}';

-- Where an assignment is, and who has one of a role.
CREATE TABLE assignment (
    id BLOB NOT NULL PRIMARY KEY,
    identity BLOB NOT NULL,
    role TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX assignment_identity ON assignment (identity);
CREATE INDEX assignment_role ON assignment (role, identity);

-- Who was put into a group.
CREATE TABLE group_member (
    in_group TEXT NOT NULL,
    identity BLOB NOT NULL,
    PRIMARY KEY (in_group, identity)
) STRICT, WITHOUT ROWID;
