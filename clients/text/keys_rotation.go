package text

// Renewing keys: rotation, closing and destroying epochs.
const (
	ErrUnknownScope      Key = "err.unknown_scope" // {scope}
	ErrNotAside          Key = "err.not_aside"     // {hash}
	ErrPackWrong         Key = "err.pack_wrong"
	ErrPackIncomplete    Key = "err.pack_incomplete"
	FlagScope            Key = "flag.scope"
	FlagReason           Key = "flag.reason"
	HelpKeyRotate        Key = "help.key_rotate"
	HelpKeyDrain         Key = "help.key_drain"
	HelpQuarantineAccept Key = "help.quarantine_accept"
	QuarantineAccepted   Key = "quarantine.accepted" // {hash}
	HelpKeyClose         Key = "help.key_close"
	HelpKeyDestroy       Key = "help.key_destroy"
	KeyReportTitle       Key = "key.report_title"  // {date} {org}
	KeyReportReason      Key = "key.report_reason" // {reason}
	KeyRotated           Key = "key.rotated"       // plural: {n}
	KeyClosed            Key = "key.closed"        // plural: {n}
	KeyDestroyed         Key = "key.destroyed"     // plural: {n}
	KeyLeft              Key = "key.left"          // plural: {n}
	KeyUnconfirmed       Key = "key.unconfirmed"   // {scopes}
	KeyDrained           Key = "key.drained"
	KeyNothingToEnd      Key = "key.nothing_to_end"
	KeyHubsWord          Key = "key.hubs_word"
	KeyCloseWarning      Key = "key.close_warning" // {word}
	KeyCloseWord         Key = "key.close_word"
	KeyDestroyWarning    Key = "key.destroy_warning" // {word}
	KeyDestroyWord       Key = "key.destroy_word"
	KeyStopped           Key = "key.stopped"
	KeyStateOrderedNow   Key = "key.state_ordered_now"
	KeyStateCarriedOut   Key = "key.state_carried_out"
	KeyStateNoEpoch      Key = "key.state_no_epoch"
	KeyStateOrdered      Key = "key.state_ordered"
	KeyStateNoReaders    Key = "key.state_no_readers"
	KeyStateUnconfirmed  Key = "key.state_unconfirmed"
	KeyStateLeft         Key = "key.state_left"
	KeyStateOpen         Key = "key.state_open"
	TableSince           Key = "table.since"
	TableOlder           Key = "table.older"
	TableSilent          Key = "table.silent"
	TableUnconfirmed     Key = "table.unconfirmed"
	TableNext            Key = "table.next"
	TableDropped         Key = "table.dropped"
	TableExecutor        Key = "table.executor"
	TableChangeSets      Key = "table.change_sets"
	TableAside           Key = "table.aside"
	TableLeft            Key = "table.left"
	TableConfirmed       Key = "table.confirmed"
	TableAttested        Key = "table.attested"
	TablePossible        Key = "table.possible"
)
