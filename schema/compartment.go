package schema

// Compartment says who may know: one of the nine compartments, or the two that hold the organisation's own directory.
type Compartment string

// Anchor is the compartment that every record has a part in; its object is the record's anchor.
const Anchor Compartment = "admin"

// The organisation's own records, sealed like all others.
const (
	KindDirectory = "directory" // what each opaque scope and site stands for; every enrolled device reads it
	KindRoster    = "roster"    // names of people and devices; officers only
	SiteOrg       = "org"       // the site code of both
)

// ScopeName is what an opaque scope stands for. It appears inside sealed data and on screens, never on the wire in clear.
type ScopeName struct {
	Site        string      `cbor:"0,keyasint" json:"site"`
	Kind        string      `cbor:"1,keyasint" json:"kind"`
	Compartment Compartment `cbor:"2,keyasint" json:"compartment"`
}

// String returns site/kind/compartment.
func (n ScopeName) String() string { return n.Site + "/" + n.Kind + "/" + string(n.Compartment) }
