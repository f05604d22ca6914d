-- What this device put beside the ledger (wraps, lists of wraps, sealed form bundles), as it was put: a hub that was
-- restored from an older backup gets it again. Others cannot make these bytes anew, and the ledger names their hashes.
CREATE TABLE blobs (
  id    BLOB PRIMARY KEY,
  bytes BLOB NOT NULL
);
