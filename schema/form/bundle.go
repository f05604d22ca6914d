package form

import "slices"

// Everywhere in the column sites means every bundle.
const Everywhere = "*"

// For returns the definition as a bundle holds it: without the items and choices of other bundles, groups left empty and
// lists that no field uses any more. What is left out leaves no trace.
func (d Definition) For(bundle string) Definition {
	d.Items = itemsFor(d.Items, bundle)
	used := map[string]bool{}
	usedLists(d.Items, used)
	var lists []List
	for _, l := range d.Lists {
		if !used[l.Name] {
			continue
		}
		var kept []Choice
		for _, c := range l.Choices {
			if Held(c.Sites, bundle) {
				c.Sites = nil
				kept = append(kept, c)
			}
		}
		lists = append(lists, List{Name: l.Name, Choices: kept})
	}
	d.Lists = lists
	return d
}

// Held tells whether a row with these sites belongs into the bundle.
func Held(sites []string, bundle string) bool {
	return len(sites) == 0 || slices.Contains(sites, Everywhere) || slices.Contains(sites, bundle)
}

func itemsFor(items []Item, bundle string) []Item {
	var kept []Item
	for _, item := range items {
		if !Held(item.Sites, bundle) {
			continue
		}
		item.Sites = nil
		if item.Type.Encloses() {
			if item.Children = itemsFor(item.Children, bundle); len(item.Children) == 0 {
				continue
			}
		}
		kept = append(kept, item)
	}
	return kept
}

func usedLists(items []Item, used map[string]bool) {
	for _, item := range items {
		if item.List != "" {
			used[item.List] = true
		}
		usedLists(item.Children, used)
	}
}
