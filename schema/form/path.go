package form

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
)

// InstanceIDSize is the length of a repeat instance's id in bytes; in paths it is written as hexadecimal.
const InstanceIDSize = 8

// MaxRepeatDepth is how many repeats may enclose each other.
const MaxRepeatDepth = 4

// NewInstanceID draws the id of a repeat instance.
func NewInstanceID(random io.Reader) (string, error) {
	var id [InstanceIDSize]byte
	if _, err := io.ReadFull(random, id[:]); err != nil {
		return "", fmt.Errorf("draw instance id: %w", err)
	}
	return hex.EncodeToString(id[:]), nil
}

// newOrderedID draws an id that sorts behind those of the instances before it: two bytes count, six are random. So the order in
// which a family was written down is kept wherever the ids are sorted.
func newOrderedID(before int, random io.Reader) (string, error) {
	if random == nil {
		return "", errNoRandom
	}
	var id [InstanceIDSize]byte
	if _, err := io.ReadFull(random, id[2:]); err != nil {
		return "", fmt.Errorf("draw instance id: %w", err)
	}
	binary.BigEndian.PutUint16(id[:2], uint16(min(before, 1<<16-1)))
	return hex.EncodeToString(id[:]), nil
}

var errNoRandom = errors.New("form: no source of randomness was given")

// path is a parsed path: prefixes[i] is what stands before names inside the i innermost-counted repeats.
type path struct {
	template string
	prefixes []string // "", "r1/id1/", "r1/id1/r2/id2/"
}

func parsePath(s string) (path, bool) {
	if !strings.Contains(s, "/") {
		return path{template: s, prefixes: []string{""}}, true
	}
	parts := strings.Split(s, "/")
	if len(parts)%2 == 0 || len(parts) > 2*MaxRepeatDepth+1 {
		return path{}, false
	}
	p := path{prefixes: []string{""}}
	for i := 0; i+1 < len(parts); i += 2 {
		if !validInstanceID(parts[i+1]) {
			return path{}, false
		}
		p.template += parts[i] + "/"
		p.prefixes = append(p.prefixes, p.prefixes[i/2]+parts[i]+"/"+parts[i+1]+"/")
	}
	p.template += parts[len(parts)-1]
	return p, true
}

func (p path) prefix() string { return p.prefixes[len(p.prefixes)-1] }

func validInstanceID(s string) bool {
	if len(s) != 2*InstanceIDSize {
		return false
	}
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
