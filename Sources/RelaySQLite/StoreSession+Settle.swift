import RelayCore

extension StoreSession {
  /// So much later than it was received an event's last delivery may be settled without an entry of its own for
  /// retention: at such an event its walk stops, and what stands behind it goes so much too late at most.
  static let longestStop = Duration.seconds(60)

  /// Leaves a delivery alone that is no longer pending.
  ///
  /// - Returns: The delivery of its order key whose turn it has become, claimed.
  func settle(_ settlement: Settlement, settledAt now: Timestamp) throws(StoreError) -> Delivery? {
    let row = settlement.delivery.rawValue
    var claim = claims.take(row)
    if claim?.isReturned ?? true { claim = try pending(row) }
    guard let claim else { return nil }
    let key = claim.key
    var state = settlement.outcome.state
    if state == .retrying, let key, try head(of: key)?.row != row { state = .waiting }
    let revisit =
      state == .delivered ? revisit(row, received: claim.received, settledAt: now) : nil
    guard try update(settlement, state, of: claim, settledAt: now, revisit: revisit) else { return nil }
    if !settlement.attempt.isSuccess { try insertFailure(settlement) }
    if !state.isPending {
      destinations.change(claim.destination) { $0.settled(settlement.outcome, bytes: claim.bytes) }
    }
    guard let key, state != .retrying, let head = try promote(key) else { return nil }
    return try handOut(head, of: key, now: now)
  }

  /// What settling takes of one that nobody holds.
  private func pending(_ row: Int64) throws(StoreError) -> ClaimTable.Entry? {
    let query = statements.pendingByRow
    query.bind(1, row)
    guard try query.step() else { return nil }
    defer { query.reset() }
    return ClaimTable.Entry(
      destination: query.integer(0), bytes: Int(query.integer(1)),
      received: Timestamp(microseconds: query.integer(3)), orderKey: query.text(2), isFresh: false)
  }

  /// The entry for retention that a delivery makes when it is settled for good; nil: none, because retention's walk
  /// along the events is yet to come to it, and will not wait long for it there.
  func revisit(_ row: Int64, received: Timestamp, settledAt now: Timestamp) -> Timestamp? {
    walked.contains(row) || received.advanced(by: Self.longestStop) < now ? now : nil
  }

  /// - Returns: Whether it was pending.
  private func update(
    _ settlement: Settlement, _ state: DeliveryState, of claim: ClaimTable.Entry, settledAt now: Timestamp,
    revisit: Timestamp?
  ) throws(StoreError) -> Bool {
    if claim.isFresh, revisit == nil, settlement.isDeliveredAtOnce {
      return try updateAtOnce(settlement, settledAt: now)
    }
    let attempt = settlement.attempt
    let update = statements.settle
    update.bind(1, settlement.delivery.rawValue)
    update.bind(2, settlement.attempts)
    update.bind(3, state.rawValue)
    update.bind(4, settlement.outcome.due?.microseconds)
    update.bind(5, state.isPending ? nil : now.microseconds)
    update.bind(6, settlement.outcome.reason?.rawValue)
    update.bind(7, attempt.startedAt.microseconds)
    update.bind(8, attempt.duration.microseconds)
    update.bind(9, attempt.status)
    update.bind(10, attempt.failure?.description)
    update.bind(11, settlement.countedAttempts)
    update.bind(12, settlement.probedAt?.microseconds)
    update.bind(13, revisit?.microseconds)
    try update.run()
    return connection.changes > 0
  }

  /// The same for nearly all of them: delivered by the first attempt, so that there is less to say.
  private func updateAtOnce(_ settlement: Settlement, settledAt now: Timestamp) throws(StoreError) -> Bool {
    let update = statements.settleAtOnce
    update.bind(1, settlement.delivery.rawValue)
    update.bind(2, now.microseconds)
    update.bind(3, settlement.attempt.startedAt.microseconds)
    update.bind(4, settlement.attempt.duration.microseconds)
    update.bind(5, settlement.attempt.status)
    try update.run()
    return connection.changes > 0
  }

  /// The first failure is kept, and the last nine.
  private func insertFailure(_ settlement: Settlement) throws(StoreError) {
    let attempt = settlement.attempt
    let insert = statements.insertFailure
    insert.bind(1, settlement.delivery.rawValue)
    insert.bind(2, settlement.attempts)
    insert.bind(3, attempt.startedAt.microseconds)
    insert.bind(4, attempt.duration.microseconds)
    insert.bind(5, attempt.status)
    insert.bind(6, attempt.failure?.description)
    insert.bind(7, attempt.answer)
    try insert.run()
    guard settlement.attempts > 10 else { return }
    statements.deleteFailure.bind(1, settlement.delivery.rawValue)
    statements.deleteFailure.bind(2, settlement.attempts - 9)
    try statements.deleteFailure.run()
  }
}

extension Settlement {
  fileprivate var isDeliveredAtOnce: Bool {
    outcome == .delivered && attempts == 1 && countedAttempts == 1 && probedAt == nil
  }
}

extension Settlement.Outcome {
  fileprivate var state: DeliveryState {
    switch self {
    case .delivered: .delivered
    case .retry: .retrying
    case .dead: .dead
    }
  }

  fileprivate var due: Timestamp? {
    if case .retry(let at) = self { at } else { nil }
  }

  fileprivate var reason: DeathReason? {
    if case .dead(let reason) = self { reason } else { nil }
  }
}

extension StoredDestination {
  /// A pending delivery has come to this end.
  fileprivate mutating func settled(_ outcome: Settlement.Outcome, bytes: Int) {
    pending -= 1
    switch outcome {
    case .dead: dead += 1
    case .delivered:
      delivered += 1
      backlogBytes -= bytes
    case .retry: break
    }
  }
}

extension AttemptResult {
  fileprivate var failure: TransportFailure? {
    if case .failure(let failure) = response { failure } else { nil }
  }

  fileprivate var answer: [UInt8]? {
    guard case .status(_, let body, _) = response, !body.isEmpty else { return nil }
    return Array(body.prefix(Self.keptAnswerBytes))
  }
}
