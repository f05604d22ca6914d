package hub

// QueuedForTest returns how many batches wait for the writer.
func (h *Hub) QueuedForTest() int {
	h.queue.mu.Lock()
	defer h.queue.mu.Unlock()
	return len(h.queue.jobs)
}
