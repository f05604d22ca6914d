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
	TypeCalculate      Type = "calculate"
	TypeAcknowledge    Type = "acknowledge" // the answer is "OK"
	TypeRange          Type = "range"       // a number between two, by steps
	TypeRank           Type = "rank"        // the answer is the names of a list in an order
	TypeHidden         Type = "hidden"
	TypeStart          Type = "start"
	TypeEnd            Type = "end"
	TypeToday          Type = "today"
	TypeUsername       Type = "username"
	TypeEmail          Type = "email"
	TypePhone          Type = "phonenumber"
	TypeDevice         Type = "deviceid"
)

// Types that the field knows and a laptop cannot answer. A form that has them can be read, not published.
const (
	TypeGeotrace           Type = "geotrace"
	TypeGeoshape           Type = "geoshape"
	TypeSubscriber         Type = "subscriberid"
	TypeSIM                Type = "simserial"
	TypeAudit              Type = "audit"
	TypeStartGeopoint      Type = "start-geopoint"
	TypeBackgroundAudio    Type = "background-audio"
	TypeBackgroundGeopoint Type = "background-geopoint"
	TypeXMLExternal        Type = "xml-external"
	TypeCSVExternal        Type = "csv-external"
)

// Types lists all supported types.
func Types() []Type {
	return []Type{TypeText, TypeInteger, TypeDecimal, TypeDate, TypeTime, TypeDateTime, TypeSelectOne, TypeSelectMultiple,
		TypeGeopoint, TypeImage, TypeAudio, TypeVideo, TypeFile, TypeBarcode, TypeNote, TypeGroup, TypeRepeat,
		TypeCalculate, TypeAcknowledge, TypeRange, TypeRank, TypeHidden, TypeStart, TypeEnd, TypeToday, TypeUsername, TypeEmail,
		TypePhone, TypeDevice, TypeGeotrace, TypeGeoshape, TypeSubscriber, TypeSIM, TypeAudit, TypeStartGeopoint,
		TypeBackgroundAudio, TypeBackgroundGeopoint, TypeXMLExternal, TypeCSVExternal}
}

// Supported tells whether a laptop can answer the type.
func (t Type) Supported() bool {
	switch t {
	case TypeGeotrace, TypeGeoshape, TypeSubscriber, TypeSIM, TypeAudit, TypeStartGeopoint, TypeBackgroundAudio,
		TypeBackgroundGeopoint, TypeXMLExternal, TypeCSVExternal:
		return false
	}
	return slices.Contains(Types(), t)
}

// IsExternal tells whether the type declares a file instead of asking something.
func (t Type) IsExternal() bool { return t == TypeXMLExternal || t == TypeCSVExternal }

// IsMetadata tells whether the agent knows the value and nobody is asked.
func (t Type) IsMetadata() bool {
	switch t {
	case TypeStart, TypeEnd, TypeToday, TypeUsername, TypeEmail, TypePhone, TypeDevice, TypeSubscriber, TypeSIM, TypeAudit,
		TypeStartGeopoint, TypeBackgroundAudio, TypeBackgroundGeopoint:
		return true
	}
	return false
}

// IsShown tells whether a person sees an item of the type.
func (t Type) IsShown() bool {
	return t != TypeCalculate && t != TypeHidden && !t.IsExternal() && !t.IsMetadata() && !t.Encloses()
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

// Suits tells whether the policy can merge answers of the type.
func (m Merge) Suits(t Type) bool {
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
