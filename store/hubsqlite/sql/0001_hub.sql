-- What a hub keeps. Sealed bytes are stored once, in set_bytes; all else is what the hub may know.

-- Whose hub this is. judged: ledger height up to which marks of change-sets were computed.
CREATE TABLE identity (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    org    BLOB NOT NULL,
    epoch  BLOB NOT NULL,
    judged INTEGER NOT NULL
) STRICT;

-- The ledger, from height 0 on.
CREATE TABLE ledger (
    height INTEGER PRIMARY KEY,
    entry  BLOB NOT NULL
) STRICT;

-- One row for each scope that holds change-sets: its counter, running hash and number of open conflicts.
CREATE TABLE scopes (
    id        INTEGER PRIMARY KEY,
    scope     BLOB NOT NULL UNIQUE,
    number    INTEGER NOT NULL,
    running   BLOB NOT NULL,
    conflicts INTEGER NOT NULL
) STRICT;

-- A stream is one (device incarnation, scope).
CREATE TABLE streams (
    id     INTEGER PRIMARY KEY,
    stream BLOB NOT NULL UNIQUE,
    device BLOB NOT NULL,
    scope  INTEGER NOT NULL REFERENCES scopes (id)
) STRICT;
CREATE INDEX streams_by_scope ON streams (scope);
CREATE INDEX streams_by_device ON streams (device);

-- What is known of a change-set without its bytes. running is kept for each, so that any cursor can be checked.
-- reason: why it does not count; empty if it does.
CREATE TABLE sets (
    id      INTEGER PRIMARY KEY,
    hash    BLOB NOT NULL UNIQUE,
    stream  INTEGER NOT NULL REFERENCES streams (id),
    branch  INTEGER NOT NULL,
    seq     INTEGER NOT NULL,
    scope   INTEGER NOT NULL REFERENCES scopes (id),
    number  INTEGER NOT NULL,
    epoch   INTEGER NOT NULL,
    cited   INTEGER NOT NULL,
    before  INTEGER NOT NULL,
    size    INTEGER NOT NULL,
    reason  TEXT NOT NULL,
    running BLOB NOT NULL,
    UNIQUE (scope, number)
) STRICT;
CREATE INDEX sets_quarantined ON sets (id) WHERE reason <> '';

-- The bytes as they were signed. Apart from sets, so that scans of those rows touch few pages.
CREATE TABLE set_bytes (
    id  INTEGER PRIMARY KEY REFERENCES sets (id),
    raw BLOB NOT NULL
) STRICT;

-- Branches of a stream: more than one only where a laptop was cloned.
CREATE TABLE branches (
    stream INTEGER NOT NULL REFERENCES streams (id),
    number INTEGER NOT NULL,
    parent INTEGER NOT NULL,
    start  INTEGER NOT NULL,
    tip    INTEGER NOT NULL REFERENCES sets (id),
    PRIMARY KEY (stream, number)
) STRICT, WITHOUT ROWID;

-- The frontier: of each cell, the edits that no other admitted edit has seen. cell is object and tag in one; dots are
-- those edits in one value, so that an edit that supersedes another costs one search and one write.
CREATE TABLE frontier (
    scope INTEGER NOT NULL,
    cell  BLOB NOT NULL,
    dots  BLOB NOT NULL,
    PRIMARY KEY (scope, cell)
) STRICT, WITHOUT ROWID;

-- Heads that were cited before they came.
CREATE TABLE dangling (
    head   BLOB NOT NULL,
    set_id INTEGER NOT NULL REFERENCES sets (id),
    PRIMARY KEY (head, set_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX dangling_by_set ON dangling (set_id);

-- Beginnings of change-sets that have not come whole. id rises, so that the oldest is known without a clock.
CREATE TABLE partials (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    stream BLOB NOT NULL,
    seq    INTEGER NOT NULL,
    hash   BLOB NOT NULL,
    device BLOB NOT NULL,
    size   INTEGER NOT NULL,
    data   BLOB NOT NULL,
    UNIQUE (hash, stream, seq)
) STRICT;
CREATE INDEX partials_by_device ON partials (device, id);

-- Sealed blobs: wraps, lists of wraps, cuts, bundles, chunks.
CREATE TABLE blobs (
    name BLOB NOT NULL UNIQUE,
    size INTEGER NOT NULL,
    blob BLOB NOT NULL
) STRICT;

-- Requests to join.
CREATE TABLE inbox (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    name    BLOB NOT NULL UNIQUE,
    request BLOB NOT NULL
) STRICT;

-- Orders that wait for officers' signatures.
CREATE TABLE orders (
    id     BLOB NOT NULL PRIMARY KEY,
    signed BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- When each device was last heard of (Unix milliseconds), and how often its cursor did not fit.
CREATE TABLE contacts (
    device     BLOB NOT NULL PRIMARY KEY,
    last       INTEGER NOT NULL,
    mismatches INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
