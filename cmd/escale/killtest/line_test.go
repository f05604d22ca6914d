package killtest_test

import (
	"net"
	"sync"
	"testing"
)

// line is the network between laptops and hub: it relays bytes, counts them, and tells a watcher of each piece. Laptops know
// its address; where the hub listens behind it changes with every start.
type line struct {
	listener net.Listener

	mu       sync.Mutex
	target   string
	up, down int64
	watch    func(up, down int64) (cut bool)
	cut      bool
}

// piece is how many bytes go on at once: the watcher sees moments no finer.
const piece = 512

func newLine(t *testing.T) *line {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &line{listener: l}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go n.relay(c)
		}
	}()
	return n
}

func (n *line) address() string { return n.listener.Addr().String() }

func (n *line) to(target string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.target = target
}

// arm counts from zero and calls watch for every piece, from then on until disarm. What it decides to cut goes no further.
func (n *line) arm(watch func(up, down int64) (cut bool)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.up, n.down, n.watch, n.cut = 0, 0, watch, false
}

// disarm returns what passed since arm.
func (n *line) disarm() (up, down int64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.watch, n.cut = nil, false
	return n.up, n.down
}

func (n *line) relay(laptop net.Conn) {
	defer func() { _ = laptop.Close() }()
	n.mu.Lock()
	target := n.target
	n.mu.Unlock()
	hub, err := net.Dial("tcp", target)
	if err != nil {
		return // the laptop finds nobody there
	}
	defer func() { _ = hub.Close() }()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		n.copy(laptop, hub, &n.down)
		_ = laptop.Close()
	}()
	n.copy(hub, laptop, &n.up)
	_ = hub.Close()
	<-ended
}

func (n *line) copy(to, from net.Conn, count *int64) {
	buf := make([]byte, piece)
	for {
		k, err := from.Read(buf)
		if k > 0 && !n.passed(int64(k), count) {
			return
		}
		if k > 0 {
			if _, err := to.Write(buf[:k]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// passed counts and tells the watcher, who may take its time; nothing else moves meanwhile.
func (n *line) passed(k int64, count *int64) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	*count += k
	if n.watch != nil && n.watch(n.up, n.down) {
		n.cut = true
	}
	return !n.cut
}
