package field_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"escale/clients/dpo"
	"escale/clients/field"
	"escale/clients/orgtest"
	"escale/clients/profile"
	"escale/schema"
	"escale/schema/form"
	"escale/sync/admit"
	"escale/sync/replica"
	"escale/sync/wire"
)

func create(t *testing.T, l *orgtest.Laptop) string {
	t.Helper()
	return orgtest.Must[field.Saved](t)(l.Book().Create(context.Background(), field.New{Form: "case_intake", Answers: intake})).ID.String()
}

func edit(t *testing.T, l *orgtest.Laptop, id, path, value string) {
	t.Helper()
	orgtest.Must[field.Saved](t)(l.Book().Edit(context.Background(), id, field.Change{Answers: form.Answers{path: value}}))
}

func value(t *testing.T, l *orgtest.Laptop, id, path string) any {
	t.Helper()
	if f := orgtest.Must[*field.Record](t)(l.Book().Get(context.Background(), id)).Fields[path]; f != nil {
		return f.Value
	}
	return nil
}

func revoke(t *testing.T, o *orgtest.Org, id schema.Device) *dpo.Revocation {
	t.Helper()
	ctx := context.Background()
	orgtest.Must[replica.Report](t)(o.Desk().Sync(ctx))
	plan := orgtest.Must[*dpo.Revocation](t)(o.Desk().PlanRevocation(ctx, []schema.Device{id}))
	orgtest.OK(t, o.Desk().Revoke(ctx, plan, "stolen from a car (invented)"))
	return plan
}

// copyOf is an image of a locked laptop's store, opened beside it.
func copyOf(t *testing.T, o *orgtest.Org, l *orgtest.Laptop, name string) *orgtest.Laptop {
	t.Helper()
	from := orgtest.Must[*os.File](t)(os.Open(filepath.Join(o.Dir, l.Name)))
	to := orgtest.Must[*os.File](t)(os.Create(filepath.Join(o.Dir, name)))
	orgtest.Must[int64](t)(io.Copy(to, from))
	orgtest.OK(t, errors.Join(from.Close(), to.Close()))
	return o.Copy(l, name)
}

// TestALostLaptop: what it sent counts, what it hands over after it was revoked is set aside and can be accepted, an older
// image's line does not slip through, it reads nothing new, and it says that it is revoked.
func TestALostLaptop(t *testing.T) {
	ctx := context.Background()
	o, a, b := calais(t)
	id := create(t, a)
	a.Sync()
	b.Sync()
	orgtest.OK(t, a.Profile.Close())
	older := copyOf(t, o, a, "image")
	a.Open()
	edit(t, a, id, "living", "squat")
	a.Sync()
	b.Sync()
	edit(t, a, id, "household", "couple") // not sent
	edit(t, older, id, "living", "hotel")

	orgtest.Must[replica.Report](t)(o.Desk().Sync(ctx))
	sheet := orgtest.Must[*dpo.FactSheet](t)(o.Desk().Lost(ctx, a.Keys.Device))
	if sheet.People != 1 || sheet.Records["case"] != 1 || sheet.Revoked || sheet.Trace.Last == 0 || sheet.LocksOn.IsZero() {
		t.Fatalf("%+v", sheet)
	}
	plan := revoke(t, o, a.Keys.Device)
	if len(plan.Devices) != 1 || len(plan.Devices[0].Heads) == 0 || len(plan.Rotations) == 0 || len(plan.Unread) != 0 {
		t.Fatalf("%+v", plan)
	}
	for _, r := range plan.Rotations {
		if r.Why != dpo.Rotated {
			t.Errorf("scope %v: %s", r.Scope, r.Why)
		}
	}
	b.Sync() // makes the new keys
	edit(t, b, id, "gender", "m")
	b.Sync()

	rep := a.Sync()
	if rep.Pushed != 0 || rep.Quarantined == 0 || rep.Received != 0 || !errors.Is(a.Profile.Standing(), profile.ErrRevoked) {
		t.Fatalf("%+v, %v", rep, a.Profile.Standing())
	}
	if unsent := orgtest.Must[[]any](t)(anys(a.Profile.Unsent(ctx))); len(unsent) != 0 {
		t.Fatalf("%d change-sets were not handed over", len(unsent))
	}
	if _, err := field.Open(a.Profile); !errors.Is(err, profile.ErrRevoked) {
		t.Fatalf("a revoked laptop shows records: %v", err)
	}
	own := setAside(t, o, a)
	older.Sync()
	b.Sync()
	if got := value(t, b, id, "living"); got != "squat" {
		t.Errorf("an older image's line slipped through: %v", got)
	}
	if got := value(t, b, id, "household"); got == "couple" {
		t.Error("what came after the revocation counts")
	}
	if all := setAside(t, o, a); len(own) == 0 || len(all) <= len(own) {
		t.Fatalf("%d of %d set aside are the laptop's own", len(own), len(all))
	}
	orgtest.OK(t, o.Desk().Accept(ctx, own))
	b.Sync()
	if got := value(t, b, id, "household"); got != "couple" {
		t.Errorf("accepted work reads %v", got)
	}
	if sheet := orgtest.Must[*dpo.FactSheet](t)(o.Desk().Lost(ctx, a.Keys.Device)); !sheet.Revoked || !sheet.Handed || newestKeys(sheet) != 0 {
		t.Errorf("%+v", sheet)
	}
}

func anys[T any](list []T, err error) ([]any, error) { return make([]any, len(list)), err }

