-- How far each webhook has been told of events.
CREATE TABLE webhook (
    name              TEXT    NOT NULL PRIMARY KEY,
    -- Every event up to this one was delivered, is not wanted, or has a row below.
    through           INTEGER NOT NULL,
    since             INTEGER NOT NULL,
    disabled_at       INTEGER,
    disabled_because  TEXT,
    delivered         INTEGER NOT NULL DEFAULT 0,
    failed            INTEGER NOT NULL DEFAULT 0,
    died              INTEGER NOT NULL DEFAULT 0,
    last_delivered_at INTEGER,
    last_failed_at    INTEGER,
    last_failure      TEXT
) STRICT;

-- Deliveries that failed: they wait for the next try, or are dead letters. Each keeps its event, which may be dropped meanwhile.
CREATE TABLE webhook_letter (
    webhook  TEXT    NOT NULL,
    sequence INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    kind     TEXT    NOT NULL,
    subject  TEXT    NOT NULL,
    detail   TEXT    NOT NULL,
    attempts INTEGER NOT NULL,
    next_at  INTEGER,
    dead_at  INTEGER,
    reason   TEXT    NOT NULL,
    PRIMARY KEY (webhook, sequence)
) STRICT, WITHOUT ROWID;

CREATE INDEX webhook_letter_due ON webhook_letter (webhook, next_at) WHERE next_at IS NOT NULL;
