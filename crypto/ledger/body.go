package ledger

import "fmt"

// Kind says what a body orders. Numbers are never reused.
type Kind uint8

// The kinds of bodies.
const (
	KindMember       Kind = 1
	KindDevice       Kind = 2
	KindRevoke       Kind = 3
	KindScopes       Kind = 4
	KindOpenEpoch    Kind = 5
	KindGrant        Kind = 6
	KindCloseEpoch   Kind = 7
	KindDestroyEpoch Kind = 8
	KindCustody      Kind = 9
	KindFormPack     Kind = 10
	KindErase        Kind = 11
	KindAccept       Kind = 12
	KindHub          Kind = 13
	KindSettings     Kind = 14
	KindHeal         Kind = 15
)

// Body is one thing that officers order. Its types are the pointers to the structs of this package.
type Body interface {
	Kind() Kind
	check() error              // what needs no state
	apply(*State, event) error // effect; may fail half-way, the log then drops all of it
}

func newBody(k Kind) (Body, error) {
	switch k {
	case KindMember:
		return new(Member), nil
	case KindDevice:
		return new(DeviceEntry), nil
	case KindRevoke:
		return new(Revoke), nil
	case KindScopes:
		return new(Scopes), nil
	case KindOpenEpoch:
		return new(OpenEpoch), nil
	case KindGrant:
		return new(Grant), nil
	case KindCloseEpoch:
		return new(CloseEpoch), nil
	case KindDestroyEpoch:
		return new(DestroyEpoch), nil
	case KindCustody:
		return new(Custody), nil
	case KindFormPack:
		return new(FormPack), nil
	case KindErase:
		return new(Erase), nil
	case KindAccept:
		return new(Accept), nil
	case KindHub:
		return new(HubEntry), nil
	case KindSettings:
		return new(Settings), nil
	case KindHeal:
		return new(Heal), nil
	}
	return nil, fmt.Errorf("%w: body %d", ErrUnknownKind, k)
}
