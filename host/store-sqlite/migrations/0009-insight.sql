-- Why an operation last failed, and since when its effect has been asked for; what reports read.

-- The class of the connector's error, or the kind of the fault. What ended well in the end keeps the class of its last failure.
ALTER TABLE operation ADD COLUMN error_class TEXT;
-- When the change of the identity was accepted that asked for it; none where no such change did.
ALTER TABLE operation ADD COLUMN requested_at INTEGER;
CREATE INDEX operation_ended_well ON operation (changed_at) WHERE state IN ('applied', 'already-so');
CREATE INDEX operation_failed ON operation (changed_at) WHERE error_class IS NOT NULL;
CREATE INDEX operation_repair ON operation (target, created_at) WHERE requested_at IS NULL;

-- The version of the identity whose whole plan was last written as intents.
ALTER TABLE identity ADD COLUMN planned_version INTEGER NOT NULL DEFAULT 0;
UPDATE identity SET planned_version = version;

CREATE INDEX run_of ON run (kind, subject, number);
