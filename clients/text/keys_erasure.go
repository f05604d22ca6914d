package text

// Erasure, its certificate, and the recovery key.
const (
	ErrNothingToErase    Key = "err.nothing_to_erase"
	ErrNoReader          Key = "err.no_reader"
	ErrNoErasure         Key = "err.no_erasure"
	ErrCallDamaged       Key = "err.call_damaged"
	ErrShareWrong        Key = "err.share_wrong" // {device}
	ErrShareDamaged      Key = "err.share_damaged"
	ErrSharesFew         Key = "err.shares_few"
	ErrNoShare           Key = "err.no_share"
	ErrSharePolicy       Key = "err.share_policy"
	FlagCall             Key = "flag.call"
	FlagCustodian        Key = "flag.custodian"
	FlagThreshold        Key = "flag.threshold"
	HelpErase            Key = "help.erase"
	HelpEraseContinue    Key = "help.erase_continue"
	HelpEraseCertificate Key = "help.erase_certificate"
	HelpKeySplit         Key = "help.key_split"
	HelpKeyHand          Key = "help.key_hand"
	HelpKeyRecover       Key = "help.key_recover"
	EraseOrdered         Key = "erase.ordered"
	EraseProgress        Key = "erase.progress"    // {closed} {destroyed} {waiting}
	EraseCertificate     Key = "erase.certificate" // {date} {order}
	EraseRemains         Key = "erase.remains"     // {objects} {deltas} {sets}
	EraseKeys            Key = "erase.keys"        // {keys} {devices}
	EraseOldShares       Key = "erase.old_shares"  // {destroyed} {shares} {needed}
	EraseComplete        Key = "erase.complete"
	EraseIncomplete      Key = "erase.incomplete"
	CustodySplit         Key = "custody.split"     // {threshold} {shares}
	CustodyRecovered     Key = "custody.recovered" // {keys}
)
