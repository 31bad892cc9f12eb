-- What a host vouches for in a plan, and what becomes of each of its items. Positions count from 1.

ALTER TABLE plan ADD COLUMN expires_at INTEGER;
ALTER TABLE plan ADD COLUMN configuration BLOB;
ALTER TABLE plan ADD COLUMN what_if INTEGER NOT NULL DEFAULT 0;
ALTER TABLE plan ADD COLUMN digest BLOB;
ALTER TABLE plan ADD COLUMN signature BLOB;

ALTER TABLE plan_item ADD COLUMN state TEXT NOT NULL DEFAULT 'open';
ALTER TABLE plan_item ADD COLUMN why TEXT;
CREATE INDEX plan_item_state ON plan_item (plan, state);
UPDATE plan_item SET position = -position - 1;
UPDATE plan_item SET position = -position;

-- The declarations that were taken up last: what a change touches is found by comparing with them.
CREATE TABLE declarations (
    number INTEGER PRIMARY KEY CHECK (number = 1),
    digest BLOB NOT NULL,
    text TEXT NOT NULL
) STRICT;
