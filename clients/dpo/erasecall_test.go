package dpo

import (
	"errors"
	"reflect"
	"testing"

	"escale/clients/profile"
	"escale/schema"
)

func sampleCall() Call {
	h := func(o byte, n uint32) profile.Holding {
		return profile.Holding{Object: schema.Object{o}, Scope: schema.Scope{9}, Deltas: n, Sets: []schema.Hash{{o, 1}}}
	}
	return Call{Records: []CalledRecord{{Record: schema.Record{1}, Parts: []profile.Holding{h(1, 2), h(2, 1)}}}}
}

func TestCallSurvivesCopying(t *testing.T) {
	s, err := sampleCall().Text()
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParseCall(" " + s[:30] + "\r\n" + s[30:])
	if err != nil || !reflect.DeepEqual(got, sampleCall()) {
		t.Fatalf("%+v %v", got, err)
	}
	for _, bad := range []string{"", callPrefix, s[:len(s)-3], s[:40] + "!" + s[41:]} {
		if _, err := ParseCall(bad); !errors.Is(err, ErrCall) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestCallsOfSeveralReadersJoin(t *testing.T) {
	a, b := sampleCall(), sampleCall()
	a.Records[0].Parts, b.Records[0].Parts = a.Records[0].Parts[:1], b.Records[0].Parts[1:]
	if got := Join(b, a, b); !reflect.DeepEqual(got, sampleCall()) {
		t.Fatalf("%+v", got)
	}
}

func FuzzParseCall(f *testing.F) {
	s, err := sampleCall().Text()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(s)
	f.Add(s[:30])
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseCall(text)
		if err != nil {
			return
		}
		again, err := c.Text()
		if err != nil {
			t.Fatal(err)
		}
		if back, err := ParseCall(again); err != nil || !reflect.DeepEqual(back, c) {
			t.Fatalf("%v", err)
		}
	})
}
