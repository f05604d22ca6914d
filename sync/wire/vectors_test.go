package wire_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"escale/schema"
	"escale/schema/canon"
	"escale/sync/wire"
)

const vectorFile = "../../testdata/vectors/wire.json"

// messages are all that travel, one of each.
func messages() []any {
	return []any{
		&wire.Head{}, &wire.Empty{}, &wire.Problem{}, &wire.JoinRequest{}, &wire.JoinReply{}, &wire.Requests{}, &wire.PendingOrder{},
		&wire.PendingOrders{}, &wire.LedgerRead{}, &wire.LedgerPage{}, &wire.LedgerAppend{}, &wire.Blobs{}, &wire.BlobNames{},
		&wire.SyncAsk{}, &wire.SyncReply{}, &wire.ScopeState{}, &wire.Tip{}, &wire.Offers{}, &wire.Offsets{}, &wire.PushResult{},
		&wire.PushReply{}, &wire.Cursor{}, &wire.PullAsk{}, &wire.PullReply{}, &wire.ScopePage{}, &wire.Item{}, &wire.Quarantine{},
		&wire.QuarantinedSet{}, &wire.PackCheck{}, &wire.PackChecked{}, &wire.KeyReport{}, &wire.ScopeKeys{}, &wire.EpochCount{},
		&wire.DeviceContact{}, &wire.RangesAsk{}, &wire.RangesReply{}, &wire.Range{}, &wire.FetchAsk{}, &wire.FetchReply{}, &wire.Opening{},
		&wire.TraceAsk{}, &wire.Traces{}, &wire.DeviceTrace{}, &wire.ScopeCount{},
	}
}

// fill gives every field a value of its own, the same at each run.
func fill(v reflect.Value, next *byte) {
	*next++
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(true)
	case reflect.String:
		v.SetString(strings.Repeat("x", int(*next%20)+1))
	case reflect.Uint8, reflect.Uint32, reflect.Uint64, reflect.Uint:
		v.SetUint(uint64(*next))
	case reflect.Int64:
		v.SetInt(-int64(*next))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), next)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fallthrough
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i), next)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				fill(v.Field(i), next)
			}
		}
	}
}

// everyMessage is every message as this release writes it, and one push body.
func everyMessage(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, m := range messages() {
		var next byte
		fill(reflect.ValueOf(m).Elem(), &next)
		b, err := canon.Encode(m)
		if err != nil {
			t.Fatal(err)
		}
		out[reflect.TypeOf(m).Elem().Name()] = hex.EncodeToString(b)
	}
	var body bytes.Buffer
	o := wire.Opening{Stream: schema.Stream{1}, Seq: 2, Set: schema.Hash{3}, Total: 2000}
	if err := wire.WriteSet(&body, o, bytes.Repeat([]byte{4}, 2000)); err != nil {
		t.Fatal(err)
	}
	out["push"] = hex.EncodeToString(body.Bytes())
	return out
}

// TestVectors: what this release writes of each message is what the first one wrote, and reads back as what it was.
// ESCALE_UPDATE_GOLDEN=1 writes the file anew, which only a new version of the protocol may call for; a new message adds to it.
func TestVectors(t *testing.T) {
	now := everyMessage(t)
	if os.Getenv("ESCALE_UPDATE_GOLDEN") != "" {
		b, err := json.MarshalIndent(now, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(vectorFile, append(b, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(vectorFile)
	if err != nil {
		t.Fatal(err)
	}
	then := map[string]string{}
	if err := json.Unmarshal(b, &then); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(now, then) {
		for name := range now {
			if now[name] != then[name] {
				t.Errorf("%s is written as %s, was %s", name, now[name], then[name])
			}
		}
		t.Errorf("%d messages, %d in the file", len(now), len(then))
	}
	for _, m := range messages() {
		raw, err := hex.DecodeString(then[reflect.TypeOf(m).Elem().Name()])
		if err != nil {
			t.Fatal(err)
		}
		var next byte
		fill(reflect.ValueOf(m).Elem(), &next)
		got := reflect.New(reflect.TypeOf(m).Elem()).Interface()
		if err := canon.Decode(raw, got); err != nil || !reflect.DeepEqual(got, m) {
			t.Errorf("%T reads back as %+v, %v", m, got, err)
		}
	}
}

// TestEveryMessageHasAVector looks for them in the source.
func TestEveryMessageHasAVector(t *testing.T) {
	known := everyMessage(t)
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	see := func(n ast.Node) bool {
		spec, is := n.(*ast.TypeSpec)
		if !is || !spec.Name.IsExported() {
			return true
		}
		s, is := spec.Type.(*ast.StructType)
		if !is || len(s.Fields.List) == 0 || s.Fields.List[0].Tag == nil || !strings.Contains(s.Fields.List[0].Tag.Value, "toarray") {
			return true
		}
		found++
		if known[spec.Name.Name] == "" {
			t.Errorf("%s has no vector", spec.Name.Name)
		}
		return true
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, see)
	}
	if found < 30 {
		t.Errorf("only %d messages found", found)
	}
}
