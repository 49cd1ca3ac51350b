import RelayCore

/// `GET /api/v1/audit`.
package struct AuditAnswer: Answer {
  package struct Entry: Record {
    @Field("Its number.") package var id: Int64
    @Field("When it was begun.") package var at: Timestamp
    @Field(
      "Who, as the configuration calls them; `admin`: who has admin_token; `local`: anybody, where no token is asked for."
    )
    package var who: String
    @Field("What they might do then.") package var role: String
    @Field("What was done: `deliveries/retry`.") package var what: String
    @Field("What it was done to, or the filter that said so. No contents of events.") package var target:
      String
    @Field("Why, in their words.") package var reason: String?
    @Field(
      "`done`, or the code of the error; null: it is under way, or the relay ended meanwhile, and nobody knows."
    )
    package var outcome: String?
    @Field("How many things were changed or shown; null: that can't be said.") package var count: Int?
    @Field("What else was done, for people: of an erasure, beside the count of events; null: nothing.")
    package
      var details: String?
  }

  @Field("Newest first.") package var entries: [Entry]
  @Field("What `after` is to be for the next page; null: there is none.") package var next: String?
}

extension AuditAnswer {
  init(_ page: AuditPage) {
    self.init()
    entries = page.records.map { Entry($0) }
    next = page.next?.description
  }
}

extension AuditAnswer.Entry {
  init(_ record: AuditRecord) {
    self.init()
    id = record.id.rawValue
    at = record.entry.at
    who = record.entry.who
    role = record.entry.role
    what = record.entry.what
    target = record.entry.target
    reason = record.entry.reason
    outcome = record.outcome?.text
    count = record.outcome?.count
    details = record.outcome?.details
  }
}

/// What is asked of it.
package struct AuditInput: Input {
  @Field("What this one did.") package var who: String?
  @Field("Those of this kind: `deliveries/retry`.") package var what: String?
  @Field("Those begun at or after this time, or so long ago: `24h`.", .form(.time)) package var since: String?
  @Field("Those begun before this time.", .form(.time)) package var until: String?
  @Fields package var page = PageInput()

  package init() {}
}

extension AuditInput {
  func filter(now: Timestamp) throws(APIError) -> AuditFilter {
    AuditFilter(
      who: who, what: what, since: try TimeInput.read("since", since, now: now),
      until: try TimeInput.read("until", until, now: now))
  }
}
