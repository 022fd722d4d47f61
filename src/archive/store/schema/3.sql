-- Schema 3: what checks saw broken, and where they asked.

-- Each `HOST ADDRESS` as JSON; null in rows of earlier versions.
ALTER TABLE look ADD COLUMN broken TEXT; -- the MX addresses that a check of that day saw broken
ALTER TABLE look ADD COLUMN given  TEXT; -- the MX addresses that DNS gave
