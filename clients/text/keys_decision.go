package text

// What goes wrong with deleted records.
const (
	ErrDeleted    Key = "err.deleted"     // {id}
	ErrNoQuestion Key = "err.no_question" // {id}
)

// Flags of deciding and deleting.
const (
	FlagKeep    Key = "flag.keep"
	FlagDelete  Key = "flag.delete"
	FlagDeleted Key = "flag.deleted"
)

// Commands about deleting, deciding and forms.
const (
	HelpRecordDelete  Key = "help.record_delete"
	HelpRecordRestore Key = "help.record_restore"
	HelpConflictsShow Key = "help.conflicts_show"
	HelpForm          Key = "help.form"
	HelpFormList      Key = "help.form_list"
	HelpFormShow      Key = "help.form_show"
)

// Deleting, restoring, and what a history says.
const (
	RecordRemoved          Key = "record.removed"  // {id}
	RecordRestored         Key = "record.restored" // {id}
	RecordHeading          Key = "record.heading"  // {date} {form} {id} {site} {who}
	RecordField            Key = "record.field"    // {field} {value}
	RecordPart             Key = "record.part"     // {part} {state}
	RecordStateDeleted     Key = "record.state_deleted"
	RecordStateQuestion    Key = "record.state_question"
	RecordHistoryEntered   Key = "record.history_entered"    // {date} {field} {who}
	RecordHistoryAdded     Key = "record.history_added"      // {date} {field} {who}
	RecordHistoryRemoved   Key = "record.history_removed"    // {date} {field} {who}
	RecordHistoryCounted   Key = "record.history_counted"    // {date} {field} {who}
	RecordHistoryWidened   Key = "record.history_widened"    // {date} {field} {who}
	RecordHistoryDeleted   Key = "record.history_deleted"    // {date} {who} {why}
	RecordHistoryRestored  Key = "record.history_restored"   // {date} {who} {why}
	RecordHistoryWhy       Key = "record.history_why"        // {why}
	RecordHistoryNotChosen Key = "record.history_not_chosen" // {date} {who} {why}
	RecordHistoryParallel  Key = "record.history_parallel"
	RecordHistoryLoser     Key = "record.history_loser"
)

// What waits for a person, in full.
const (
	ConflictUrgent         Key = "conflict.urgent"
	ConflictQuestion       Key = "conflict.question"
	ConflictSee            Key = "conflict.see"
	ConflictNothingIn      Key = "conflict.nothing_in" // {id}
	ConflictWaits          Key = "conflict.waits"      // {age}
	ConflictValue          Key = "conflict.value"      // {number} {value}
	ConflictBy             Key = "conflict.by"         // {device} {role} {who}
	ConflictByOwn          Key = "conflict.by_own"     // {role} {who}
	ConflictPerson         Key = "conflict.person"     // {code} {name}
	ConflictWritten        Key = "conflict.written"    // {date}
	ConflictAtHub          Key = "conflict.at_hub"     // {date}
	ConflictNotAtHub       Key = "conflict.not_at_hub"
	ConflictClockAhead     Key = "conflict.clock_ahead"
	ConflictClockBehind    Key = "conflict.clock_behind" // {date}
	ConflictHadSeen        Key = "conflict.had_seen"     // {date} {value} {who}
	ConflictHadSeenNothing Key = "conflict.had_seen_nothing"
	ConflictSawNone        Key = "conflict.saw_none"
	ConflictSaw            Key = "conflict.saw"         // {numbers}
	ConflictAlsoBy         Key = "conflict.also_by"     // {who}
	ConflictLateBeside     Key = "conflict.late_beside" // {date} {fields} {who}
	ConflictLateAfter      Key = "conflict.late_after"  // {date} {fields} {who}
	ConflictLateKept       Key = "conflict.late_kept"   // {date} {who}
	ConflictLateSealed     Key = "conflict.late_sealed"
	ConflictUntouched      Key = "conflict.untouched" // {part}
	ConflictAsk            Key = "conflict.ask"       // {id}
	ConflictKept           Key = "conflict.kept"      // {id}
	ConflictDeleted        Key = "conflict.deleted"   // {id}
)

// What waits on this laptop.
const (
	StatusQueue          Key = "status.queue"           // {age} {kib} {saves} {sets}
	StatusQueueAgain     Key = "status.queue_again"     // {kib} {sets}
	StatusOldestConflict Key = "status.oldest_conflict" // {age}
	StatusQuestions      Key = "status.questions"       // plural: {n}
)

// Headings.
const (
	TableWaits   Key = "table.waits"
	TableUrgent  Key = "table.urgent"
	TablePath    Key = "table.path"
	TableKind    Key = "table.kind"
	TablePart    Key = "table.part"
	TableTitle   Key = "table.title"
	TableNeeded  Key = "table.needed"
	TableVersion Key = "table.version"
)

// How long something has waited.
const (
	AgeNow     Key = "age.now"
	AgeMinutes Key = "age.minutes" // plural: {n}
	AgeHours   Key = "age.hours"   // plural: {n}
	AgeDays    Key = "age.days"    // plural: {n}
)

// What an order decides.
const (
	BodyMember       Key = "body.member"
	BodyDevice       Key = "body.device"
	BodyRevoke       Key = "body.revoke"
	BodyScopes       Key = "body.scopes"
	BodyOpenEpoch    Key = "body.open_epoch"
	BodyGrant        Key = "body.grant"
	BodyCloseEpoch   Key = "body.close_epoch"
	BodyDestroyEpoch Key = "body.destroy_epoch"
	BodyCustody      Key = "body.custody"
	BodyFormPack     Key = "body.form_pack"
	BodyErase        Key = "body.erase"
	BodyAccept       Key = "body.accept"
	BodyHub          Key = "body.hub"
	BodySettings     Key = "body.settings"
	BodyHeal         Key = "body.heal"
	BodyLine         Key = "body.line" // {count} {what}
)

// Forms and who reads them.
const (
	FormReaders    Key = "form.readers"     // {label} {part} {roles}
	FormNoReaders  Key = "form.no_readers"  // {label} {part}
	FormChoiceItem Key = "form.choice_item" // {label} {name}
	FormNone       Key = "form.none"
)

// What an exchange brought.
const (
	SyncParallel  Key = "sync.parallel"  // plural: {n}
	SyncQuestions Key = "sync.questions" // plural: {n}
)
