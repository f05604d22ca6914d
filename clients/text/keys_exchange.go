package text

// Exchange with the hub. A change-set is a sealed, signed batch of changes.
const (
	SyncStarted       Key = "sync.started"
	SyncPushed        Key = "sync.pushed"   // plural: {n}
	SyncPulled        Key = "sync.pulled"   // plural: {n}
	SyncProgress      Key = "sync.progress" // {received} {sent} {total}
	SyncSynced        Key = "sync.synced"
	SyncSyncedOwn     Key = "sync.synced_own"
	SyncDiverged      Key = "sync.diverged"    // plural: {n}
	SyncQuarantined   Key = "sync.quarantined" // plural: {n}
	SyncCaught        Key = "sync.caught"      // plural: {n}
	SyncConflicts     Key = "sync.conflicts"   // plural: {n}
	SyncHubRestored   Key = "sync.hub_restored"
	SyncBehindHorizon Key = "sync.behind_horizon" // {scopes}
	SyncWatching      Key = "sync.watching"
	SyncMendedHere    Key = "sync.mended_here"  // plural: {n} {scope}
	SyncMendedThere   Key = "sync.mended_there" // plural: {n} {scope}
	SyncUnmended      Key = "sync.unmended"     // {scopes}
)

// The state of this laptop, line by line.
const (
	StatusOrganisation  Key = "status.organisation" // {name}
	StatusDevice        Key = "status.device"       // {id}
	StatusMember        Key = "status.member"       // {id}
	StatusRole          Key = "status.role"         // {role}
	StatusSites         Key = "status.sites"        // {sites}
	StatusHub           Key = "status.hub"          // {address}
	StatusRecords       Key = "status.records"      // plural: {n}
	StatusAllSent       Key = "status.all_sent"
	StatusLastContact   Key = "status.last_contact" // {date}
	StatusNeverContact  Key = "status.never_contact"
	StatusConflicts     Key = "status.conflicts"   // plural: {n}
	StatusQuarantined   Key = "status.quarantined" // plural: {n}
	StatusScopes        Key = "status.scopes"      // {readable} {sealed} {writable}
	StatusCaptureOnly   Key = "status.capture_only"
	StatusMixedCapture  Key = "status.mixed_capture"
	StatusSafeToWipe    Key = "status.safe_to_wipe"
	StatusNotSafeToWipe Key = "status.not_safe_to_wipe"
	StatusAgreedAll     Key = "status.agreed_all"    // {date}
	StatusAgreedOthers  Key = "status.agreed_others" // {date}
	StatusAgreedScope   Key = "status.agreed_scope"  // {date} {scope}
	StatusAgreedNever   Key = "status.agreed_never"  // {scope}
	StatusDiffers       Key = "status.differs"       // {date} {scope}
	StatusDiffersNever  Key = "status.differs_never" // {scope}
	StatusBackup        Key = "status.backup"        // {date}
	StatusBackupNone    Key = "status.backup_none"
	StatusWaits         Key = "status.waits"        // plural: {n} {scope}
	StatusWipeOpen      Key = "status.wipe_open"    // plural: {n} {scope}
	StatusWipeUnsent    Key = "status.wipe_unsent"  // plural: {n} {scope}
	StatusWipeAtRisk    Key = "status.wipe_at_risk" // plural: {n} {scope}
)

// Invitation, request and approval.
const (
	JoinInvitation      Key = "join.invitation"       // {role} {site}
	JoinInvitationValid Key = "join.invitation_valid" // {date}
	JoinRequestSent     Key = "join.request_sent"
	JoinFingerprint     Key = "join.fingerprint" // {fingerprint}
	JoinUnprovedOrder   Key = "join.unproved_order"
	JoinCompare         Key = "join.compare"
	JoinMismatch        Key = "join.mismatch"
	JoinApproved        Key = "join.approved" // {id} {role} {site}
	JoinJoined          Key = "join.joined"   // {name}
	JoinNoRequests      Key = "join.no_requests"
)

// The organisation, its officers and their orders.
const (
	OrgCreated         Key = "org.created" // {name} {org}
	OrgOneOfOne        Key = "org.one_of_one"
	OrgNoCustody       Key = "org.no_custody"
	OrgOrderSigned     Key = "org.order_signed" // {order}
	OrgOrderLinked     Key = "org.order_linked" // {order}
	OrgOrdersNone      Key = "org.orders_none"
	OrgFormsPublished  Key = "org.forms_published"  // {version}
	OrgEpochsWaiting   Key = "org.epochs_waiting"   // {scopes}
	OrgBackupConfirmed Key = "org.backup_confirmed" // {digest}
	OrgFork            Key = "org.fork"
	OrgRollback        Key = "org.rollback"
)

// What was received and set aside.
const (
	QuarantineHeading Key = "quarantine.heading"
	QuarantineNone    Key = "quarantine.none"
)

// Exports.
const (
	ExportWritten      Key = "export.written" // plural: {file} {n}
	ExportDeidentified Key = "export.deidentified"
	ExportNotPermitted Key = "export.not_permitted"
	ExportWarning      Key = "export.warning"
	ExportAsOf         Key = "export.as_of" // {date}
	ExportNothing      Key = "export.nothing"
)

// Checks of everything held here.
const (
	VerifyStarted Key = "verify.started"
	VerifyGood    Key = "verify.good"   // {change_sets} {signatures}
	VerifyBroken  Key = "verify.broken" // {place}
)

// Locking, changing the passphrase, wiping.
const (
	LaptopLockDone         Key = "laptop.lock_done"
	LaptopPasswdDone       Key = "laptop.passwd_done"
	LaptopPasswdOldRemains Key = "laptop.passwd_old_remains"
	LaptopWipeDone         Key = "laptop.wipe_done"
	LaptopWipeStopped      Key = "laptop.wipe_stopped"
)

// The local log. The names say what happened.
const (
	AuditHeading            Key = "audit.heading"
	AuditGood               Key = "audit.good" // plural: {n}
	AuditCut                Key = "audit.cut"
	AuditKindOpening        Key = "audit.kind_opening"
	AuditKindExport         Key = "audit.kind_export"
	AuditKindKeyOperation   Key = "audit.kind_key_operation"
	AuditKindRefusal        Key = "audit.kind_refusal"
	AuditKindJoin           Key = "audit.kind_join"
	AuditKindDivergence     Key = "audit.kind_divergence"
	AuditKindUnlock         Key = "audit.kind_unlock"
	AuditKindLock           Key = "audit.kind_lock"
	AuditKindPassphrase     Key = "audit.kind_passphrase"
	AuditKindDecision       Key = "audit.kind_decision"
	AuditKindOrder          Key = "audit.kind_order"
	AuditKindErasure        Key = "audit.kind_erasure"
	AuditKindQuarantine     Key = "audit.kind_quarantine"
	AuditKindAccessRequest  Key = "audit.kind_access_request"
	AuditKindConfiguration  Key = "audit.kind_configuration"
	AuditKindUnfinishedTail Key = "audit.kind_unfinished_tail"
	AuditKindRepair         Key = "audit.kind_repair"
)
