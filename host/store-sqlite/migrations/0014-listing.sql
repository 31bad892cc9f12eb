-- What a listing has seen is one bit for each object, so that a page of unchanged objects writes little, however many there are
-- and in whichever order they come.
CREATE TABLE seen (
    run INTEGER NOT NULL,
    -- The table whose numbers these are.
    objects TEXT NOT NULL,
    -- Which 16,000 numbers: the bit of a number n is bit n % 16000 of chunk n / 16000.
    chunk INTEGER NOT NULL,
    bits BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX seen_run ON seen (run, objects, chunk);
CREATE INDEX seen_chunk ON seen (objects, chunk);
DROP TABLE account_seen;
DROP TABLE entitlement_seen;

-- Whether a listed object is as it was is found without reading its row.
CREATE INDEX account_digest ON account (target, class, remote_id, digest) WHERE remote_id IS NOT NULL;
CREATE INDEX run_subject ON run (kind, subject, number);
