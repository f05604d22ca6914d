package schema

// Bounds on single messages. What several honest people wrote together is never refused for its number.
const (
	Suite = 1 // the only cryptographic suite; any other number is refused

	MaxFrame       = 1200      // bytes of one frame on the wire
	MaxChangeSet   = 256 << 10 // bytes of one encoded change-set
	MaxDeltas      = 4096      // deltas in one change-set
	MaxSealed      = 96 << 10  // bytes of one sealed delta
	MaxPlain       = 512 << 10 // bytes of one delta after decompression
	MaxHeads       = 1024      // heads relied upon by one change-set
	MaxTags        = 1024      // field tags of one delta
	MaxSeen        = 1024      // entries of one delta's context
	MaxChunks      = 4096      // attachment chunks named by one delta
	MaxLedgerEntry = 512 << 10 // bytes of one ledger entry
	MaxBlob        = 16 << 20  // bytes of one blob (form bundle, chunk)
)
