-- Which build of a connector each source and target runs, what it ran before, and what may take over.

CREATE TABLE connector_use (
    -- `source NAME` or `target NAME`.
    subject TEXT NOT NULL PRIMARY KEY,
    revision INTEGER NOT NULL,
    record TEXT NOT NULL CHECK (json_valid(record))
) STRICT, WITHOUT ROWID;
