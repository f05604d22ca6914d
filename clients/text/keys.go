package text

// The keys, with the values that their sentences show. Those marked plural are said with N, the others with S.

// What went wrong, and what to do next. Errors never show what was typed.
const (
	ErrWrongPassphrase    Key = "err.wrong_passphrase"
	ErrWrongPin           Key = "err.wrong_pin"
	ErrClockOff           Key = "err.clock_off" // {here} {hub}
	ErrDiskFull           Key = "err.disk_full"
	ErrReadOnlyFolder     Key = "err.read_only_folder" // {folder}
	ErrHubUnreachable     Key = "err.hub_unreachable"
	ErrHubRefused         Key = "err.hub_refused" // {check}
	ErrNotJoined          Key = "err.not_joined"
	ErrAlreadyJoined      Key = "err.already_joined"
	ErrWaitingApproval    Key = "err.waiting_approval"
	ErrRevoked            Key = "err.revoked"
	ErrLeaseOver          Key = "err.lease_over"
	ErrLocked             Key = "err.locked"
	ErrNotPermitted       Key = "err.not_permitted"
	ErrNoRecord           Key = "err.no_record"    // {id}
	ErrNoForm             Key = "err.no_form"      // {form}
	ErrNoConflict         Key = "err.no_conflict"  // {field} {id}
	ErrAmbiguousId        Key = "err.ambiguous_id" // {id}
	ErrUsage              Key = "err.usage"        // {command}
	ErrMissingFlag        Key = "err.missing_flag" // {flag}
	ErrBadFlag            Key = "err.bad_flag"     // {flag}
	ErrBusy               Key = "err.busy"
	ErrDatabaseDamaged    Key = "err.database_damaged"
	ErrNewerVersion       Key = "err.newer_version"
	ErrInvitationDamaged  Key = "err.invitation_damaged"
	ErrInvitationExpired  Key = "err.invitation_expired"
	ErrInvitationUsed     Key = "err.invitation_used"
	ErrInvitationOtherOrg Key = "err.invitation_other_org"
	ErrVaultDamaged       Key = "err.vault_damaged"
	ErrVaultMissing       Key = "err.vault_missing"
	ErrWeakPassphrase     Key = "err.weak_passphrase" // plural: {n}
	ErrLongPassphrase     Key = "err.long_passphrase"
	ErrPassphrasesDiffer  Key = "err.passphrases_differ"
	ErrNoPassphrase       Key = "err.no_passphrase"
	ErrUnknownLanguage    Key = "err.unknown_language" // {lang}
	ErrUnknownRole        Key = "err.unknown_role"     // {role}
	ErrUnknownSite        Key = "err.unknown_site"     // {site}
	ErrUnknownFormat      Key = "err.unknown_format"   // {format}
	ErrFileMissing        Key = "err.file_missing"     // {file}
	ErrFileExists         Key = "err.file_exists"      // {file}
	ErrFileUnreadable     Key = "err.file_unreadable"  // {file} {kind}
	ErrLimit              Key = "err.limit"            // {limit} {what}
	ErrInterrupted        Key = "err.interrupted"
	ErrForeignDatabase    Key = "err.foreign_database"
	ErrUnexpected         Key = "err.unexpected" // {code}
)

// Questions at the prompt. They end without a line break.
const (
	PromptPassphrase      Key = "prompt.passphrase"
	PromptPassphraseNew   Key = "prompt.passphrase_new"
	PromptPassphraseAgain Key = "prompt.passphrase_again"
	PromptFingerprint     Key = "prompt.fingerprint"
	PromptWipe            Key = "prompt.wipe" // {word}
	PromptWipeWord        Key = "prompt.wipe_word"
	PromptYes             Key = "prompt.yes"
	PromptNo              Key = "prompt.no"
)

