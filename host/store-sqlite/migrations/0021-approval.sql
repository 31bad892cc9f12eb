-- Who asked for a plan, who decided about its items, and whose plan led to what is held: who asks does not approve.

ALTER TABLE plan ADD COLUMN requested_by TEXT;
ALTER TABLE plan_item ADD COLUMN decided_by TEXT;
ALTER TABLE held ADD COLUMN requested_by TEXT;
