package profile_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	mrand "math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"escale/clients/profile"
	"escale/schema"
	"escale/sync/merge"
)

// TestFlippedBytesAreNoticed damages a laptop's file. What it then shows is right, or something says that it is not.
func TestFlippedBytesAreNoticed(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	_, a, b := calais(t)
	scope := a.admin()
	for i := range 8 {
		x := a.create(scope, opOf("lww", fmt.Sprint("value ", i)))
		a.sync()
		b.sync()
		b.edit(x, opOf("kept", "by b"))
		b.sync()
		a.sync()
	}
	want := a.shown(scope)
	ok(t, a.p.Close())
	path := filepath.Join(a.dir(), "store")
	whole := must[[]byte](t)(os.ReadFile(path))
	random := mrand.New(mrand.NewPCG(3, 4))
	silent := 0
	for i := range 60 {
		damaged := bytes.Clone(whole)
		at := random.IntN(len(damaged))
		damaged[at] ^= byte(1 + random.IntN(255))
		c := &laptop{o: a.o, name: fmt.Sprint("damaged ", i), keys: a.keys, hook: &hook{}}
		ok(t, os.MkdirAll(c.dir(), 0o700))
		ok(t, os.WriteFile(filepath.Join(c.dir(), "store"), damaged, 0o600))
		p, err := openIn(c.dir(), a.keys, c.hook)
		if err != nil {
			continue
		}
		c.p = p
		_, verifyErr := p.Verify(ctx, nil)
		got, readErr := c.tryShown(scope)
		if verifyErr == nil && readErr == nil && !maps.Equal(got, want) {
			t.Errorf("byte %d: shows something else, and nothing says so", at)
		}
		if verifyErr == nil && readErr == nil {
			silent++
		}
		if err := p.Close(); err != nil && verifyErr == nil && readErr == nil {
			t.Errorf("close: %v", err)
		}
	}
	if silent == 60 {
		t.Error("no damage hit anything")
	}
	a.p = a.o.open(a.name, a.keys, a.hook)
}

func (l *laptop) tryShown(scope schema.Scope) (map[schema.Object]string, error) {
	out := map[schema.Object]string{}
	err := l.p.Parts(context.Background(), func(p *profile.Part) error {
		if p.Scope != scope || !p.Created() {
			return nil
		}
		deltas, err := l.p.Deltas(p)
		out[p.Object] = render(merge.Merge(l.p.History(), deltas, rules))
		return err
	})
	return out, err
}
