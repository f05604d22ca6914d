package ledger_test

import (
	"errors"
	"strings"
	"testing"

	"escale/crypto/key"
	"escale/crypto/ledger"
	"escale/schema"
	"escale/schema/canon"
)

// signed makes an entry whose signature is right, whatever it says.
func (w *world) signed(by *laptop, l ledger.Link) []byte {
	content, err := canon.Encode(&l)
	must(w.t, content, err)
	sig, err := by.sign.Sign(key.ContextLink, []byte("escale/v1/link\x00"+string(l.Org[:])+string(content)))
	must(w.t, sig, err)
	b, err := canon.Encode(&ledger.SignedLink{Link: content, Signature: sig})
	return must(w.t, b, err)
}

func (w *world) next(p []byte, kind ledger.PayloadKind) ledger.Link {
	h := w.log.Head()
	return ledger.Link{Org: w.log.Org(), Height: h.Height + 1, Prev: h.Hash, Time: 1, Device: w.desks[0].id(), Kind: kind, Payload: p}
}

// Each field of a link, changed by a device that signs the change.
func TestWrongLinksWithRightSignatures(t *testing.T) {
	w := newWorld(t, 50, 1, 1)
	w.do(&ledger.Accept{Set: w.hash()})
	payload, err := w.order(&ledger.Accept{Set: w.hash()}).Encode()
	must(t, payload, err)
	for name, c := range map[string]struct {
		spoil func(*ledger.Link)
		want  error
	}{
		"organisation": {func(l *ledger.Link) { l.Org[0]++ }, ledger.ErrForeign},
		"height below": {func(l *ledger.Link) { l.Height-- }, ledger.ErrNotExtending},
		"height above": {func(l *ledger.Link) { l.Height++ }, ledger.ErrNotExtending},
		"height zero":  {func(l *ledger.Link) { l.Height = 0 }, ledger.ErrInvalid},
		"predecessor":  {func(l *ledger.Link) { l.Prev[0]++ }, ledger.ErrNotExtending},
		"time":         {func(l *ledger.Link) { l.Time = -1 }, ledger.ErrInvalid},
		"device":       {func(l *ledger.Link) { l.Device[0]++ }, ledger.ErrUnknown},
		"no device":    {func(l *ledger.Link) { l.Device = schema.Device{} }, ledger.ErrInvalid},
		"kind":         {func(l *ledger.Link) { l.Kind = 3 }, ledger.ErrUnknownKind},
		"payload kind": {func(l *ledger.Link) { l.Kind = ledger.PayloadResults }, canon.ErrFormat},
		"payload":      {func(l *ledger.Link) { l.Payload = l.Payload[1:] }, canon.ErrFormat},
	} {
		l := w.next(payload, ledger.PayloadOrder)
		c.spoil(&l)
		refused(t, name, w.log.Append(w.signed(w.desks[0], l)), c.want)
	}
	if err := w.log.Append(w.signed(w.desks[0], w.next(payload, ledger.PayloadOrder))); err != nil {
		t.Fatalf("unchanged: %v", err)
	}
}

// Orders that the program would not make, signed by officers all the same.
func TestWrongOrdersWithRightSignatures(t *testing.T) {
	w := newWorld(t, 51, 1, 1)
	accept, err := canon.Encode(&ledger.Accept{Set: schema.Hash{1}})
	must(t, accept, err)
	good := ledger.Order{ID: schema.Order{1}, Org: w.log.Org(), Expires: w.expires, Least: w.log.Head(),
		Bodies: []ledger.RawBody{{Kind: ledger.KindAccept, Bytes: accept}}}
	for name, c := range map[string]struct {
		spoil func(*ledger.Order)
		want  error
	}{
		"id":           {func(o *ledger.Order) { o.ID = schema.Order{} }, ledger.ErrInvalid},
		"organisation": {func(o *ledger.Order) { o.Org[0]++ }, ledger.ErrForeign},
		"no expiry":    {func(o *ledger.Order) { o.Expires = 0 }, ledger.ErrInvalid},
		"no body":      {func(o *ledger.Order) { o.Bodies = nil }, ledger.ErrInvalid},
		"unknown kind": {func(o *ledger.Order) { o.Bodies[0].Kind = 99 }, ledger.ErrUnknownKind},
		"other kind":   {func(o *ledger.Order) { o.Bodies[0].Kind = ledger.KindHub }, canon.ErrFormat},
		"long form":    {func(o *ledger.Order) { o.Bodies[0].Bytes = append([]byte{0x98, 1}, accept[1:]...) }, canon.ErrFormat},
		"empty accept": {func(o *ledger.Order) { o.Bodies[0].Bytes[3] = 0 }, ledger.ErrInvalid},
	} {
		o := good
		o.Bodies = []ledger.RawBody{{Kind: ledger.KindAccept, Bytes: append([]byte(nil), accept...)}}
		c.spoil(&o)
		refused(t, name, w.log.Append(w.signed(w.desks[0], w.next(w.officially(&o), ledger.PayloadOrder))), c.want)
	}
	if err := w.log.Append(w.signed(w.desks[0], w.next(w.officially(&good), ledger.PayloadOrder))); err != nil {
		t.Fatalf("unchanged: %v", err)
	}
}

// officially encodes an order with the first officer's signature, without the checks of NewOrder and Sign.
func (w *world) officially(o *ledger.Order) []byte {
	b, err := canon.Encode(o)
	must(w.t, b, err)
	sig, err := w.officers[0].Sign([]byte("escale/v1/order\x00" + string(o.Org[:]) + string(b)))
	must(w.t, sig, err)
	out, err := canon.Encode(&ledger.SignedOrder{Order: b, Signatures: []ledger.OrderSignature{{Officer: w.officers[0].Public(), Signature: sig}}})
	return must(w.t, out, err)
}

func TestWrongResultsWithRightSignatures(t *testing.T) {
	w := newWorld(t, 52, 1, 1)
	a := w.enrol()
	for kind, r := range map[ledger.ResultKind]any{
		ledger.ResultEpoch: &ledger.EpochResult{}, ledger.ResultGrant: &ledger.GrantResult{}, ledger.ResultKEMSuccessor: &ledger.KEMSuccessor{},
		ledger.ResultConfirm: &ledger.Confirm{}, ledger.ResultAttest: &ledger.Attest{}, ledger.ResultHorizon: &ledger.Horizon{},
		ledger.ResultKeyPack: &ledger.KeyPack{},
	} {
		b, err := canon.Encode(r)
		raw, err2 := canon.Encode([]ledger.RawResult{{Kind: kind, Bytes: must(t, b, err)}})
		l := w.next(must(t, raw, err2), ledger.PayloadResults)
		l.Device = a.id()
		err = w.log.Append(w.signed(a, l))
		refused(t, "an empty result", err, ledger.ErrInvalid)
	}
	raw, err := canon.Encode([]ledger.RawResult{{Kind: 99}})
	l := w.next(must(t, raw, err), ledger.PayloadResults)
	refused(t, "an unknown kind", w.log.Append(w.signed(w.desks[0], l)), ledger.ErrUnknownKind)
	raw, err = canon.Encode([]ledger.RawResult{})
	l = w.next(must(t, raw, err), ledger.PayloadResults)
	refused(t, "no results", w.log.Append(w.signed(w.desks[0], l)), ledger.ErrInvalid)
}

func TestForkErrorSaysWhere(t *testing.T) {
	var err error = &ledger.ForkError{Height: 7}
	if !errors.Is(err, ledger.ErrFork) || !strings.HasSuffix(err.Error(), "at height 7") {
		t.Error(err)
	}
}
