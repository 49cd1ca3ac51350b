import RelayCore

/// The open database and what it takes to write to it. Confined to the store's thread.
final class StoreSession {
  let connection: Connection
  let files: StoreFiles
  let names: NameTable
  let statements: StoreStatements
  var duplicates: DuplicateIndex
  /// Deliveries that are out of the store's hands: in a lane's window, in flight, or not settled yet.
  var claimed: Set<Int64> = []
  private var nextEnvelope: Int64
  private var nextEvent: Int64
  private var nextDelivery: Int64
  /// What is claimed once the transaction is on disk.
  private var claimedByCommit: [Int64] = []

  init(path: String, duplicateLimit: Int) throws(StoreError) {
    files = try StoreFiles(databasePath: path)
    connection = try Connection(path: path)
    try Schema.check(connection, path: path)
    try Schema.configure(connection)
    try Schema.migrate(connection)
    names = NameTable()
    try names.load(connection)
    statements = try StoreStatements(connection)
    nextEnvelope = try connection.integer("SELECT max(id) FROM envelope") ?? 0
    nextEvent = try connection.integer("SELECT max(id) FROM event") ?? 0
    nextDelivery = try connection.integer("SELECT max(id) FROM delivery") ?? 0
    duplicates = DuplicateIndex(limit: duplicateLimit)
    try loadDuplicates(limit: duplicateLimit)
  }

  private func loadDuplicates(limit: Int) throws(StoreError) {
    let query = try connection.prepare(
      """
      SELECT id, substr(hash, 1, 8), source FROM envelope
      WHERE id > (SELECT max(id) FROM envelope) - \(limit) AND hash IS NOT NULL ORDER BY id
      """)
    while try query.step() {
      let key = DuplicateIndex.key(query.bytes(1)!, source: query.integer(2))
      duplicates.insert(key, row: query.integer(0))
    }
    duplicates.commit()
  }

  // MARK: Transactions

  func begin() throws(StoreError) {
    try connection.execute("BEGIN IMMEDIATE")
  }

  /// After this the transaction is on disk.
  func commit() throws(StoreError) {
    try connection.execute("COMMIT")
    duplicates.commit()
    names.commit()
    claimed.formUnion(claimedByCommit)
    claimedByCommit.removeAll(keepingCapacity: true)
  }

  func rollback() {
    if connection.isInTransaction { try? connection.execute("ROLLBACK") }
    duplicates.rollback()
    names.rollback()
    claimedByCommit.removeAll(keepingCapacity: true)
  }

  // MARK: Within a transaction

  func register(_ names: StoreNames) throws(StoreError) {
    for table in NameTable.Kind.allCases {
      for name in table.names(of: names) { try self.names.register(name, in: table, connection) }
    }
    self.names.activeConfiguration = self.names.id(of: names.configuration, in: .configuration)
  }

  /// Why an envelope can't be stored, whatever state the store is in: it uses a name that was never registered.
  /// Found before anything of it is written, so that it costs no other envelope of the same transaction.
  func refusal(of envelope: NewEnvelope) -> StoreError? {
    guard names.activeConfiguration != nil else {
      return StoreError(code: .failing, message: "the store knows no configuration yet; register it first")
    }
    guard let (name, kind) = names.unknown(in: envelope) else { return nil }
    return StoreError(
      code: .failing,
      message: "the store knows no \(kind.rawValue) \"\(name)\"; register it before it is used")
  }

  func append(_ envelope: NewEnvelope) throws(StoreError) -> AppendOutcome {
    if let fingerprint = envelope.fingerprint, let duplicate = try duplicate(of: envelope, fingerprint) {
      return duplicate
    }
    let row = try insert(envelope)
    var deliveries: [Delivery] = []
    for event in envelope.events {
      let eventRow = try insert(event, envelope: row)
      for delivery in event.deliveries {
        deliveries.append(try insert(delivery, of: event.event, row: eventRow))
      }
    }
    claimedByCommit += deliveries.map(\.id.rawValue)
    return .stored(deliveries)
  }

