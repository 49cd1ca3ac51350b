import RelayCore
import RelayStoring

/// Removes the bodies of events that went nowhere and are older than `store.unrouted_retention`, in order of arrival, in
/// steps. The rest of their rows stays until `store.retention`. Confined to the store's thread.
///
/// How far it has come stands in the table `unrouted_walk`: a restart does not go through the whole store again.
final class UnroutedBodies {
  private let statements: UnroutedStatements
  private let rows: BodyRemover

  init(_ connection: Connection) throws(StoreError) {
    statements = try UnroutedStatements(connection)
    rows = try BodyRemover(connection)
  }

  /// One step, within a transaction.
  ///
  /// - Parameter cutoff: What was received at or before this is old.
  /// - Returns: Whether all that is old is done.
  func step(until cutoff: Timestamp, now: Timestamp, _ budget: inout StepBudget) throws(StoreError) -> Bool {
    let begin = try statements.passed()
    var passed = begin
    var events = PrunePage { [statements] (limit) throws(StoreError) in
      try statements.events(after: passed, limit: limit)
    }
    var isDone = false
    while !budget.isSpent {
      // At what is too young the walk stops; but a time that is yet to come tells nothing of what stands behind it: such a
      // body stays as long as its event.
      guard let event = try events.first(), event.received <= cutoff || event.received > now else {
        isDone = true
        break
      }
      if event.isUnrouted, event.bodyBytes > 0, event.received <= cutoff {
        try rows.removeBody(of: event.row)
        budget.spend(eventOf: event.bodyBytes, deliveries: 0)
      }
      budget.spend(rows: 1)
      passed = event.row
      events.removeFirst()
    }
    if passed != begin { try statements.setPassed(passed) }
    return isDone
  }

  /// When the next one was received; nil: there is none. To be asked once a step has found all that is old.
  func head() throws(StoreError) -> Timestamp? {
    try statements.events(after: statements.passed(), limit: 1).first?.received
  }
}

@available(*, unavailable)
extension UnroutedBodies: Sendable {}

/// The statements of this walk, prepared once. A test asserts each one's plan.
final class UnroutedStatements {
  struct Event {
    var row: EventRowID
    var received: Timestamp
    /// It has no delivery, nor had any of a replay.
    var isUnrouted: Bool
    var bodyBytes: Int
  }

  private let passedEvent: Statement
  private let setPassedEvent: Statement
  private let eventsAfter: Statement

  init(_ connection: Connection) throws(StoreError) {
    passedEvent = try connection.prepare("SELECT event FROM unrouted_walk")
    setPassedEvent = try connection.prepare("UPDATE unrouted_walk SET event = ?1")
    // The length of a body is known without reading it. What a replay has queued is sent with it.
    eventsAfter = try connection.prepare(
      """
      SELECT e.id, v.received, e.deliveries = 0 AND NOT EXISTS (SELECT 1 FROM replayed r WHERE r.event = e.id),
        length(e.body)
      FROM event e CROSS JOIN envelope v ON v.id = e.envelope WHERE e.id > ?1 ORDER BY e.id LIMIT ?2
      """)
  }

  /// The last event that the walk has passed.
  func passed() throws(StoreError) -> EventRowID { RowID(rawValue: try passedEvent.firstInteger() ?? 0) }

  func setPassed(_ event: EventRowID) throws(StoreError) {
    setPassedEvent.bind(1, event)
    try setPassedEvent.run()
  }

  func events(after row: EventRowID, limit: Int) throws(StoreError) -> [Event] {
    eventsAfter.bind(1, row)
    eventsAfter.bind(2, limit)
    var events: [Event] = []
    while try eventsAfter.step() {
      events.append(
        Event(
          row: eventsAfter.row(0), received: eventsAfter.time(1), isUnrouted: eventsAfter.integer(2) != 0,
          bodyBytes: Int(eventsAfter.integer(3))))
    }
    return events
  }
}

@available(*, unavailable)
extension UnroutedStatements: Sendable {}
