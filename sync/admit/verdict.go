package admit

// Reason says why a change-set does not count. The empty reason means that it counts.
type Reason string

// Why a genuine change-set does not count.
const (
	Counts         Reason = ""
	WrongEpoch     Reason = "wrong_epoch"      // not sealed to the newest epoch linked at the head that it cites
	ClosedScope    Reason = "closed_scope"     // the scope had no epoch at that head
	NotPermitted   Reason = "not_permitted"    // its device may not write in the scope
	Revoked        Reason = "revoked"          // its device is revoked, and no named head of its stream comes after it
	LedgerWentBack Reason = "ledger_went_back" // it cites an older head than its predecessor
	ClosedEpoch    Reason = "closed_epoch"     // its epoch is closed, and the cut does not hold it
	DestroyedEpoch Reason = "destroyed_epoch"  // its epoch is destroyed, and the cut did not hold it
)

// Verdict is the judgement of a genuine change-set.
type Verdict struct{ Reason Reason }

// Admitted reports whether the change-set counts.
func (v Verdict) Admitted() bool { return v.Reason == Counts }
