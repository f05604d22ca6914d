package hubhttp

import (
	"log/slog"
	"time"
)

// Options are what a program may change. The zero value is fit for the field.
type Options struct {
	Log     *slog.Logger     // route, code, duration, sizes and device codes; discarded if nil
	Now     func() time.Time // for durations and times of contact
	Metrics *Metrics         // made if nil

	// Stall ends an exchange in which nothing moves. Window and WindowBytes end one that moves, but so little that it
	// only holds a place: less than WindowBytes within Window.
	Stall       time.Duration
	Window      time.Duration
	WindowBytes int64

	// Memory bounds the bodies, in bytes, that are held at once; who comes later waits for Wait, and is then told to come
	// again. Strangers bounds how many callers that are not enrolled are heard at once.
	Memory    int64
	Wait      time.Duration
	Strangers int64

	// Settle bounds how long the hub may take to store what arrived after a line has broken.
	Settle time.Duration
}

// Defaults of Options: a handheld satellite terminal sends 2 KB a second, and a cellar on 2G is silent for a minute.
const (
	DefaultStall       = 90 * time.Second
	DefaultWindow      = 4 * time.Minute
	DefaultWindowBytes = 16 << 10
	DefaultMemory      = 256 << 20
	DefaultWait        = 20 * time.Second
	DefaultStrangers   = 8
	DefaultSettle      = time.Minute
)

func (o *Options) fill() {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Metrics == nil {
		o.Metrics = NewMetrics()
	}
	orDefault(&o.Stall, DefaultStall)
	orDefault(&o.Window, DefaultWindow)
	orDefault(&o.WindowBytes, DefaultWindowBytes)
	orDefault(&o.Memory, DefaultMemory)
	orDefault(&o.Wait, DefaultWait)
	orDefault(&o.Strangers, DefaultStrangers)
	orDefault(&o.Settle, DefaultSettle)
}

func orDefault[T comparable](v *T, fallback T) {
	var zero T
	if *v == zero {
		*v = fallback
	}
}
