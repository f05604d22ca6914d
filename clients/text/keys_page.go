package text

// The laptop's own page: its headings, buttons and hints.
const (
	PageRefused         Key = "page.refused"
	PageGone            Key = "page.gone"
	PageProblem         Key = "page.problem"
	PageSkip            Key = "page.skip"
	PageNavigation      Key = "page.navigation"
	PageToday           Key = "page.today"
	PageRecords         Key = "page.records"
	PageRecord          Key = "page.record"
	PageConflicts       Key = "page.conflicts"
	PageDecide          Key = "page.decide"
	PageSync            Key = "page.sync"
	PageLock            Key = "page.lock"
	PageUnlock          Key = "page.unlock"
	PageMember          Key = "page.member"
	PageMemberNumber    Key = "page.member_number" // {number}
	PagePassphrase      Key = "page.passphrase"
	PageOpen            Key = "page.open"
	PageNoMember        Key = "page.no_member"
	PageToToday         Key = "page.to_today"
	PageState           Key = "page.state"
	PageNothingToDecide Key = "page.nothing_to_decide"
	PageBegun           Key = "page.begun"
	PageBegunNote       Key = "page.begun_note"
	PageStart           Key = "page.start"
	PagePrint           Key = "page.print" // {form}
	PagePrintHow        Key = "page.print_how"
	PageBlank           Key = "page.blank"
	PageNoForms         Key = "page.no_forms"
	PageSite            Key = "page.site"
	PageParent          Key = "page.parent"
	PageParentHint      Key = "page.parent_hint"
	PageBegin           Key = "page.begin"
	PageFill            Key = "page.fill"
	PageSteps           Key = "page.steps"
	PageStep            Key = "page.step"    // {number}
	PageStepOf          Key = "page.step_of" // {number} {total}
	PageToMend          Key = "page.to_mend"
	PageRequired        Key = "page.required"
	PageNoAnswer        Key = "page.no_answer"
	PageNoMedia         Key = "page.no_media"
	PagePlace           Key = "page.place"    // {number}
	PageInstance        Key = "page.instance" // {label} {number}
	PageAdd             Key = "page.add"
	PageRemove          Key = "page.remove" // {label} {number}
	PageMoreQuestions   Key = "page.more_questions"
	PageBack            Key = "page.back"
	PageNext            Key = "page.next"
	PageSave            Key = "page.save"
	PageDrop            Key = "page.drop"
	PageSearch          Key = "page.search"
	PageSearchHint      Key = "page.search_hint"
	PageFind            Key = "page.find"
	PageAllRecords      Key = "page.all_records"
	PageNewer           Key = "page.newer"
	PageOlder           Key = "page.older"
	PageRecordOf        Key = "page.record_of" // {date} {site} {who}
	PageChange          Key = "page.change"
	PageAddForm         Key = "page.add_form" // {form}
	PageHistory         Key = "page.history"
	PageToRecord        Key = "page.to_record"
	PageChoose          Key = "page.choose"
	PageChooseHint      Key = "page.choose_hint"
	PageKeep            Key = "page.keep"
	PageDelete          Key = "page.delete"
	PageReason          Key = "page.reason"
	PageReasonHint      Key = "page.reason_hint"
	PageReasonNeeded    Key = "page.reason_needed"
	PageDecideNext      Key = "page.decide_next"
	PageLater           Key = "page.later"
	PageDecided         Key = "page.decided"
	PageSyncNow         Key = "page.sync_now"
	PageScopes          Key = "page.scopes"
	PageScope           Key = "page.scope" // {kind} {part} {site}
	PageScopeDirectory  Key = "page.scope_directory"
	PageScopeColumn     Key = "page.scope_column"
	PageScopeToSend     Key = "page.scope_to_send"
	PageScopeHeld       Key = "page.scope_held"
	PageScopeAgreed     Key = "page.scope_agreed"
	PageScopeSame       Key = "page.scope_same"
	PageScopeDiffers    Key = "page.scope_differs"
	PageScopeWaits      Key = "page.scope_waits"
	PageScopeNever      Key = "page.scope_never"
	PageDecisions       Key = "page.decisions" // plural: {n}
	PageUrgent          Key = "page.urgent"    // plural: {n}
	PageWrong           Key = "page.wrong"     // plural: {n}
)

// What the command that serves the page says.
const (
	UiOpen     Key = "ui.open"
	UiEnd      Key = "ui.end"
	HelpUi     Key = "help.ui"
	FlagListen Key = "flag.listen"
)
