import RelayCore

/// The right to be forgotten.
package protocol ErasureOperations: AnyObject, Sendable {
  /// Begins to erase what a request says, or to count what that would be. It goes on when nobody waits for it; how far it has
  /// come is asked with `erasure`.
  ///
  /// - Parameter audit: The entry that says who asked: what came of it is kept there once it has ended. nil: there is none.
  /// - Throws: `conflict`: one is under way.
  func erase(_ request: ErasureRequest, audit: AuditID?) async throws(OperationError) -> ErasureReport

  /// nil: there was none of this id since the relay started.
  func erasure(_ id: String) -> ErasureReport?
}

/// Which events are to be erased. Every condition must hold.
package struct ErasureRequest: Sendable, Equatable {
  /// What each body must hold.
  package var conditions: [BodyCondition]
  /// What else must be so. Its `text` is not used.
  package var filter: EventFilter
  /// Counts only.
  package var isDryRun: Bool

  /// - Parameter filter: Its conversations and ids are used.
  package init(conditions: [BodyCondition], filter: EventFilter = EventFilter(), isDryRun: Bool = false) {
    self.conditions = conditions
    self.filter = filter
    self.isDryRun = isDryRun
  }

  /// Nothing is said: it would be everything.
  package var isEmpty: Bool { conditions.isEmpty && filter.isEmpty }
}

/// How far an erasure has come.
package struct ErasureReport: Sendable, Equatable {
  package enum State: String, Sendable, Hashable, CaseIterable {
    case running, done, failed
  }

  package var id: String
  package var state = State.running
  package var isDryRun: Bool
  package var startedAt: Timestamp
  package var endedAt: Timestamp?
  /// When the last event that was looked at was received: oldest first.
  package var reached: Timestamp?
  /// Events that fit and were not erased before.
  package var matched = 0
  package var erased = 0
  /// Deliveries that were cancelled, or would be.
  package var cancelled = 0
  /// Events that are waited for, since an attempt of them is under way: after the end they are not erased.
  package var inFlight = 0
  /// Files that these events point to: those that were kept, and those that would have been fetched.
  package var attachments = 0
  /// Refused requests that were forgotten.
  package var refusedRequests = 0
  /// Entries of the audit, and replays, in which what was looked for stood, and stands no more.
  package var amended = 0
  /// For people: what is wrong, or what may still be read and until when.
  package var problem: String?

  package init(id: String, isDryRun: Bool, startedAt: Timestamp) {
    self.id = id
    self.isDryRun = isDryRun
    self.startedAt = startedAt
  }
}

/// Events as they are, for who takes them elsewhere.
package protocol ExportOperations: AnyObject, Sendable {
  /// A page of events with their bodies and deliveries.
  func exported(_ request: EventPageRequest) async throws(OperationError) -> EventPage
}
