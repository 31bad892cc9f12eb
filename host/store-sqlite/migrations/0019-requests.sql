-- Requests that callers gave a name to, and their answers.
CREATE TABLE request (
    caller TEXT NOT NULL,
    key TEXT NOT NULL,
    -- Which request it is.
    fingerprint BLOB NOT NULL,
    begun_at INTEGER NOT NULL,
    -- 'under-way', 'answered' or 'unknown'
    state TEXT NOT NULL DEFAULT 'under-way',
    -- Whether it has changed something.
    changed INTEGER NOT NULL DEFAULT 0,
    status INTEGER,
    headers TEXT,
    size INTEGER NOT NULL DEFAULT 0,
    body BLOB
) STRICT;
CREATE UNIQUE INDEX request_name ON request (caller, key);
CREATE INDEX request_begun ON request (begun_at);
CREATE INDEX request_of ON request (caller, begun_at, size) WHERE state <> 'under-way';
CREATE INDEX request_open ON request (state) WHERE state = 'under-way';
