package vault

import "fmt"

// Bounds of the parameters. Below them a stolen file is cheap to guess at; above them a swapped file could exhaust a laptop.
const (
	MinMemoryKiB = 64 << 10
	MaxMemoryKiB = 1 << 20
	MinTime      = 3
	MaxTime      = 10
	MinThreads   = 1
	MaxThreads   = 8
)

// Params are the costs of Argon2id.
type Params struct {
	Time      uint32 // passes
	MemoryKiB uint32
	Threads   uint8 // lanes
}

// Default is what a field laptop uses: 3 passes over 256 MiB in 4 lanes.
func Default() Params { return Params{Time: 3, MemoryKiB: 256 << 10, Threads: 4} }

// Check reports ErrParams, naming the bound.
func (p Params) Check() error {
	switch {
	case p.Time < MinTime || p.Time > MaxTime:
		return fmt.Errorf("%w: %d passes, want %d to %d", ErrParams, p.Time, MinTime, MaxTime)
	case p.MemoryKiB < MinMemoryKiB || p.MemoryKiB > MaxMemoryKiB:
		return fmt.Errorf("%w: %d KiB, want %d to %d", ErrParams, p.MemoryKiB, MinMemoryKiB, MaxMemoryKiB)
	case p.Threads < MinThreads || p.Threads > MaxThreads:
		return fmt.Errorf("%w: %d lanes, want %d to %d", ErrParams, p.Threads, MinThreads, MaxThreads)
	}
	return nil
}
