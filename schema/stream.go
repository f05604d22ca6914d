package schema

import "crypto/sha256"

// StreamOf names the stream that one incarnation of a device writes in one scope.
func StreamOf(d Device, i Incarnation, s Scope) (out Stream) {
	b := make([]byte, 0, 64)
	b = append(b, "escale/v1/stream\x00"...)
	b = append(b, d[:]...)
	b = append(b, i[:]...)
	b = append(b, s[:]...)
	sum := sha256.Sum256(b)
	copy(out[:], sum[:])
	return out
}

// ObjectSeed is the random part of a new object's id, carried by the delta that creates it.
type ObjectSeed [8]byte

// ObjectOf names the object that a stream creates from a seed. No other stream can create the same object.
func ObjectOf(s Stream, seed ObjectSeed) (out Object) {
	b := make([]byte, 0, 48)
	b = append(b, "escale/v1/object\x00"...)
	b = append(b, s[:]...)
	b = append(b, seed[:]...)
	sum := sha256.Sum256(b)
	copy(out[:], sum[:])
	return out
}

// PackOf shortens the hash of a form bundle to the name that change-sets cite.
func PackOf(h Hash) (p Pack) {
	copy(p[:], h[:])
	return p
}
