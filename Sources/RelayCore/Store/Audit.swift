/// What a person, or a program, does by the admin API: kept before it is done, so that nothing is done unrecorded.
package struct AuditEntry: Sendable, Equatable {
  /// By the wall clock.
  package var at: Timestamp
  /// As the configuration calls them.
  package var who: String
  /// What they might do then.
  package var role: String
  /// What they do: the path without its beginning and without names, such as `deliveries/retry`.
  package var what: String
  /// What it is done to, or the filter that says so. No contents of events.
  package var target: String
  /// Why, in their words.
  package var reason: String?

  package init(at: Timestamp, who: String, role: String, what: String, target: String, reason: String?) {
    self.at = at
    self.who = who
    self.role = role
    self.what = what
    self.target = target
    self.reason = reason
  }

  /// How long it is kept. A year is over before anybody asks what happened in it.
  package static let retention = Duration.seconds(400 * 86_400)
  /// No more than so many are kept: the oldest go first.
  package static let maxKept = 1_000_000
}

/// Rises in the order in which they were kept.
package struct AuditID: RawRepresentable, Hashable, Sendable, Comparable, CustomStringConvertible {
  package let rawValue: Int64

  package init(rawValue: Int64) {
    self.rawValue = rawValue
  }

  package static func < (a: AuditID, b: AuditID) -> Bool { a.rawValue < b.rawValue }
  package var description: String { String(rawValue) }
}

/// What came of it.
package struct AuditOutcome: Sendable, Equatable {
  /// `done`, or the code of the error.
  package var text: String
  /// How many things were changed or shown; nil: that can't be said.
  package var count: Int?
  /// What else was done, for people; nil: nothing. No contents of events.
  package var details: String?

  package init(_ text: String, count: Int? = nil, details: String? = nil) {
    self.text = text
    self.count = count
    self.details = details
  }
}

/// An entry as it is kept.
package struct AuditRecord: Sendable, Equatable {
  package var id: AuditID
  package var entry: AuditEntry
  /// nil: it is under way, or the relay ended meanwhile, and nobody knows.
  package var outcome: AuditOutcome?

  package init(id: AuditID, entry: AuditEntry, outcome: AuditOutcome?) {
    self.id = id
    self.entry = entry
    self.outcome = outcome
  }
}

/// Which entries. Each condition that is given must hold.
package struct AuditFilter: Sendable, Equatable {
  package var who: String?
  package var what: String?
  /// One of these kinds; nil: any.
  package var kinds: Set<String>?
  /// At or after this.
  package var since: Timestamp?
  /// Before this.
  package var until: Timestamp?

  package init(
    who: String? = nil, what: String? = nil, kinds: Set<String>? = nil, since: Timestamp? = nil,
    until: Timestamp? = nil
  ) {
    self.who = who
    self.what = what
    self.kinds = kinds
    self.since = since
    self.until = until
  }

  package func holds(_ entry: AuditEntry) -> Bool {
    (who.map { $0 == entry.who } ?? true) && (what.map { $0 == entry.what } ?? true)
      && (kinds.map { $0.contains(entry.what) } ?? true) && (since.map { $0 <= entry.at } ?? true)
      && (until.map { entry.at < $0 } ?? true)
  }
}

/// Other words in the place of what an entry says: what it was done to, and why.
package struct AuditAmendment: Sendable, Equatable {
  package var id: AuditID
  package var target: String
  package var reason: String?

  package init(id: AuditID, target: String, reason: String?) {
    self.id = id
    self.target = target
    self.reason = reason
  }
}

package struct AuditPage: Sendable, Equatable {
  package var records: [AuditRecord]
  /// nil: there are no more.
  package var next: AuditID?

  package init(records: [AuditRecord], next: AuditID?) {
    self.records = records
    self.next = next
  }
}
