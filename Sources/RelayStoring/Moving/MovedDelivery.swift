import RelayCore

/// A delivery's row as it is moved from one store to another, with what is kept of its failed attempts.
package struct MovedDelivery: Sendable, Equatable {
  package var event: EventID
  package var destination: String
  package var route: String
  /// The replay that has queued it; 0: none.
  package var run: Int
  package var state: DeliveryState
  package var attempts: Int
  package var countedAttempts: Int
  /// By the destination's service time.
  package var since: Timestamp
  /// When its event was.
  package var receivedAt: Timestamp
  /// Of one that is pending.
  package var due: Timestamp?
  /// Of one that is pending.
  package var orderKey: String?
  package var settledAt: Timestamp?
  /// Why it is dead or discarded, as both stores write it.
  package var reason: Int?
  /// What it counts in the books.
  package var bytes: Int
  package var probedAt: Timestamp?
  /// If that was later than its event's arrival; nil: with it.
  package var arrivedAt: Timestamp?
  package var last: MovedAttempt
  /// Its event leads to it as to one of a replay.
  package var isReplayed: Bool
  /// In order.
  package var failures: [MovedFailure] = []

  package init(
    event: EventID, destination: String, route: String, run: Int, state: DeliveryState, attempts: Int,
    countedAttempts: Int, since: Timestamp, receivedAt: Timestamp, due: Timestamp?, orderKey: String?,
    settledAt: Timestamp?, reason: Int?, bytes: Int, probedAt: Timestamp?, arrivedAt: Timestamp?,
    last: MovedAttempt, isReplayed: Bool
  ) {
    self.event = event
    self.destination = destination
    self.route = route
    self.run = run
    self.state = state
    self.attempts = attempts
    self.countedAttempts = countedAttempts
    self.since = since
    self.receivedAt = receivedAt
    // What is settled is due at no time, and holds nobody back.
    self.due = state.isPending ? due : nil
    self.orderKey = state.isPending ? orderKey.map(Ordering.shortened) : nil
    self.settledAt = settledAt
    self.reason = reason
    self.bytes = bytes
    self.probedAt = probedAt
    self.arrivedAt = arrivedAt
    self.last = last
    self.isReplayed = isReplayed
  }

  /// When it came.
  package var cameAt: Timestamp { arrivedAt ?? receivedAt }

  package func add(to digest: inout RowDigest) {
    digest.addRow { row in
      row.add(event)
      row.add(destination)
      row.add(route)
      row.add(run)
      row.add(state.rawValue)
      row.add(attempts)
      row.add(countedAttempts)
      row.add(since.microseconds)
      row.add(receivedAt.microseconds)
      row.add(optional: due) { $0.add($1.microseconds) }
      row.add(optional: orderKey) { $0.add($1) }
      row.add(optional: settledAt) { $0.add($1.microseconds) }
      row.add(optional: reason) { $0.add($1) }
      row.add(bytes)
      row.add(optional: probedAt) { $0.add($1.microseconds) }
      row.add(optional: arrivedAt) { $0.add($1.microseconds) }
      last.add(to: &row)
      row.add(isReplayed)
      row.add(failures.count)
      for failure in failures { failure.add(to: &row) }
    }
  }
}
