-- Schema 3: what is taken back, what may be verified otherwise, what does not come back; what checks saw broken, and what they answered.

-- Digest of what the source is known by: read to its end again, what is not refused again is gone. Null: it is known by nothing.
ALTER TABLE rejection ADD COLUMN origin BLOB CHECK (origin IS NULL OR length(origin) = 16);
CREATE INDEX rejection_by_origin ON rejection (origin) WHERE origin IS NOT NULL;

-- Of a file with mails that nothing proved: digest of the means by which they were to be proven. Null: nothing was left unproven.
ALTER TABLE stamp ADD COLUMN means BLOB CHECK (means IS NULL OR length(means) = 16);

-- Up to where reports were pruned away: whose period ends no later does not come back. One row, or none.
CREATE TABLE pruned (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    line INTEGER NOT NULL
) STRICT;

-- What checks saw broken, and where they asked.

-- Each `HOST ADDRESS` as JSON; null in rows of earlier versions.
ALTER TABLE look ADD COLUMN broken TEXT; -- the MX addresses that a check of that day saw broken
ALTER TABLE look ADD COLUMN given  TEXT; -- the MX addresses that DNS gave

-- What live checks answered, and from when to when check after check gave it.
CREATE TABLE verdict (
    domain   INTEGER NOT NULL REFERENCES text,
    first_at INTEGER NOT NULL,
    last_at  INTEGER NOT NULL CHECK (last_at >= first_at),
    times    INTEGER NOT NULL CHECK (times > 0),
    value    INTEGER NOT NULL REFERENCES text, -- JSON
    PRIMARY KEY (domain, first_at)
) STRICT, WITHOUT ROWID;
