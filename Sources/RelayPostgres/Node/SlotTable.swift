import RelayCore

/// The slots, as one connection sees and takes them. Who holds the lock of a slot may write as it, and nobody else can: the lock is the
/// session's, so it goes with the session, and a session that has been ended writes nothing more.
struct SlotTable {
  let connection: PostgresConnection
  let key: StoreKey
  /// Of each call.
  let limit: Duration
  /// Of all calls together; nil: they have none.
  var deadline: Deadline?

  private var time: Duration { deadline.map { min(limit, $0.remaining) } ?? limit }

  /// Takes the lowest slot that is free.
  ///
  /// - Returns: nil: all 4096 are held.
  func take(as identity: NodeIdentity) throws(PostgresError) -> TakenSlot? {
    var parameters = Parameters()
    parameters.add(key.value)
    parameters.add(identity.name)
    parameters.add(identity.version)
    parameters.add(identity.configurationHash)
    let rows = try connection.run(SlotStatements.take, parameters, within: time)
    var taken = taken(rows)
    if taken != nil { taken?.age = rows[0].optionalInteger(3).map { .microseconds($0) } }
    return taken
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
    return try connection.run(statement, parameters, within: time)[0].bool(0)
  }

  /// Ends the session that an earlier connection of this node has left, if it is still there. Its lock is free a moment later.
  func endOwn(_ lock: SlotLock, of holding: SlotHolding) throws(PostgresError) {
    var parameters = Parameters()
    parameters.add(key.value)
    parameters.add(lock.key(of: holding.slot))
    parameters.add(Int32(holding.slot))
    parameters.add(holding.session)
    _ = try connection.run(SlotStatements.endOwn, parameters, within: time)
  }

  /// Takes the lock of the slot's second connection.
  ///
  /// - Returns: Whether this session has it now; nil: the slot has changed hands.
  func tryWatch(_ holding: SlotHolding) throws(PostgresError) -> Bool? {
    var parameters = Parameters()
    parameters.add(key.value)
    parameters.add(SlotLock.watch.key(of: holding.slot))
    parameters.add(Int32(holding.slot))
    parameters.add(holding.session)
    return try connection.run(SlotStatements.tryWatch, parameters, within: time).first?.bool(0)
  }

  /// Ends the sessions of a node that is over. Their locks are free a moment later.
  ///
  /// - Parameter seen: Its last heartbeat when it was judged: after another one nothing is ended.
  /// - Returns: How many there were.
  func endOver(_ holding: SlotHolding, seen: Timestamp) throws(PostgresError) -> Int {
    var parameters = Parameters()
    parameters.add(key.value)
    parameters.add(Int32(holding.slot))
    parameters.add(holding.session)
    parameters.add(seen)
    return Int(try connection.run(SlotStatements.endOver, parameters, within: time)[0].integer(0))
  }

  /// This connection has the slot's lock now, which an earlier one of the same node had.
  ///
  /// - Parameter taker: This node's slot, where it clears up after another node; nil: the slot is its own.
  /// - Returns: nil: the slot has changed hands meanwhile.
  func regain(_ holding: SlotHolding, taker: Int?) throws(PostgresError) -> TakenSlot? {
    taken(try connection.run(SlotStatements.regain, parameters(holding, taker), within: time))
  }

  /// Whether the slot has not changed hands.
  func isHeld(_ holding: SlotHolding, taker: Int?) throws(PostgresError) -> Bool {
    try connection.run(SlotStatements.isHeld, parameters(holding, taker), within: time)[0].bool(0)
  }

  /// Takes a slot over from a node that is over, so that what it has left can be cleared up.
  ///
  /// - Returns: nil: a session of it is still there, or there again, or another node was quicker.
  func takeOver(_ node: LiveNodes.Over, by slot: Int) throws(PostgresError) -> TakenSlot? {
    guard try tryLock(.writer, of: node.holding.slot) else { return nil }
    var parameters = Parameters()
    parameters.add(key.value)
    parameters.add(Int32(node.holding.slot))
    parameters.add(node.holding.session)
    parameters.add(Int32(slot))
    parameters.add(node.seen)
    do throws(PostgresError) {
      let taken = taken(try connection.run(SlotStatements.takeOver, parameters, within: time))
      if taken == nil { try unlock(.writer, of: node.holding.slot) }
      return taken
    } catch {
      // The lock is counted: one that stayed would outlast its next unlocking. The first error is what counts.
      if connection.isOpen { try? unlock(.writer, of: node.holding.slot) }
      throw error
    }
  }

  /// Nothing is left of who had it: it is nobody's. One that has changed hands meanwhile is left as it is.
  func leave(_ holding: SlotHolding) throws(PostgresError) {
    let left = try connection.run(SlotStatements.leave, parameters(holding), within: time)
    if left.affected > 0 { try unlock(.writer, of: holding.slot) }
  }

  /// The node ends, and leaves something to be cleared up: its row stays as that of one that was seen long ago.
  func standDown(_ holding: SlotHolding) throws(PostgresError) {
    _ = try connection.run(SlotStatements.standDown, parameters(holding), within: time)
    try unlock(.writer, of: holding.slot)
  }

  /// Which history the server's log is of.
  func timeline() throws(PostgresError) -> String {
    try connection.run(SlotStatements.timeline, within: time)[0].text(0)
  }

  /// Sends a heartbeat, and looks at all nodes: one round trip.
  ///
  /// - Parameters:
  ///   - lastTick: The highest that the slot has given.
  ///   - configuration: The hash of what the node has active; nil: as before.
  func beat(
    _ holding: SlotHolding, lastTick: Int64, configuration: String? = nil
  ) throws(PostgresError) -> BeatAnswer {
    var beat = parameters(holding)
    beat.add(lastTick)
    beat.add(configuration)
    var look = Parameters()
    look.add(key.value)
    var pipeline = Pipeline()
    pipeline.add(SlotStatements.beat, beat)
    pipeline.add(SlotStatements.look, look)
    let rows = try connection.run(pipeline, within: time)
    return BeatAnswer(time: rows[0].first?.time(0), rows: rows[1].map(NodeRow.init))
  }

  /// All nodes, without a heartbeat.
  func look() throws(PostgresError) -> [NodeRow] {
    var parameters = Parameters()
    parameters.add(key.value)
    return try connection.run(SlotStatements.look, parameters, within: time).map(NodeRow.init)
  }

  private func parameters(_ holding: SlotHolding) -> Parameters {
    var parameters = Parameters()
    parameters.add(Int32(holding.slot))
    parameters.add(holding.session)
    return parameters
  }

  private func parameters(_ holding: SlotHolding, _ taker: Int?) -> Parameters {
    var parameters = parameters(holding)
    parameters.add(taker.map { Int32($0) })
    return parameters
  }

  private func taken(_ rows: Rows) -> TakenSlot? {
    guard rows.count > 0 else { return nil }
    let row = rows[0]
    let holding = SlotHolding(slot: Int(row.int32(0)), session: row.integer(1))
    return TakenSlot(holding: holding, lastTick: row.integer(2))
  }
}
