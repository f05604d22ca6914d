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
	ErrInvitationOtherOrg Key = "err.invitation_other_org"
	ErrVaultDamaged       Key = "err.vault_damaged"
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
	ErrFormsRefused       Key = "err.forms_refused"    // {file} {details}
	ErrBackupStatement    Key = "err.backup_statement" // {file}
	ErrBackupForeign      Key = "err.backup_foreign"
	ErrBackupDigest       Key = "err.backup_digest"
	ErrInterrupted        Key = "err.interrupted"
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
	RecordSealedPart         Key = "record.sealed_part"
	RecordPendingPart        Key = "record.pending_part"
	RecordDeleted            Key = "record.deleted" // {date} {who}
	RecordEditedAfterDelete  Key = "record.edited_after_delete"
	RecordColumnId           Key = "record.column_id"
	RecordColumnForm         Key = "record.column_form"
	RecordColumnSite         Key = "record.column_site"
	RecordColumnState        Key = "record.column_state"
	RecordColumnField        Key = "record.column_field"
	RecordHistoryHeading     Key = "record.history_heading"  // {id}
	RecordHistoryChanged     Key = "record.history_changed"  // {date} {field} {who}
	RecordHistoryResolved    Key = "record.history_resolved" // {date} {field} {who} {why}
	RecordStateSent          Key = "record.state_sent"
	RecordStateUnsent        Key = "record.state_unsent"
	RecordStateConflict      Key = "record.state_conflict"
	RecordListNone           Key = "record.list_none"
	RecordSearchNone         Key = "record.search_none"
	RecordCount              Key = "record.count"                // plural: {n}
	RecordImportRefused      Key = "record.import_refused"       // {line} {reason}
	RecordImportSaved        Key = "record.import_saved"         // plural: {n}
	RecordImportAgain        Key = "record.import_again"         // plural: {n}
	RecordImportLinesRefused Key = "record.import_lines_refused" // plural: {n}
)

// Two people wrote different answers in the same field without seeing each other's.
const (
	ConflictHeading   Key = "conflict.heading"
	ConflictNone      Key = "conflict.none"
	ConflictItem      Key = "conflict.item" // {field} {form} {id}
	ConflictHow       Key = "conflict.how"
	ConflictResolved  Key = "conflict.resolved" // {field} {id}
	ConflictWhyNeeded Key = "conflict.why_needed"
	ConflictConsent   Key = "conflict.consent"
	ConflictWriteOnce Key = "conflict.write_once" // {field}
)
