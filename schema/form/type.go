package form

import "slices"

// Type is what kind of answer an item takes.
type Type string

// The supported types. Group, Repeat and Note take no answer.
const (
	TypeText           Type = "text"
	TypeInteger        Type = "integer"
	TypeDecimal        Type = "decimal"
	TypeDate           Type = "date"
	TypeTime           Type = "time"
	TypeDateTime       Type = "dateTime"
	TypeSelectOne      Type = "select_one"
	TypeSelectMultiple Type = "select_multiple"
	TypeGeopoint       Type = "geopoint"
	TypeImage          Type = "image"
	TypeAudio          Type = "audio"
	TypeVideo          Type = "video"
	TypeFile           Type = "file"
	TypeBarcode        Type = "barcode"
	TypeNote           Type = "note"
	TypeGroup          Type = "group"
	TypeRepeat         Type = "repeat"
)

// Types lists all supported types.
func Types() []Type {
	return []Type{TypeText, TypeInteger, TypeDecimal, TypeDate, TypeTime, TypeDateTime, TypeSelectOne, TypeSelectMultiple,
		TypeGeopoint, TypeImage, TypeAudio, TypeVideo, TypeFile, TypeBarcode, TypeNote, TypeGroup, TypeRepeat}
}

// IsSelect tells whether the type takes its answer from a list.
func (t Type) IsSelect() bool { return t == TypeSelectOne || t == TypeSelectMultiple }

// IsMedia tells whether the answer names an attachment.
func (t Type) IsMedia() bool {
	return t == TypeImage || t == TypeAudio || t == TypeVideo || t == TypeFile
}

// Encloses tells whether the type has items inside.
func (t Type) Encloses() bool { return t == TypeGroup || t == TypeRepeat }

// Merge is the policy for concurrent edits of one field.
type Merge string

// The merge policies.
const (
	WriteOnce    Merge = "write_once"
	LWW          Merge = "lww"
	KeepBoth     Merge = "keep_both"
	SetUnion     Merge = "set_union"
	Append       Merge = "append"
	Counter      Merge = "counter"
	RestrictWins Merge = "restrict_wins"
)

// Merges lists all merge policies.
func Merges() []Merge {
	return []Merge{WriteOnce, LWW, KeepBoth, SetUnion, Append, Counter, RestrictWins}
}

// suits tells whether the policy can merge answers of the type.
func (m Merge) suits(t Type) bool {
	switch m {
	case SetUnion:
		return t == TypeSelectMultiple || t == TypeText
	case Append:
		return t == TypeText
	case Counter:
		return t == TypeInteger
	case RestrictWins:
		return t.IsSelect()
	default:
		return slices.Contains(Merges(), m)
	}
}

// Generation says who makes the value of a field when no person types it.
type Generation string

// The ways of generating. On a read-only field it is the only source of the value, elsewhere the default.
const (
	GenerateRandom Generation = "random" // a random code of the record itself
	GenerateMember Generation = "member" // the code of the member who writes
	GenerateParent Generation = "parent" // the code of the parent record
	GenerateToday  Generation = "today"  // the day of writing, or the moment for a dateTime
	GenerateSite   Generation = "site"   // the site that the record belongs to
)

// Generations lists all ways of generating.
func Generations() []Generation {
	return []Generation{GenerateRandom, GenerateMember, GenerateParent, GenerateToday, GenerateSite}
}

func (g Generation) suits(t Type) bool {
	switch g {
	case GenerateToday:
		return t == TypeDate || t == TypeDateTime
	case GenerateSite:
		return t == TypeSelectOne || t == TypeText
	default:
		return t == TypeText && slices.Contains(Generations(), g)
	}
}
