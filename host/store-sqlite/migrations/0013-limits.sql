-- How often calls into connectors reached a limit: by limit, connector (name and version) and source or target.

CREATE TABLE limit_reached (
    name TEXT NOT NULL,
    connector TEXT NOT NULL,
    subject TEXT NOT NULL,
    times INTEGER NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (name, connector, subject)
) STRICT, WITHOUT ROWID;
