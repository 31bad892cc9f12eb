-- Who wanted a run to stop, and since when.
ALTER TABLE run ADD COLUMN stop_asked_by TEXT;
ALTER TABLE run ADD COLUMN stop_asked_at INTEGER;
CREATE INDEX run_state ON run (kind, state);
-- Who cancelled the operation; and of which version of its identity it is not planned again until something asks for it anew.
ALTER TABLE operation ADD COLUMN cancelled_by TEXT;
ALTER TABLE operation ADD COLUMN kept_away_version INTEGER;
CREATE INDEX operation_kept_away ON operation (object) WHERE kept_away_version IS NOT NULL;
