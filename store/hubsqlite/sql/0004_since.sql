-- Since when a scope has had an open conflict, and a change-set that does not count, without a moment between (Unix
-- milliseconds by the hub's clock, 0 = none, or from before this was noted).
ALTER TABLE scopes ADD COLUMN conflict_since INTEGER NOT NULL DEFAULT 0;
ALTER TABLE scopes ADD COLUMN aside_since INTEGER NOT NULL DEFAULT 0;
