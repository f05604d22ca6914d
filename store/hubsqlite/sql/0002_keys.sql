-- Rotation. agreed: height of the newest ledger head at which a device held the same as the hub, nothing left to send.
ALTER TABLE contacts ADD COLUMN agreed INTEGER NOT NULL DEFAULT 0;

-- Names of blobs that were destroyed: wraps and key packs of destroyed epochs are not taken again from anybody.
CREATE TABLE dropped (
    name BLOB NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;