// Why an answer was not accepted. {field} is the label of the field, {form} the title of the form.
const (
	FormHeading      Key = "form.heading"       // {form}
	FormRequired     Key = "form.required"      // {field} {form}
	FormUnknownField Key = "form.unknown_field" // {field} {form}
	FormType         Key = "form.type"          // {field} {form}
	FormChoice       Key = "form.choice"        // {field} {form}
	FormNotRelevant  Key = "form.not_relevant"  // {field} {form}
	FormReadOnly     Key = "form.read_only"     // {field} {form}
	FormConstraint   Key = "form.constraint"    // {field} {form}
	FormTooLong      Key = "form.too_long"      // {field} {form} {limit}
	FormTooMany      Key = "form.too_many"      // {field} {form} {limit}
	FormGivenTwice   Key = "form.given_twice"   // {field} {form}
	FormNoSource     Key = "form.no_source"     // {field} {form}
	FormSyntax       Key = "form.syntax"        // {form}
	FormInvalid      Key = "form.invalid"       // {field} {form}
)

// Records: saving, showing, listing, importing.
const (
	RecordSaved              Key = "record.saved"     // {id}
	RecordEdited             Key = "record.edited"    // {id}
	RecordUnchanged          Key = "record.unchanged" // {id}
	RecordAttached           Key = "record.attached"  // {file} {id}
	RecordSealedPart         Key = "record.sealed_part"
	RecordPendingPart        Key = "record.pending_part"
	RecordDeleted            Key = "record.deleted" // {date} {who}
	RecordEditedAfterDelete  Key = "record.edited_after_delete"
	RecordColumnId           Key = "record.column_id"
	RecordColumnForm         Key = "record.column_form"
	RecordColumnSite         Key = "record.column_site"
	RecordColumnUpdated      Key = "record.column_updated"
	RecordColumnState        Key = "record.column_state"
	RecordColumnField        Key = "record.column_field"
	RecordColumnValue        Key = "record.column_value"
	RecordHistoryHeading     Key = "record.history_heading"  // {id}
	RecordHistoryCreated     Key = "record.history_created"  // {date} {who}
	RecordHistoryChanged     Key = "record.history_changed"  // {date} {field} {who}
	RecordHistoryResolved    Key = "record.history_resolved" // {date} {field} {who} {why}
	RecordStateSent          Key = "record.state_sent"
	RecordStateUnsent        Key = "record.state_unsent"
	RecordStateConflict      Key = "record.state_conflict"
	RecordListNone           Key = "record.list_none"
	RecordSearchNone         Key = "record.search_none"
	RecordCount              Key = "record.count"                // plural: {n}
	RecordImportProgress     Key = "record.import_progress"      // {done} {total}
	RecordImportRefused      Key = "record.import_refused"       // {line} {reason}
	RecordImportSaved        Key = "record.import_saved"         // plural: {n}
	RecordImportAgain        Key = "record.import_again"         // plural: {n}
	RecordImportLinesRefused Key = "record.import_lines_refused" // plural: {n}
	RecordAlertUrgent        Key = "record.alert_urgent"
)

// Two people wrote different answers in the same field without seeing each other's.
const (
	ConflictHeading      Key = "conflict.heading"
	ConflictNone         Key = "conflict.none"
	ConflictCount        Key = "conflict.count" // plural: {n}
	ConflictItem         Key = "conflict.item"  // {field} {form} {id}
	ConflictColumnNumber Key = "conflict.column_number"
	ConflictColumnWho    Key = "conflict.column_who"
	ConflictColumnWhen   Key = "conflict.column_when"
	ConflictColumnValue  Key = "conflict.column_value"
	ConflictColumnSeen   Key = "conflict.column_seen"
	ConflictSeenNothing  Key = "conflict.seen_nothing"
	ConflictHow          Key = "conflict.how"
	ConflictResolved     Key = "conflict.resolved" // {field} {id}
	ConflictWhyNeeded    Key = "conflict.why_needed"
	ConflictParallel     Key = "conflict.parallel"
	ConflictConsent      Key = "conflict.consent"
	ConflictWriteOnce    Key = "conflict.write_once" // {field}
)
