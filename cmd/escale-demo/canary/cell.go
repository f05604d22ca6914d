package canary

import "encoding/binary"

// The kinds of b-tree pages that hold values.
const (
	indexInterior = 0x02
	indexLeaf     = 0x0a
	tableLeaf     = 0x0d
)

// cell is a value whose end lies on other pages: what of it is here, and how long it is in all.
type cell struct {
	at, local, total int
}

// cells lists the values of a b-tree page that continue elsewhere. A page that only looks like one gives nothing or bytes that
// are searched in vain.
func (d *database) cells(page []byte, first bool) []cell {
	head := 0
	if first {
		head = databaseHeader
	}
	kind := page[head]
	pointers := head + 8
	switch kind {
	case indexInterior:
		pointers += 4
	case indexLeaf, tableLeaf:
	default:
		return nil
	}
	var list []cell
	for i := range int(binary.BigEndian.Uint16(page[head+3:])) {
		at := pointers + 2*i
		if at+2 > d.usable {
			break
		}
		if c, ok := d.cell(page, kind, int(binary.BigEndian.Uint16(page[at:]))); ok {
			list = append(list, c)
		}
	}
	return list
}

func (d *database) cell(page []byte, kind byte, at int) (cell, bool) {
	if kind == indexInterior {
		at += 4
	}
	total, at := varint(page, at)
	if kind == tableLeaf {
		_, at = varint(page, at)
	}
	if whole := uint64(len(d.inLog)+int(d.pages)) * uint64(d.pageSize); total > min(MaxUnpacked, whole) {
		return cell{}, false // no value is longer than its file
	}
	c := cell{at: at, total: int(total), local: d.local(kind, int(total))}
	return c, c.local < c.total && at+c.local+4 <= len(page)
}

// local computes how much of a value stays on its b-tree page, as the file format prescribes.
func (d *database) local(kind byte, total int) int {
	most := (d.usable-12)*64/255 - 23
	if kind == tableLeaf {
		most = d.usable - 35
	}
	if total <= most {
		return total
	}
	least := (d.usable-12)*32/255 - 23
	if kept := least + (total-least)%(d.usable-4); kept <= most {
		return kept
	}
	return least
}

// spread follows a value over its overflow pages; a chain that breaks gives what came before.
func (d *database) spread(page []byte, c cell) ([]byte, bool) {
	value := append([]byte{}, page[c.at:c.at+c.local]...)
	next := binary.BigEndian.Uint32(page[c.at+c.local:])
	more := make([]byte, d.pageSize)
	for len(value) < c.total && d.page(next, more) {
		value = append(value, more[4:min(d.usable, 4+c.total-len(value))]...)
		next = binary.BigEndian.Uint32(more)
	}
	return value, len(value) > c.local
}

// varint reads SQLite's variable-length number; beyond the page it reads zero.
func varint(page []byte, at int) (uint64, int) {
	var v uint64
	for i := range 9 {
		if at >= len(page) {
			return 0, at
		}
		b := page[at]
		at++
		if i == 8 {
			return v<<8 | uint64(b), at
		}
		v = v<<7 | uint64(b&0x7f)
		if b < 0x80 {
			break
		}
	}
	return v, at
}
