package hubhttp_test

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"escale/schema"
	"escale/sync/hub"
	"escale/sync/hubhttp"
	"escale/sync/wire"
)

func ask(h http.Handler, target, from, host string) (int, string) {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r.RemoteAddr, r.Host = from, host
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func TestOperators(t *testing.T) {
	f := &fakeHub{status: hub.Status{
		Devices:    []hub.DeviceStatus{{Device: testDevice, Role: "ROLE", Last: time.Unix(1700000000, 0), Mismatches: 2}, {Device: schema.Device{1}}},
		ChangeSets: 41, Quarantined: 3, Conflicts: 5, Partials: 6, PartialSize: 7000, Mismatches: 2,
	}}
	h := hubhttp.Operators(f, hubhttp.NewMetrics())
	const here, name = "127.0.0.1:4000", "127.0.0.1:9440"
	if code, _ := ask(h, wire.PathHealth, here, name); code != http.StatusOK {
		t.Errorf("healthz: %d", code)
	}
	if code, _ := ask(h, wire.PathReady, here, "localhost:9440"); code != http.StatusOK {
		t.Errorf("readyz: %d", code)
	}
	f.notReady = &hub.Error{Code: wire.CodeNotReady, Detail: "waits for its genesis"}
	if code, text := ask(h, wire.PathReady, "[::1]:1", name); code != http.StatusServiceUnavailable || !strings.Contains(text, "genesis") {
		t.Errorf("readyz: %d %q", code, text)
	}
	_, text := ask(h, wire.PathMetrics, here, name)
	for _, line := range []string{
		"escale_devices 2", "escale_change_sets 41", "escale_quarantined 3", "escale_open_conflicts 5", "escale_ready 0",
		"escale_backlog_change_sets 6", "escale_backlog_bytes 7000", "escale_digest_mismatches 2",
		`escale_device_last_contact_seconds{device="` + hubhttp.DeviceCode(testDevice) + `"} 1.7e+09`,
		`escale_device_last_contact_seconds{device="` + hubhttp.DeviceCode(schema.Device{1}) + `"} 0`,
	} {
		if !strings.Contains(text, "\n"+line+"\n") {
			t.Errorf("metrics lack %s", line)
		}
	}
	if strings.Contains(text, testDevice.String()) || strings.Contains(text, "ROLE") {
		t.Error("metrics name a device or a role")
	}
	for _, c := range [][3]string{
		{wire.PathMetrics, "192.0.2.7:5", name}, {wire.PathHealth, here, "evil.example"}, {wire.PathHealth, "", name},
	} {
		if code, _ := ask(h, c[0], c[1], c[2]); code != http.StatusForbidden {
			t.Errorf("%v: %d", c, code)
		}
	}
	for _, target := range []string{"/", "/metrics/", "/metrics?x", "/%6detrics", wire.PathSync} {
		if code, _ := ask(h, target, here, name); code != http.StatusNotFound {
			t.Errorf("%s: %d", target, code)
		}
	}
}

func TestExchangesAreCounted(t *testing.T) {
	m := hubhttp.NewMetrics()
	r := newRig(t, hubhttp.Options{Metrics: m})
	r.post(t, r.known, wire.PathPull, bytes.NewReader(message(t, wire.PathPull)))
	r.post(t, r.known, wire.PathPush, bytes.NewReader(frames(t, 1)))
	r.post(t, r.stranger, wire.PathSync, bytes.NewReader(message(t, wire.PathSync)))
	_, text := ask(hubhttp.Operators(r.hub, m), wire.PathMetrics, "127.0.0.1:1", "127.0.0.1")
	for _, line := range []string{
		`escale_requests_total{code="ok",route="/v1/pull"} 1`, `escale_requests_total{code="not_a_member",route="/v1/sync"} 1`,
		`escale_pulled_change_sets_total 3`, `escale_pushed_change_sets_total{status="accepted"} 1`,
		`escale_request_seconds_count{route="/v1/push"} 1`,
	} {
		if !strings.Contains(text, "\n"+line+"\n") {
			t.Errorf("metrics lack %s", line)
		}
	}
}

// TestOperatorsOverPlainHTTP serves them as the program does.
func TestOperatorsOverPlainHTTP(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stopped := t.Context(), make(chan error, 1)
	go func() { stopped <- hubhttp.Serve(ctx, l, hubhttp.Operators(&fakeHub{}, hubhttp.NewMetrics()), nil) }()
	t.Cleanup(func() {
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	})
	resp, err := http.Get("http://" + l.Addr().String() + wire.PathHealth)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if b, err := io.ReadAll(resp.Body); err != nil || string(b) != "ok\n" {
		t.Fatalf("%q %v", b, err)
	}
	http.DefaultClient.CloseIdleConnections()
}
