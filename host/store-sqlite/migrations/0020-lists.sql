-- A page of a list is looked up, whatever it is filtered and sorted by.

CREATE INDEX identity_source ON identity (source, id);
CREATE INDEX identity_state ON identity (state, id);
CREATE INDEX identity_source_state ON identity (source, state, id);
CREATE INDEX identity_key ON identity (key, id);
CREATE INDEX identity_changed ON identity (changed_at, id);
CREATE INDEX account_target ON account (target, id);
CREATE INDEX account_in_situation ON account (situation, id);
CREATE INDEX operation_target ON operation (target, id);
-- Most operations are applied: those are found in the order of all. What asks for this index says that it wants others.
CREATE INDEX operation_not_applied ON operation (state, id) WHERE state <> 'applied';
CREATE INDEX operation_of ON operation (identity, id);
