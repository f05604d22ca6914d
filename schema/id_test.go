package schema_test

import (
	"errors"
	"strings"
	"testing"

	"escale/schema"
)

func TestIdentifiersRefuseAnotherLength(t *testing.T) {
	var scope schema.Scope
	for _, n := range []int{0, 15, 17, 32} {
		if err := scope.UnmarshalBinary(make([]byte, n)); !errors.Is(err, schema.ErrIdentifier) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
	for _, text := range []string{"", "abc", strings.Repeat("0", 31), strings.Repeat("0", 33), strings.Repeat("zz", 16)} {
		if err := scope.UnmarshalText([]byte(text)); !errors.Is(err, schema.ErrIdentifier) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if err := scope.UnmarshalText([]byte(strings.Repeat("0a", 16))); err != nil || scope.String() != strings.Repeat("0a", 16) {
		t.Errorf("%v, %v", scope, err)
	}
}

// TestOnlyItsStreamMakesAnObject: what names an object depends on every part of the stream and on the seed.
func TestOnlyItsStreamMakesAnObject(t *testing.T) {
	d, i, s := schema.Device{1}, schema.Incarnation{2}, schema.Scope{3}
	seen := map[schema.Object]string{}
	for name, o := range map[string]schema.Object{
		"it":                  schema.ObjectOf(schema.StreamOf(d, i, s), schema.ObjectSeed{4}),
		"another seed":        schema.ObjectOf(schema.StreamOf(d, i, s), schema.ObjectSeed{5}),
		"another device":      schema.ObjectOf(schema.StreamOf(schema.Device{9}, i, s), schema.ObjectSeed{4}),
		"another incarnation": schema.ObjectOf(schema.StreamOf(d, schema.Incarnation{9}, s), schema.ObjectSeed{4}),
		"another scope":       schema.ObjectOf(schema.StreamOf(d, i, schema.Scope{9}), schema.ObjectSeed{4}),
	} {
		if other, ok := seen[o]; ok {
			t.Errorf("%s and %s are the same object", name, other)
		}
		seen[o] = name
	}
}
