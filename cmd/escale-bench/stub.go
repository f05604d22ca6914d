package main
import ("context";"io")
func (b *bench) wireNewOne() error {return nil}
func (b *bench) wireExtraCompartment() error {return nil}
func (b *bench) wireEdit() error {return nil}
func (b *bench) noop() error {return nil}
func (b *bench) saveOne() error {return nil}
func (b *bench) unlock() error {return nil}
func (b *bench) hubMemory() error {return nil}
func serveForMemory(ctx context.Context, dir string, in io.Reader, out io.Writer) error {return nil}
