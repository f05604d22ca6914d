package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"escale/schema/pack"
)

func TestEveryChangeSetIsDealtOnce(t *testing.T) {
	for _, s := range []size{{devices: 7, sets: 7}, {devices: 7, sets: 100}, {devices: 120, sets: 30_000}, {devices: 3, sets: 11}} {
		l := &load{size: s}
		dealt := 0
		for device := range s.devices {
			for round := range loadRounds {
				dealt += l.share(device, round)
			}
		}
		if dealt != s.sets {
			t.Errorf("%+v: %d were dealt", s, dealt)
		}
	}
}

// TestLoad runs the whole load test, small, against the real hub in its own process.
func TestLoad(t *testing.T) {
	hub := filepath.Join(t.TempDir(), "escale-hub")
	if runtime.GOOS == "windows" {
		hub += ".exe"
	}
	if out, err := exec.Command("go", "build", "-o", hub, "escale/cmd/escale-hub").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	source, err := pack.Build(os.DirFS("../../schema/pack/starter"))
	if err != nil {
		t.Fatal(err)
	}
	set := settings{load: true, size: size{devices: 5, sets: 23, deltas: 30}, program: hub}
	var out result
	var said, table bytes.Buffer
	if err := set.measure(context.Background(), source, t.TempDir(), &out, &table, &said); err != nil {
		t.Fatalf("%v\n%s", err, said.String())
	}
	for _, f := range out.figures {
		if f.Value <= 0 {
			t.Errorf("%s: %v", f.Name, f.Value)
		}
	}
	for _, name := range []string{"load_deltas_per_second", "load_push_p99", "load_disk_per_sealed", "load_cold_pull_ratio"} {
		if !strings.Contains(table.String(), name) {
			t.Errorf("%s is not told", name)
		}
	}
	if !strings.Contains(said.String(), "690 of 690 deltas pushed") {
		t.Errorf("progress: %s", said.String())
	}
}

func TestLoadThatCannotBeDealtIsRefused(t *testing.T) {
	for _, s := range []size{{}, {devices: 2, sets: 1, deltas: 1}, {devices: 1, sets: 1}} {
		if s.check() == nil {
			t.Errorf("%+v is taken", s)
		}
	}
}

func TestMetricIsFound(t *testing.T) {
	text := "# HELP x\nprocess_resident_memory_bytes_max 1\nprocess_resident_memory_bytes 2.097152e+06\n"
	if v, err := metric(strings.NewReader(text), "process_resident_memory_bytes"); err != nil || v != 2 {
		t.Errorf("%v %v", v, err)
	}
	if _, err := metric(strings.NewReader(""), "process_resident_memory_bytes"); !errors.Is(err, errNoMetric) {
		t.Errorf("%v", err)
	}
}
