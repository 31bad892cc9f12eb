-- Tokens of the API. Of each only the digest is kept.
CREATE TABLE api_token (
    name         TEXT    NOT NULL PRIMARY KEY,
    role         TEXT    NOT NULL,
    digest       BLOB    NOT NULL UNIQUE,
    created_at   INTEGER NOT NULL,
    created_by   TEXT    NOT NULL,
    expires_at   INTEGER,
    last_used_at INTEGER
) STRICT;
