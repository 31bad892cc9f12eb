-- Which accounts match which identities, what people decided about it, which accounts are protected, and which are gone.

-- Since when the account is gone from the target; none for one that was never created.
ALTER TABLE account ADD COLUMN gone_since INTEGER;
-- Why no operation may touch it.
ALTER TABLE account ADD COLUMN protected_because TEXT;
-- The identity that a person took it from: it is not given back without asking.
ALTER TABLE account ADD COLUMN taken_from BLOB;
CREATE INDEX account_situation ON account (target, situation, id);

-- What planning last found for an identity among the accounts that belong to nobody.
CREATE TABLE account_match (
    identity BLOB NOT NULL,
    account BLOB NOT NULL,
    target TEXT NOT NULL,
    -- 'unlinked' or 'disputed'
    situation TEXT NOT NULL,
    -- Whether the identity should have an account there and this one is definitely it.
    claims INTEGER NOT NULL,
    PRIMARY KEY (identity, account)
) STRICT, WITHOUT ROWID;
CREATE INDEX account_match_account ON account_match (account);

-- Identities of which it could not be said which accounts of a target are theirs.
CREATE TABLE unsettled (
    target TEXT NOT NULL,
    identity BLOB NOT NULL,
    PRIMARY KEY (target, identity)
) STRICT, WITHOUT ROWID;
CREATE INDEX unsettled_identity ON unsettled (identity);

CREATE TABLE match_case (
    id BLOB NOT NULL PRIMARY KEY,
    identity BLOB NOT NULL,
    target TEXT NOT NULL,
    -- 'open', 'decided' or 'closed'
    state TEXT NOT NULL,
    candidates TEXT NOT NULL,
    decision TEXT,
    opened_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX match_case_current ON match_case (identity, target) WHERE state <> 'closed';
CREATE INDEX match_case_target ON match_case (target, id);
