-- Whether a listed account is as it was is found in few bytes, wherever it lies: of a million accounts these are 50 MB, of which
-- each search touches a page, while an index by target, class and primary id has 150.
CREATE TABLE fingerprint (
    name INTEGER PRIMARY KEY,
    number INTEGER NOT NULL,
    seen BLOB NOT NULL
) STRICT;
-- The name under which it stands there; by accident or malice another account may stand there since.
ALTER TABLE account ADD COLUMN fingerprint INTEGER;
CREATE TRIGGER account_seen_otherwise AFTER UPDATE OF remote_id, digest ON account WHEN OLD.fingerprint IS NOT NULL BEGIN
    DELETE FROM fingerprint WHERE name = OLD.fingerprint AND number = OLD.number;
END;
CREATE TRIGGER account_forgotten AFTER DELETE ON account WHEN OLD.fingerprint IS NOT NULL BEGIN
    DELETE FROM fingerprint WHERE name = OLD.fingerprint AND number = OLD.number;
END;
DROP INDEX account_digest;
