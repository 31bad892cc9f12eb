-- Values of unique attributes that accounts are to get by operations that are not done yet: nobody else gets them.
CREATE TABLE claimed_value (
    target TEXT NOT NULL,
    class TEXT NOT NULL,
    attribute TEXT NOT NULL,
    value TEXT NOT NULL,
    account BLOB NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    PRIMARY KEY (target, class, attribute, value)
) STRICT, WITHOUT ROWID;
CREATE INDEX claimed_value_account ON claimed_value (account);
