-- The targets that an owner's token is bound to, as a JSON list, and those that a plan is about.

ALTER TABLE api_token ADD COLUMN targets TEXT NOT NULL DEFAULT '[]';
ALTER TABLE plan ADD COLUMN targets TEXT NOT NULL DEFAULT '[]';