  /// An earlier row with the same bytes; also one of this very transaction, which is answered with its commit.
  private func duplicate(
    of envelope: NewEnvelope, _ fingerprint: NewEnvelope.Fingerprint
  ) throws(StoreError) -> AppendOutcome? {
    let source = names.id(of: envelope.context.source, in: .source)!
    let key = DuplicateIndex.key(fingerprint.hash, source: source)
    guard let row = duplicates.row(for: key) else { return nil }
    let query = statements.envelopeByRow
    query.bind(1, row)
    guard try query.step() else { return nil }
    defer { query.reset() }
    guard query.bytes(0) == fingerprint.hash,
      query.integer(1) == source,
      query.integer(2) > fingerprint.since.microseconds
    else { return nil }
    return .duplicate(
      firstEventID: EventID(bytes: query.bytes(3)!), acceptedCount: Int(query.integer(4)))
  }

  private func insert(_ envelope: NewEnvelope) throws(StoreError) -> Int64 {
    nextEnvelope += 1
    let source = names.id(of: envelope.context.source, in: .source)!
    let insert = statements.insertEnvelope
    insert.bind(1, nextEnvelope)
    insert.bind(2, source)
    insert.bind(3, names.activeConfiguration)
    insert.bind(4, envelope.context.receivedAt.microseconds)
    insert.bind(5, envelope.firstEventID.bytes)
    insert.bind(6, envelope.acceptedCount)
    insert.bind(7, envelope.fingerprint?.hash)
    insert.bind(8, envelope.context.time)
    insert.bind(9, envelope.context.token)
    try insert.run()
    if let fingerprint = envelope.fingerprint {
      duplicates.insert(DuplicateIndex.key(fingerprint.hash, source: source), row: nextEnvelope)
    }
    return nextEnvelope
  }

  private func insert(_ event: NewEnvelope.NewEvent, envelope: Int64) throws(StoreError) -> Int64 {
    nextEvent += 1
    let insert = statements.insertEvent
    let body = event.event
    insert.bind(1, nextEvent)
    insert.bind(2, body.id.bytes)
    insert.bind(3, envelope)
    insert.bind(4, body.type)
    insert.bind(5, body.rawType.elementsEqual(body.type.utf8) ? nil : body.rawType)
    insert.bind(6, body.company)
    insert.bind(7, body.channel)
    insert.bind(8, body.chat)
    insert.bind(9, names.ids(of: event.routes, in: .route))
    insert.bind(10, event.isDropped ? 1 : 0)
    insert.bind(11, body.body)
    try insert.run()
    return nextEvent
  }

  private func insert(
    _ delivery: NewEnvelope.NewDelivery, of event: Event, row: Int64
  ) throws(StoreError) -> Delivery {
    nextDelivery += 1
    let insert = statements.insertDelivery
    insert.bind(1, nextDelivery)
    insert.bind(2, row)
    insert.bind(3, names.id(of: delivery.destination, in: .destination))
    insert.bind(4, names.id(of: delivery.route, in: .route))
    insert.bind(5, event.envelope.receivedAt.microseconds)
    try insert.run()
    return Delivery(
      id: DeliveryID(rawValue: nextDelivery), event: event, destination: delivery.destination,
      since: event.envelope.receivedAt)
  }

  /// Leaves a delivery alone that is no longer pending.
  func settle(_ settlement: Settlement, settledAt: Timestamp) throws(StoreError) {
    let attempt = settlement.attempt
    let update = statements.settle
    update.bind(1, settlement.delivery.rawValue)
    update.bind(2, settlement.attempts)
    update.bind(3, settlement.outcome.state.rawValue)
    update.bind(4, settlement.outcome.due?.microseconds)
    update.bind(5, settlement.outcome.due == nil ? settledAt.microseconds : nil)
    update.bind(6, settlement.outcome.reason?.rawValue)
    update.bind(7, attempt.startedAt.microseconds)
    update.bind(8, attempt.duration.microseconds)
    update.bind(9, attempt.status)
    update.bind(10, attempt.failure?.description)
    try update.run()
    if connection.changes > 0 && !attempt.isSuccess { try insertFailure(settlement) }
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

@available(*, unavailable)
extension StoreSession: Sendable {}

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

extension AttemptResult {
  fileprivate var failure: TransportFailure? {
    if case .failure(let failure) = response { failure } else { nil }
  }

  fileprivate var answer: [UInt8]? {
    guard case .status(_, let body, _) = response, !body.isEmpty else { return nil }
    return Array(body.prefix(Self.keptAnswerBytes))
  }
}
