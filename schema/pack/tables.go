package pack

import "escale/schema/form"

// Headquarters is the bundle that holds everything.
const Headquarters = "hq"

// Tables are the rules that all forms of a pack share.
type Tables struct {
	Compartments []Compartment `cbor:"1,keyasint"`
	Roles        []Role        `cbor:"2,keyasint"`
	Retention    []Retention   `cbor:"3,keyasint"`
	Sites        []Site        `cbor:"4,keyasint"` // those of the bundle; all in headquarters
	Merges       []form.Merge  `cbor:"5,keyasint"`
	Kinds        []string      `cbor:"6,keyasint"` // record kinds
}

// Compartment is one circle of shared secrecy.
type Compartment struct {
	Name     string         `cbor:"1,keyasint"`
	Purpose  form.Text      `cbor:"2,keyasint"`
	Article6 string         `cbor:"3,keyasint"` // legal basis, GDPR
	Article9 string         `cbor:"4,keyasint"`
	TTLDays  map[string]int `cbor:"5,keyasint"` // by bundle: how long a device keeps the part; 0 = capture only
}

// Role is what a member works as.
type Role struct {
	Name            string            `cbor:"1,keyasint"`
	Label           form.Text         `cbor:"2,keyasint"`
	Grants          map[string]string `cbor:"3,keyasint"` // by compartment: rw, r, w, t, tb or -
	Records         map[string]string `cbor:"4,keyasint"` // by record kind: site, own, deid, capture, tb or none
	CanExport       string            `cbor:"5,keyasint"` // no, deid, audit
	CanRotateKeys   string            `cbor:"6,keyasint"` // no, two_person
	MaxOfflineHours int               `cbor:"7,keyasint"`
}

// Retention is how long a class of fields is kept, as ISO 8601 duration, and what follows.
type Retention struct {
	Code    string `cbor:"1,keyasint"`
	Trigger string `cbor:"2,keyasint"`
	Active  string `cbor:"3,keyasint"`
	Then    string `cbor:"4,keyasint"`
}

// Site is a place that owns files.
type Site struct {
	Name    string `cbor:"1,keyasint"`
	Country string `cbor:"2,keyasint"`
	Status  string `cbor:"3,keyasint"`
	Bundle  string `cbor:"4,keyasint"`
}
