package hubhttp

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"escale/sync/hub"
)

// scrapeWait bounds one look at the store.
const scrapeWait = 10 * time.Second

// gauges asks the hub how it stands, each time that somebody looks.
type gauges struct {
	hub      Operated
	counts   map[string]*prometheus.Desc
	contact  *prometheus.Desc
	mismatch *prometheus.Desc
	repairs  *prometheus.Desc
	agreed   *prometheus.Desc
}

func newGauges(h Operated) *gauges {
	g := &gauges{hub: h, counts: map[string]*prometheus.Desc{}}
	for name, help := range map[string]string{
		"devices":                         "Devices that are enrolled and not revoked.",
		"ledger_height":                   "Height of the ledger's newest entry.",
		"scopes":                          "Scopes that hold change-sets.",
		"change_sets":                     "Change-sets that are stored.",
		"quarantined":                     "Change-sets that do not count.",
		"open_conflicts":                  "Fields with siblings that wait for a person.",
		"oldest_conflict_since_seconds":   "Since when some scope has had an open conflict, Unix seconds; 0 for none.",
		"oldest_quarantine_since_seconds": "Since when some scope has had a change-set that does not count, Unix seconds; 0 for none.",
		"backlog_change_sets":             "Change-sets that came in part.",
		"backlog_bytes":                   "Bytes of change-sets that came in part.",
		"join_requests":                   "Requests to join that wait for an officer.",
		"store_bytes":                     "Bytes that the store occupies.",
		"digest_mismatches":               "Digests that differed, and cursors that did not fit the hub's log, ever.",
		"repairs":                         "Change-sets that were given back after a mismatch, to the hub or to a device, ever.",
		"torn_scopes":                     "Scopes in whose logs change-sets are missing, until a device gives them back.",
		"ready":                           "1 when the hub can take pushes.",
	} {
		g.counts[name] = prometheus.NewDesc("escale_"+name, help, nil, nil)
	}
	g.contact = prometheus.NewDesc("escale_device_last_contact_seconds",
		"When a device was last heard of, Unix seconds; 0 for never.", []string{"device"}, nil)
	g.mismatch = prometheus.NewDesc("escale_device_digest_mismatches",
		"How often a device's digest differed, or its cursor did not fit the hub's log.", []string{"device"}, nil)
	g.repairs = prometheus.NewDesc("escale_device_repairs",
		"Change-sets that a device gave back to the hub or got back from it.", []string{"device"}, nil)
	g.agreed = prometheus.NewDesc("escale_device_agreement_age_seconds",
		"Seconds since a device and the hub last held the same; no sample if they never did.", []string{"device"}, nil)
	return g
}

// Describe names the gauges.
func (g *gauges) Describe(out chan<- *prometheus.Desc) {
	for _, d := range g.counts {
		out <- d
	}
	out <- g.contact
	out <- g.mismatch
	out <- g.repairs
	out <- g.agreed
}

// Collect reads them. A hub that cannot answer is told as not ready, and as an error of the scrape.
func (g *gauges) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeWait)
	defer cancel()
	set := func(name string, v float64) {
		out <- prometheus.MustNewConstMetric(g.counts[name], prometheus.GaugeValue, v)
	}
	ready := 0.0
	if g.hub.Ready(ctx) == nil {
		ready = 1
	}
	set("ready", ready)
	s, err := g.hub.Status(ctx)
	if err != nil {
		out <- prometheus.NewInvalidMetric(g.counts["change_sets"], err)
		return
	}
	for name, v := range counts(&s) {
		set(name, v)
	}
	g.devices(&s, out)
}

func counts(s *hub.Status) map[string]float64 {
	return map[string]float64{
		"devices": float64(len(s.Devices)), "ledger_height": float64(s.Ledger.Height), "scopes": float64(s.Scopes),
		"change_sets": float64(s.ChangeSets), "quarantined": float64(s.Quarantined), "open_conflicts": float64(s.Conflicts),
		"oldest_conflict_since_seconds": seconds(s.ConflictSince), "oldest_quarantine_since_seconds": seconds(s.AsideSince),
		"backlog_change_sets": float64(s.Partials), "backlog_bytes": float64(s.PartialSize),
		"join_requests": float64(s.Joining), "store_bytes": float64(s.Bytes), "digest_mismatches": float64(s.Mismatches),
		"repairs": float64(s.Repairs), "torn_scopes": float64(s.Torn),
	}
}

func (g *gauges) devices(s *hub.Status, out chan<- prometheus.Metric) {
	for _, d := range s.Devices {
		code := DeviceCode(d.Device)
		out <- prometheus.MustNewConstMetric(g.contact, prometheus.GaugeValue, seconds(d.Last), code)
		out <- prometheus.MustNewConstMetric(g.mismatch, prometheus.GaugeValue, float64(d.Mismatches), code)
		out <- prometheus.MustNewConstMetric(g.repairs, prometheus.GaugeValue, float64(d.Repairs), code)
		if !d.AgreedAt.IsZero() {
			out <- prometheus.MustNewConstMetric(g.agreed, prometheus.GaugeValue, s.Now.Sub(d.AgreedAt).Seconds(), code)
		}
	}
}

func seconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}

// gathering returns what a scrape of one hub sees: the counters, and the hub's gauges.
func (m *Metrics) gathering(h Operated) prometheus.Gatherer {
	own := prometheus.NewRegistry()
	own.MustRegister(newGauges(h))
	return prometheus.Gatherers{m.registry, own}
}
