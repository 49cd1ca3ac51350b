import RelayCore

/// The slots, as one connection sees and takes them. Who holds the lock of a slot may write as it, and nobody else can: the lock is the
/// session's, so it goes with the session, and a session that has been ended writes nothing more.
struct SlotTable {
  let connection: PostgresConnection
  let key: StoreKey
  /// Of each call.
  let limit: Duration

  /// Takes the lowest slot that is free.
  ///
  /// - Returns: nil: all 4096 are held.
  func take(as identity: NodeIdentity) throws(PostgresError) -> TakenSlot? {
    var parameters = Parameters()
    parameters.add(key.value)
    parameters.add(identity.name)
    parameters.add(identity.version)
    parameters.add(identity.configurationHash)
    return taken(try connection.run(SlotStatements.take, parameters, within: limit))
  }

  /// - Returns: Whether this session has the lock now.
  func tryLock(_ lock: SlotLock, of slot: Int) throws(PostgresError) -> Bool {
    try ask(SlotStatements.tryLock, lock, slot)
  }

  func unlock(_ lock: SlotLock, of slot: Int) throws(PostgresError) {
    _ = try ask(SlotStatements.unlock, lock, slot)
  }

  private func ask(_ statement: Statement, _ lock: SlotLock, _ slot: Int) throws(PostgresError) -> Bool {
    var parameters = Parameters()
    parameters.add(key.value)
    parameters.add(lock.key(of: slot))
    return try connection.run(statement, parameters, within: limit)[0].bool(0)
  }

  /// Ends the session that an earlier connection of this node has left, if it is still there. Its lock is free a moment later.
  func endOwn(_ lock: SlotLock, of holding: SlotHolding) throws(PostgresError) {
    var parameters = Parameters()
    parameters.add(key.value)
    parameters.add(lock.key(of: holding.slot))
    parameters.add(Int32(holding.slot))
    parameters.add(holding.session)
    _ = try connection.run(SlotStatements.endOwn, parameters, within: limit)
  }

  /// Ends the sessions of a node that has not been seen for a lease's length. Their locks are free a moment later.
  ///
  /// - Returns: How many there were.
  func endOver(_ holding: SlotHolding, length: Duration) throws(PostgresError) -> Int {
    var parameters = Parameters()
    parameters.add(key.value)
    parameters.add(Int32(holding.slot))
    parameters.add(holding.session)
    parameters.add(length.microseconds)
    return Int(try connection.run(SlotStatements.endOver, parameters, within: limit)[0].integer(0))
  }

  /// This connection has the slot's lock now, which an earlier one of the same node had.
  ///
  /// - Returns: nil: the slot has changed hands meanwhile.
  func regain(_ holding: SlotHolding) throws(PostgresError) -> TakenSlot? {
    taken(try connection.run(SlotStatements.regain, parameters(holding), within: limit))
  }

  /// Whether the slot has not changed hands.
  func isHeld(_ holding: SlotHolding) throws(PostgresError) -> Bool {
    try connection.run(SlotStatements.isHeld, parameters(holding), within: limit)[0].bool(0)
  }

  /// Takes a slot over from a node that is over, so that what it has left can be cleared up.
  ///
  /// - Returns: nil: its session is still there, or another node was quicker.
  func takeOver(_ holding: SlotHolding, by slot: Int) throws(PostgresError) -> TakenSlot? {
    guard try tryLock(.writer, of: holding.slot) else { return nil }
    var parameters = parameters(holding)
    parameters.add(Int32(slot))
    let taken = taken(try connection.run(SlotStatements.takeOver, parameters, within: limit))
    if taken == nil { try unlock(.writer, of: holding.slot) }
    return taken
  }

  /// Nothing is left of who had it: it is nobody's.
  func leave(_ holding: SlotHolding) throws(PostgresError) {
    _ = try connection.run(SlotStatements.leave, parameters(holding), within: limit)
    try unlock(.writer, of: holding.slot)
  }

  /// Sends a heartbeat, and looks at all nodes: one round trip.
  ///
  /// - Parameter lastTick: The highest that the slot has given.
  func beat(_ holding: SlotHolding, lastTick: Int64) throws(PostgresError) -> BeatAnswer {
    var beat = parameters(holding)
    beat.add(lastTick)
    var look = Parameters()
    look.add(key.value)
    var pipeline = Pipeline()
    pipeline.add(SlotStatements.beat, beat)
    pipeline.add(SlotStatements.look, look)
    let rows = try connection.run(pipeline, within: limit)
    return BeatAnswer(time: rows[0].first?.time(0), rows: rows[1].map(NodeRow.init))
  }

  /// All nodes, without a heartbeat.
  func look() throws(PostgresError) -> [NodeRow] {
    var parameters = Parameters()
    parameters.add(key.value)
    return try connection.run(SlotStatements.look, parameters, within: limit).map(NodeRow.init)
  }

  private func parameters(_ holding: SlotHolding) -> Parameters {
    var parameters = Parameters()
    parameters.add(Int32(holding.slot))
    parameters.add(holding.session)
    return parameters
  }

  private func taken(_ rows: Rows) -> TakenSlot? {
    guard rows.count > 0 else { return nil }
    let row = rows[0]
    let holding = SlotHolding(slot: Int(row.int32(0)), session: row.integer(1))
    return TakenSlot(holding: holding, lastTick: row.integer(2))
  }
}

/// What a heartbeat has brought back.
struct BeatAnswer: Sendable, Equatable {
  /// The server's, as it wrote the heartbeat down; nil: the slot has changed hands.
  var time: Timestamp?
  var rows: [NodeRow]
}

extension NodeRow {
  /// A row of `SlotStatements.look`.
  init(_ row: Row) {
    self.init(
      holding: SlotHolding(slot: Int(row.int32(0)), session: row.integer(1)),
      identity: NodeIdentity(name: row.text(2), version: row.text(3), configurationHash: row.text(4)),
      age: .microseconds(row.integer(5)), hasWriter: row.bool(6), hasWatch: row.bool(7),
      isTakenOver: row.bool(8))
  }
}
