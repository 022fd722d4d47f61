-- Schema 1: reports, what could not be read, and which sources were read how far.
--
-- Instants are nanoseconds since 1970, exact: they are part of what makes two texts the same report.

-- Whatever repeats, once: names, policies, folders, words about authenticity. Row 0 stands for "no domain".
CREATE TABLE text (
    id     INTEGER PRIMARY KEY,
    digest BLOB    NOT NULL UNIQUE CHECK (length(digest) = 16),
    value  TEXT    NOT NULL
) STRICT;
INSERT INTO text VALUES (0, zeroblob(16), '');

CREATE TABLE report (
    id           INTEGER PRIMARY KEY,
    key          BLOB    NOT NULL UNIQUE CHECK (length(key) = 16), -- of organisation, id and range
    organization INTEGER NOT NULL REFERENCES text,
    reporter     INTEGER NOT NULL REFERENCES text,
    contact      INTEGER          REFERENCES text,
    subject      INTEGER          REFERENCES text,
    report_id    TEXT    NOT NULL,
    begins       INTEGER NOT NULL,
    ends         INTEGER NOT NULL CHECK (ends >= begins),
    sha256       BLOB    NOT NULL CHECK (length(sha256) = 32),
    folder       INTEGER NOT NULL REFERENCES text, -- the source up to its last slash
    file         TEXT    NOT NULL,                 -- and from there on
    proof        INTEGER NOT NULL CHECK (proof BETWEEN 0 AND 3), -- failed, unverifiable, operator, verified
    authenticity INTEGER NOT NULL REFERENCES text, -- JSON
    received_at  INTEGER,
    ingested_at  INTEGER NOT NULL,
    failures     INTEGER NOT NULL CHECK (failures >= 0),
    oddities     INTEGER          REFERENCES text, -- JSON; null: none
    unknown      TEXT                              -- keys beside those of RFC 8460, JSON; null: none
) STRICT;
CREATE INDEX report_by_end ON report (ends);

-- An entry of `policies`. What a domain was told since a time lies side by side.
CREATE TABLE entry (
    domain     INTEGER NOT NULL REFERENCES text, -- its own, else the report's subject, else 0
    ends       INTEGER NOT NULL,                 -- as in the report
    report     INTEGER NOT NULL REFERENCES report ON DELETE CASCADE,
    position   INTEGER NOT NULL,
    named      INTEGER NOT NULL CHECK (named IN (0, 1)), -- whether `policy-domain` was there
    type       INTEGER NOT NULL REFERENCES text,
    policy     INTEGER          REFERENCES text, -- `policy-string`, JSON; null: none
    mx         INTEGER          REFERENCES text, -- `mx-host`, JSON; null: none
    successful INTEGER NOT NULL,
    failed     INTEGER NOT NULL,
    details    TEXT,                             -- `failure-details`, JSON; null: none
    unknown    TEXT,                             -- keys beside those of RFC 8460, JSON; null: none
    PRIMARY KEY (domain, ends, report, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX entry_of_report ON entry (report);

-- The text of a report as it came, where it was to be kept.
CREATE TABLE raw (
    report INTEGER PRIMARY KEY REFERENCES report ON DELETE CASCADE,
    gzip   BLOB    NOT NULL
) STRICT;

CREATE TABLE rejection (
    id         INTEGER PRIMARY KEY,
    key        BLOB    NOT NULL UNIQUE CHECK (length(key) = 16), -- of source and reason
    source     TEXT    NOT NULL,
    reason     TEXT    NOT NULL,
    sha256     BLOB    NOT NULL CHECK (length(sha256) = 32),
    size       INTEGER NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen  INTEGER NOT NULL
) STRICT;
CREATE INDEX rejection_by_time ON rejection (last_seen);

-- Files that were read whole, as they were then.
CREATE TABLE stamp (
    path     BLOB    PRIMARY KEY CHECK (length(path) = 16), -- digest of the path
    size     INTEGER NOT NULL,
    modified INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- How far each IMAP folder was read (RFC 9051 §2.3.1.1).
CREATE TABLE mark (
    account      TEXT    NOT NULL,
    folder       TEXT    NOT NULL,
    uid_validity INTEGER NOT NULL,
    last_uid     INTEGER NOT NULL,
    PRIMARY KEY (account, folder)
) STRICT, WITHOUT ROWID;
