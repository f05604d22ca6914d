package ledger

import (
	"crypto/sha256"

	"escale/schema"
)

// Labels keep the hash or signature of one thing from being taken for that of another.
const (
	labelGenesis = "escale/v1/genesis\x00"
	labelEntry   = "escale/v1/entry\x00"
	labelWraps   = "escale/v1/blob\x00" // a list of wraps lies beside the ledger under envelope.BlobID, which is this hash
	labelOrder   = "escale/v1/order\x00"
	labelLink    = "escale/v1/link\x00"
	labelKey     = "escale/v1/unique-key\x00"
)

// Head names one state of the log: the height of its last entry and that entry's hash.
type Head struct {
	_      struct{} `cbor:",toarray"`
	Height uint64
	Hash   schema.Hash
}

// OrgOf names the organisation that a genesis founds.
func OrgOf(genesis []byte) schema.Org { return schema.Org(digest(labelGenesis, genesis)) }

// HashOf returns the hash of an entry at a height; that of entry 0 is the organisation's id.
func HashOf(height uint64, entry []byte) schema.Hash {
	if height == 0 {
		return digest(labelGenesis, entry)
	}
	return digest(labelEntry, entry)
}

func digest(label string, b []byte) (out schema.Hash) {
	h := sha256.New()
	h.Write([]byte(label))
	h.Write(b)
	h.Sum(out[:0])
	return out
}

// message is what is signed: the label, the organisation, the content.
func message(label string, org schema.Org, content []byte) []byte {
	b := make([]byte, 0, len(label)+len(org)+len(content))
	b = append(b, label...)
	b = append(b, org[:]...)
	return append(b, content...)
}
