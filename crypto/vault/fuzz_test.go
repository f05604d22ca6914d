package vault

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// FuzzParse checks that whatever passes the parser is within bounds and is written back byte for byte.
func FuzzParse(f *testing.F) {
	golden, err := os.ReadFile(filepath.Join("testdata", "vault.golden"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(golden)
	f.Add(golden[:len(golden)/2])
	f.Add(append(bytes.Clone(golden), 0))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := parse(b)
		if err != nil {
			return
		}
		if err := v.params().Check(); err != nil {
			t.Errorf("let through: %v", err)
		}
		again, err := v.encode()
		if err != nil || !bytes.Equal(again, b) {
			t.Errorf("written back differently: %v", err)
		}
	})
}

// FuzzFields reaches behind the checksum: whatever the fields hold, only a file within bounds passes.
func FuzzFields(f *testing.F) {
	f.Add(uint16(1), uint32(3), uint32(64<<10), uint8(1), make([]byte, 16), make([]byte, 32), make([]byte, 24), make([]byte, 20))
	f.Add(uint16(2), uint32(0), uint32(1), uint8(0), []byte{}, []byte{}, []byte{}, []byte{})
	f.Fuzz(func(t *testing.T, suite uint16, passes, memory uint32, lanes uint8, salt, commitment, nonce, sealed []byte) {
		b, err := file{
			Magic: magic, Suite: suite, Time: passes, MemoryKiB: memory, Threads: lanes,
			Salt: salt, Commitment: commitment, Nonce: nonce, Sealed: sealed,
		}.encode()
		if err != nil {
			t.Fatal(err)
		}
		v, err := parse(b)
		if err != nil {
			return
		}
		if v.Suite != 1 || v.params().Check() != nil || len(v.Salt) != 16 || len(v.Commitment) != 32 || len(v.Nonce) != 24 {
			t.Error("let through a file out of bounds")
		}
	})
}
