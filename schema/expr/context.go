package expr

import "time"

// Context is what an expression may see.
type Context struct {
	Self   Value                   // "."
	Lookup func(name string) Value // ${name}; Missing() when unanswered
	Now    time.Time               // read by today() and now(), in the zone that counts for the person who writes
}

func (c *Context) lookup(name string) Value {
	if c.Lookup == nil {
		return Missing()
	}
	return c.Lookup(name)
}
