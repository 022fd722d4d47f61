-- Schema 2: what live checks observed.

-- Something that is looked at again and again: the policy at a policy host, the addresses of an MX host.
CREATE TABLE subject (
    id        INTEGER PRIMARY KEY,
    domain    INTEGER NOT NULL REFERENCES text,
    kind      TEXT    NOT NULL,
    name      INTEGER NOT NULL REFERENCES text,
    looked_at INTEGER NOT NULL, -- the newest look that could see
    UNIQUE (domain, kind, name)
) STRICT;

-- From when to when it had a value.
CREATE TABLE span (
    subject    INTEGER NOT NULL REFERENCES subject ON DELETE CASCADE,
    first_seen INTEGER NOT NULL,
    value      INTEGER NOT NULL REFERENCES text, -- JSON
    last_seen  INTEGER NOT NULL CHECK (last_seen >= first_seen),
    PRIMARY KEY (subject, first_seen, value)
) STRICT, WITHOUT ROWID;

CREATE TABLE certificate (
    sha256 BLOB PRIMARY KEY CHECK (length(sha256) = 32),
    der    BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- The live checks of one day (UTC) from one vantage.
CREATE TABLE look (
    domain   INTEGER NOT NULL REFERENCES text,
    day      TEXT    NOT NULL CHECK (length(day) = 10),
    vantage  INTEGER NOT NULL REFERENCES text,
    times    INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    last_at  INTEGER NOT NULL,
    proven   INTEGER NOT NULL REFERENCES text, -- `HOST ADDRESS` of each MX address that was proven clean, JSON
    PRIMARY KEY (domain, day, vantage)
) STRICT, WITHOUT ROWID;
