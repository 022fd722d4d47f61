-- Schema 3: what live checks answered.

-- An answer, and from when to when check after check gave it.
CREATE TABLE verdict (
    domain   INTEGER NOT NULL REFERENCES text,
    first_at INTEGER NOT NULL,
    last_at  INTEGER NOT NULL CHECK (last_at >= first_at),
    times    INTEGER NOT NULL CHECK (times > 0),
    value    INTEGER NOT NULL REFERENCES text, -- JSON
    PRIMARY KEY (domain, first_at)
) STRICT, WITHOUT ROWID;
