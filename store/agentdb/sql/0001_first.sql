-- The laptop's store. Everything that could tell about a person is sealed before it reaches a column here; identifiers are
-- random or keyed hashes. Change-sets are kept as they were signed, so that they can be offered to any hub again.

CREATE TABLE meta (
  key   TEXT PRIMARY KEY,
  value BLOB NOT NULL
) WITHOUT ROWID;

-- The ledger as received, entry by entry; it is verified again at every unlock.
CREATE TABLE ledger (
  height INTEGER PRIMARY KEY,
  entry  BLOB NOT NULL
);

-- Form bundles, sealed with the storage key, by the short name that change-sets cite.
CREATE TABLE bundles (
  pack   BLOB PRIMARY KEY,
  sealed BLOB NOT NULL
);

-- Private epoch keys, sealed with the storage key.
CREATE TABLE epoch_keys (
  scope  BLOB NOT NULL,
  number INTEGER NOT NULL,
  sealed BLOB NOT NULL,
  PRIMARY KEY (scope, number)
) WITHOUT ROWID;

-- Session headers by name: later change-sets of a sitting only cite them. sealed_key is set for own sessions that a
-- reader keeps for some days; a capture-only scope's session key never comes here.
CREATE TABLE sessions (
  id         BLOB PRIMARY KEY,
  scope      BLOB NOT NULL,
  epoch      INTEGER NOT NULL,
  header     BLOB NOT NULL,
  sealed_key BLOB,
  made       INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX sessions_kept ON sessions (scope, epoch, made) WHERE sealed_key IS NOT NULL;

CREATE TABLE streams (
  id     INTEGER PRIMARY KEY,
  stream BLOB NOT NULL UNIQUE,
  scope  BLOB NOT NULL,
  device BLOB NOT NULL,
  own    INTEGER NOT NULL
);

-- Change-sets, own and others'. hash is NULL while one is open. state: 0 open, 1 closed and not at the hub, 2 at the hub.
-- opened: 0 waits for a key or a form bundle, 1 its deltas are in parts, 2 sealed to this laptop.
CREATE TABLE sets (
  id      INTEGER PRIMARY KEY,
  stream  INTEGER NOT NULL REFERENCES streams (id),
  seq     INTEGER NOT NULL,
  parent  INTEGER NOT NULL,
  hash    BLOB UNIQUE,
  state   INTEGER NOT NULL,
  opened  INTEGER NOT NULL,
  height  INTEGER NOT NULL,
  epoch   INTEGER NOT NULL,
  deltas  INTEGER NOT NULL DEFAULT 0,
  verdict TEXT NOT NULL DEFAULT ''
);
CREATE INDEX sets_stream ON sets (stream, seq);
CREATE INDEX sets_unsent ON sets (id) WHERE state = 1;
CREATE INDEX sets_open ON sets (id) WHERE state = 0;
CREATE INDEX sets_waiting ON sets (id) WHERE opened = 0;

-- Bytes of closed change-sets, apart from sets so that reading the history does not read them.
CREATE TABLE set_bytes (
  id  INTEGER PRIMARY KEY REFERENCES sets (id),
  raw BLOB NOT NULL
);

-- An open change-set: its header so far, and its deltas, each durable before its save is acknowledged.
CREATE TABLE open_sets (
  id    INTEGER PRIMARY KEY REFERENCES sets (id),
  draft BLOB NOT NULL
);
CREATE TABLE open_deltas (
  set_id INTEGER NOT NULL REFERENCES sets (id),
  idx    INTEGER NOT NULL,
  body   BLOB NOT NULL,
  PRIMARY KEY (set_id, idx)
) WITHOUT ROWID;

-- What this laptop could open, one row for each object, sealed with the storage key. record is a keyed hash.
CREATE TABLE parts (
  id     INTEGER PRIMARY KEY,
  object BLOB NOT NULL UNIQUE,
  record BLOB NOT NULL,
  scope  BLOB NOT NULL,
  sealed BLOB NOT NULL
);
CREATE INDEX parts_record ON parts (record);
CREATE INDEX parts_scope ON parts (scope);

-- How far each scope's log was read from the hub.
CREATE TABLE cursors (
  scope   BLOB PRIMARY KEY,
  number  INTEGER NOT NULL,
  running BLOB NOT NULL
) WITHOUT ROWID;
