package pack

import (
	"errors"
	"fmt"
)

// ErrSuccession reports a pack that would change what is meant by answers that were given already.
var ErrSuccession = errors.New("pack: the forms cannot follow those that are published")

// Follows checks every bundle against the one that is published under its name; earlier returns it, or false where there is
// none. The error wraps ErrSuccession and names form, field and column.
func (s *Source) Follows(earlier func(name string) (*Bundle, bool)) error {
	var errs []error
	seen := map[string]bool{}
	for _, name := range s.Names() {
		old, ok := earlier(name)
		if !ok {
			continue
		}
		for _, f := range s.bundles[name].Forms {
			before, ok := old.Form(f.ID)
			if !ok {
				continue
			}
			for _, fault := range f.Succession(before) {
				if line := f.ID + ": " + fault.Error(); !seen[line] {
					seen[line] = true
					errs = append(errs, fmt.Errorf("form %s: %w", f.ID, fault))
				}
			}
		}
	}
	if len(errs) > 0 {
		return fmt.Errorf("%w: %w", ErrSuccession, errors.Join(errs...))
	}
	return nil
}