// setAside returns what the hub set aside because a laptop was revoked.
func setAside(t *testing.T, o *orgtest.Org, l *orgtest.Laptop) (out []schema.Hash) {
	t.Helper()
	for _, q := range orgtest.Must[wire.Quarantine](t)(o.Hub().Quarantined(context.Background(), o.Boss().Keys.Device)).Sets {
		if q.Reason != string(admit.Revoked) || q.Device != l.Keys.Device {
			t.Errorf("set aside: %+v", q)
		}
		out = append(out, q.Set)
	}
	return out
}

func newestKeys(f *dpo.FactSheet) (n int) {
	for _, s := range f.Scopes {
		if s.State == dpo.KeyNewest || s.State == dpo.KeyOrdered {
			n++
		}
	}
	return n
}

// TestASuspendedSiteIsReadAgain: one order ends all its laptops; new people with new laptops read its files, because a
// reader elsewhere hands the keys on.
func TestASuspendedSiteIsReadAgain(t *testing.T) {
	ctx := context.Background()
	o := orgtest.New(t, "calais", "tripoli")
	a, b := o.Ask("calais-1", "social_worker", "calais"), o.Ask("calais-2", "social_worker", "calais")
	hq := o.Ask("elsewhere", "social_supervisor", "calais", "tripoli")
	o.ApproveAll()
	for range 2 {
		hq.Sync()
		a.Sync()
		b.Sync()
	}
	id := create(t, a)
	a.Sync()
	hq.Sync()
	orgtest.Must[replica.Report](t)(o.Desk().Sync(ctx))
	plan := orgtest.Must[*dpo.Revocation](t)(o.Desk().PlanSuspension(ctx, "calais"))
	if len(plan.Devices) != 2 || len(plan.Kept) != 1 || len(plan.Unread) != 0 {
		t.Fatalf("%+v", plan)
	}
	orgtest.OK(t, o.Desk().Revoke(ctx, plan, "evacuated (invented)"))
	if _, err := o.Desk().PlanSuspension(ctx, "calais"); !errors.Is(err, dpo.ErrNobody) {
		t.Errorf("a second time: %v", err)
	}
	for range 2 {
		hq.Sync()
	}
	for _, l := range []*orgtest.Laptop{a, b} {
		if l.Sync(); !errors.Is(l.Profile.Standing(), profile.ErrRevoked) {
			t.Errorf("%s still works", l.Name)
		}
	}
	c, d := o.Ask("calais-3", "social_supervisor", "calais"), o.Ask("calais-4", "social_supervisor", "calais")
	o.ApproveAll()
	for range 3 {
		hq.Sync()
		c.Sync()
		d.Sync()
	}
	for _, l := range []*orgtest.Laptop{c, d} {
		if got := value(t, l, id, "alias"); got != intake["alias"] {
			t.Errorf("%s reads %v", l.Name, got)
		}
	}
	edit(t, c, id, "living", "hotel")
	c.Sync()
	hq.Sync()
	if got := value(t, hq, id, "living"); got != "hotel" {
		t.Errorf("headquarters reads %v", got)
	}
}

// TestALapsedLeaseLocksAndLosesNothing: without a contact a laptop locks; setting its clock back does not help; one exchange
// opens it, and what was written before counts.
func TestALapsedLeaseLocksAndLosesNothing(t *testing.T) {
	o, a, b := calais(t)
	id := create(t, a)
	a.Sync()
	edit(t, a, id, "living", "squat")
	o.Move(167 * time.Hour)
	a.Reopen()
	orgtest.OK(t, a.Profile.Standing())
	o.Move(2 * time.Hour)
	a.Reopen()
	if _, err := field.Open(a.Profile); !errors.Is(err, profile.ErrLeaseLapsed) {
		t.Fatalf("after its lease: %v", err)
	}
	o.Move(-48 * time.Hour)
	a.Reopen()
	if err := a.Profile.Standing(); !errors.Is(err, profile.ErrLeaseLapsed) {
		t.Fatalf("with its clock set back: %v", err)
	}
	o.Move(48 * time.Hour)
	if rep := a.Sync(); rep.Quarantined != 0 || rep.Pushed == 0 {
		t.Fatalf("%+v", rep)
	}
	a.Reopen()
	edit(t, a, id, "household", "alone")
	b.Sync()
	if got := value(t, b, id, "living"); got != "squat" {
		t.Errorf("what was written before reads %v", got)
	}
}

// TestAContractsEnd locks the laptop and ends serving with nobody clicking; what was written before is taken and counts; a
// new end opens it again.
func TestAContractsEnd(t *testing.T) {
	ctx := context.Background()
	o, a, b := calais(t)
	id := create(t, a)
	a.Sync()
	b.Sync()
	orgtest.OK(t, o.Desk().Renew(ctx, a.Keys.Device, o.Now().Add(24*time.Hour).Unix()))
	a.Sync()
	orgtest.OK(t, a.Profile.Standing())
	edit(t, a, id, "living", "squat")
	edit(t, b, id, "household", "couple")
	b.Sync()
	o.Move(25 * time.Hour)
	if err := a.Profile.Standing(); !errors.Is(err, profile.ErrContractEnded) {
		t.Fatalf("after its end: %v", err)
	}
	if rep := a.Sync(); rep.Quarantined != 0 || rep.Pushed == 0 || rep.Received != 0 {
		t.Fatalf("%+v", rep)
	}
	if _, err := o.Hub().Pull(ctx, a.Keys.Device, wire.PullAsk{}); err == nil {
		t.Error("the hub still serves it")
	}
	b.Sync()
	if got := value(t, b, id, "living"); got != "squat" {
		t.Errorf("what was written before reads %v", got)
	}
	orgtest.OK(t, o.Desk().Renew(ctx, a.Keys.Device, 0))
	a.Sync()
	orgtest.OK(t, a.Profile.Standing())
	if got := value(t, a, id, "household"); got != "couple" {
		t.Errorf("after a new contract it reads %v", got)
	}
}
