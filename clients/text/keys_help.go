package text

// Headings of the help.
const (
	UsageUsage       Key = "usage.usage"
	UsageCommands    Key = "usage.commands"
	UsageFlags       Key = "usage.flags"
	UsageGlobalFlags Key = "usage.global_flags"
	UsageExitCodes   Key = "usage.exit_codes"
	UsageMore        Key = "usage.more" // {command}
)

// What the flags mean.
const (
	FlagHome           Key = "flag.home"
	FlagJson           Key = "flag.json"
	FlagLang           Key = "flag.lang"
	FlagPassphraseFile Key = "flag.passphrase_file"
	FlagHelp           Key = "flag.help"
)

// Dates. Digits are the Western ones in every language.
const (
	DateDay      Key = "date.day"       // {day} {month} {year}
	DateDayFirst Key = "date.day_first" // {day} {month} {year}
	DateMoment   Key = "date.moment"    // {date} {time}
	DateMonth01  Key = "date.month_01"
	DateMonth02  Key = "date.month_02"
	DateMonth03  Key = "date.month_03"
	DateMonth04  Key = "date.month_04"
	DateMonth05  Key = "date.month_05"
	DateMonth06  Key = "date.month_06"
	DateMonth07  Key = "date.month_07"
	DateMonth08  Key = "date.month_08"
	DateMonth09  Key = "date.month_09"
	DateMonth10  Key = "date.month_10"
	DateMonth11  Key = "date.month_11"
	DateMonth12  Key = "date.month_12"
)

// One short sentence for each command. The key is the command's words joined by _.
const (
	HelpEscale           Key = "help.escale"
	HelpOrg              Key = "help.org"
	HelpOrgCreate        Key = "help.org_create"
	HelpOrgInvite        Key = "help.org_invite"
	HelpOrgApprove       Key = "help.org_approve"
	HelpOrgDevices       Key = "help.org_devices"
	HelpOrgHorizon       Key = "help.org_horizon"
	HelpOrgSign          Key = "help.org_sign"
	HelpOrgOrders        Key = "help.org_orders"
	HelpOrgForms         Key = "help.org_forms"
	HelpOrgFormsPublish  Key = "help.org_forms_publish"
	HelpJoin             Key = "help.join"
	HelpQuarantine       Key = "help.quarantine"
	HelpQuarantineList   Key = "help.quarantine_list"
	HelpKey              Key = "help.key"
	HelpKeyStatus        Key = "help.key_status"
	HelpRecord           Key = "help.record"
	HelpRecordNew        Key = "help.record_new"
	HelpRecordEdit       Key = "help.record_edit"
	HelpRecordShow       Key = "help.record_show"
	HelpRecordHistory    Key = "help.record_history"
	HelpRecordList       Key = "help.record_list"
	HelpRecordSearch     Key = "help.record_search"
	HelpRecordImport     Key = "help.record_import"
	HelpRecordImportMore Key = "help.record_import_more"
	HelpConflicts        Key = "help.conflicts"
	HelpResolve          Key = "help.resolve"
	HelpSync             Key = "help.sync"
	HelpExport           Key = "help.export"
	HelpStatus           Key = "help.status"
	HelpLock             Key = "help.lock"
	HelpPasswd           Key = "help.passwd"
	HelpWipe             Key = "help.wipe"
	HelpAudit            Key = "help.audit"
	HelpAuditShow        Key = "help.audit_show"
	HelpAuditVerify      Key = "help.audit_verify"
	HelpVerify           Key = "help.verify"
	HelpHelp             Key = "help.help"
)
