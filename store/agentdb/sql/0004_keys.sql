-- What re-wrapping needs of a closed change-set apart from its deltas, so that rotation reads no sealed body: head is
-- session, salt, form bundle and wrapped secret; objects are the names of its objects, 16 bytes each. A row outlives one of
-- sets that the disk lost: its number is given to the same change-set again.
CREATE TABLE set_keys (
  id      INTEGER PRIMARY KEY,
  head    BLOB NOT NULL,
  objects BLOB NOT NULL
);

-- Key packs, own and others'. name and manifest are NULL while one is being written here or fetched; whole: all of its
-- segments are here. What it holds is sealed to the epoch that it names.
CREATE TABLE packs (
  id       INTEGER PRIMARY KEY,
  name     BLOB UNIQUE,
  scope    BLOB NOT NULL,
  epoch    INTEGER NOT NULL,
  manifest BLOB,
  whole    INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE segments (
  pack  INTEGER NOT NULL REFERENCES packs (id),
  idx   INTEGER NOT NULL,
  bytes BLOB NOT NULL,
  PRIMARY KEY (pack, idx)
);
