-- Schema 4: of which standing of a domain somebody was told last.

CREATE TABLE told (
    domain  INTEGER NOT NULL REFERENCES text,
    channel INTEGER NOT NULL REFERENCES text, -- a name, never an address: that of a webhook is often a secret
    at      INTEGER NOT NULL,
    value   INTEGER NOT NULL REFERENCES text, -- JSON
    PRIMARY KEY (domain, channel)
) STRICT, WITHOUT ROWID;
