-- Sealed secrets. Nothing here can be read without the host's key, which is never in the store.

CREATE TABLE secret (
    name TEXT NOT NULL PRIMARY KEY,
    -- Counts from 1, with each new value.
    version INTEGER NOT NULL,
    -- Which key seals the data key.
    key TEXT NOT NULL,
    wrapped_key BLOB NOT NULL,
    sealed BLOB NOT NULL,
    set_at INTEGER NOT NULL,
    set_by TEXT NOT NULL
) STRICT, WITHOUT ROWID;
