-- When both sides last held the same (Unix milliseconds, 0 = never), and how many change-sets were given back since.
ALTER TABLE contacts ADD COLUMN agreed_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE contacts ADD COLUMN repairs INTEGER NOT NULL DEFAULT 0;
