package profile_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"escale/clients/profile"
	"escale/schema"
	"escale/sync/merge"
)

// TestWhatTripoliWroteIsSealedToTripoli takes images of a folder while testimonies are written that it may not read.
func TestWhatTripoliWroteIsSealedToTripoli(t *testing.T) {
	t.Parallel()
	o := newOrg(t, "tripoli")
	w, r := o.ask("tripoli", "outreach", "tripoli"), o.ask("lead", "protection_lead", "tripoli")
	o.approveAll()
	for range 2 {
		r.sync()
		w.sync()
	}
	secret, open := w.scope("tripoli", "testimony", "testimony"), w.scope("tripoli", "case", "admin")
	if w.p.Reads(secret) || !w.p.Reads(open) {
		t.Fatal("the role changed")
	}
	var images []*laptop
	w.hook.f = func() error { images = append(images, w.image(fmt.Sprintf("seized-%d", len(images)))); return nil }
	words := func(i int) string { return fmt.Sprintf("zzqx words of testimony %d zzqx", i) }
	var told []schema.Object
	for i := range 3 {
		told = append(told, w.create(secret, opOf("lww", words(i)), opOf("note", words(i))))
		w.edit(told[i], opOf("note", words(i)+" more"))
		w.create(open, opOf("lww", "a file"))
	}
	w.hook.f = nil
	images = append(images, w.image("seized-last"))
	keys := w.p.SessionSecretsOf(secret)
	if len(keys) == 0 {
		t.Fatal("no session was in memory while it wrote")
	}
	ok(t, w.p.CloseOpenSets(context.Background()))
	images = append(images, w.image("seized-closed"))
	for i, image := range images {
		if i%4 != 0 && i < len(images)-2 {
			continue
		}
		searchFolder(t, image.dir(), append([]string{"zzqx", "testimony 1"}, keys...)...)
		image.wake()
		ok(t, image.p.Parts(context.Background(), func(part *profile.Part) error {
			if part.Scope == secret {
				t.Errorf("image %d shows a testimony", i)
			}
			return nil
		}))
	}
	last := images[len(images)-1]
	last.sync() // the seized copy pushes what it cannot read
	w.sync()
	w.sync()
	r.sync()
	for i, object := range told {
		if got := r.state(object).Fields["note"].Value; got != words(i)+" more" {
			t.Errorf("the lead reads %v", got)
		}
	}
	o.checkNonces(o.everything(r, secret))
}

func searchFolder(t *testing.T, dir string, words ...string) {
	t.Helper()
	for _, path := range must[[]string](t)(glob(dir)) {
		b := must[[]byte](t)(os.ReadFile(path))
		for _, w := range words {
			if bytes.Contains(b, []byte(w)) {
				t.Errorf("%s holds %q", filepath.Base(path), w)
			}
		}
	}
}

// TestOlderImageOfACaptureLaptop: what it wrote since lies at the hub and cannot be read back. It agrees nevertheless, and
// goes on in streams of its own; what the hub forgets it offers again.
func TestOlderImageOfACaptureLaptop(t *testing.T) {
	t.Parallel()
	o := newOrg(t, "tripoli")
	w, r := o.ask("tripoli", "outreach", "tripoli"), o.ask("lead", "protection_lead", "tripoli")
	o.approveAll()
	for range 2 {
		r.sync()
		w.sync()
	}
	secret := w.scope("tripoli", "testimony", "testimony")
	w.create(secret, opOf("lww", "one"))
	w.sync()
	old := w.image("older")
	w.create(secret, opOf("lww", "two"))
	w.sync()
	old.wake()
	old.create(secret, opOf("lww", "three"))
	old.sync()
	old.create(secret, opOf("lww", "four"))
	old.sync()
	old.reopen()
	if rep := old.sync(); rep.RoundTrips != 1 {
		t.Errorf("%d round trips where there is nothing to do", rep.RoundTrips)
	}
	w.create(secret, opOf("lww", "five"))
	for range 2 {
		w.sync()
		old.sync()
	}
	r.sync()
	if n := len(r.shown(secret)); n != 5 {
		t.Errorf("the lead reads %d testimonies, want 5", n)
	}
	incarnations := map[schema.Incarnation]bool{}
	for _, set := range o.everything(r, secret) {
		incarnations[set.Header.Incarnation] = true
	}
	if len(incarnations) < 2 {
		t.Error("a copy went on in the other's stream")
	}
	o.checkNonces(o.everything(r, secret))
}

// TestFailedTestimonyIsNotShown fails saves of what lies in memory only.
func TestFailedTestimonyIsNotShown(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	o := newOrg(t, "tripoli")
	w, r := o.ask("tripoli", "outreach", "tripoli"), o.ask("lead", "protection_lead", "tripoli")
	o.approveAll()
	for range 2 {
		r.sync()
		w.sync()
	}
	secret := w.scope("tripoli", "testimony", "testimony")
	x := w.create(secret, opOf("lww", "told"))
	open := w.scope("tripoli", "case", "admin")
	seed, _, err := w.p.NewObject(open)
	ok(t, err)
	seed2, second, err := w.p.NewObject(secret)
	ok(t, err)
	tooLarge := profile.Edit{Scope: open, Seed: &seed, Pack: schema.Pack{1}} // fails, after the others were sealed
	part := w.part(x)
	edits := append(change(part, w.p.View(part), opOf("lww", "never saved")), profile.Edit{Scope: secret, Seed: &seed2, Payload: merge.Payload{Form: "note"}}, tooLarge)
	if _, err := w.p.Save(ctx, edits); err == nil {
		t.Fatal("saved with a form bundle that is not here")
	}
	if got := w.state(x).Fields["lww"].Value; got != "told" {
		t.Errorf("shows %v", got)
	}
	if parts, err := w.p.PartsOf(ctx, second); err != nil || len(parts) != 0 {
		t.Errorf("%d parts, %v", len(parts), err)
	}
	w.edit(x, opOf("lww", "told again"))
	w.sync()
	r.sync()
	if got := r.state(x).Fields["lww"].Value; got != "told again" {
		t.Errorf("the lead reads %v", got)
	}
}
