package hubhttp

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"escale/sync/wire"
)

// Metrics counts what a hub's operator may see: no person, no address, devices as short hashes.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	took     *prometheus.HistogramVec
	bytes    *prometheus.CounterVec
	pushes   *prometheus.CounterVec
	pulls    prometheus.Counter
}

// NewMetrics returns counters in a registry of their own.
func NewMetrics() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "escale_requests_total", Help: "Requests, by route and by code of the answer.",
		}, []string{"route", "code"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "escale_request_seconds", Help: "Time from a request's header to the end of its answer, the link's slowness included.",
			Buckets: []float64{.001, .003, .01, .03, .1, .3, 1, 3, 10, 30, 100, 300},
		}, []string{"route"}),
		bytes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "escale_body_bytes_total", Help: "Bytes of bodies, by route and direction.",
		}, []string{"route", "direction"}),
		pushes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "escale_pushed_change_sets_total", Help: "Change-sets that were pushed, by what became of them.",
		}, []string{"status"}),
		pulls: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "escale_pulled_change_sets_total", Help: "Change-sets that were handed out.",
		}),
	}
	m.registry.MustRegister(m.requests, m.took, m.bytes, m.pushes, m.pulls,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *Metrics) served(e *exchange, received int64, took time.Duration) {
	m.requests.WithLabelValues(e.route, e.code).Inc()
	m.took.WithLabelValues(e.route).Observe(took.Seconds())
	m.bytes.WithLabelValues(e.route, "in").Add(float64(received))
	m.bytes.WithLabelValues(e.route, "out").Add(float64(e.sent))
}

func (m *Metrics) pushed(r wire.PushReply) {
	for _, x := range r.Results {
		m.pushes.WithLabelValues(statusName(x.Status)).Inc()
	}
}

func statusName(s wire.Status) string {
	names := [...]string{
		wire.Accepted: "accepted", wire.Duplicate: "duplicate", wire.Quarantined: "quarantined", wire.Refused: "refused",
		wire.Partial: "partial", wire.Gap: "gap", wire.NeedLedger: "needs_ledger",
	}
	if int(s) >= len(names) {
		return "unknown"
	}
	return names[s]
}

func (m *Metrics) pulled(r wire.PullReply) {
	for _, page := range r.Scopes {
		m.pulls.Add(float64(len(page.Items)))
	}
}
