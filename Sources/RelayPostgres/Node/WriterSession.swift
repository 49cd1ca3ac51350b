import Glibc
import RelayCore
import RelayThreads

/// A node's writer connection, and the slot that it holds: while it is there, this node may write as the slot, and nobody else. Confined to
/// one thread.
///
/// Whatever this session writes is void as soon as its server process has been ended. So a node that was stopped, and taken over meanwhile,
/// finds its connection lost, and not that it has written over another's work.
final class WriterSession {
  /// What a lost connection came to.
  enum Regained: Equatable {
    /// The slot is still this node's: all that its memory holds is true, but for slots that it was clearing up, and that others have taken over
    /// meanwhile.
    case same(lost: [SlotHolding])
    /// Another node has taken over what this one had, or a standby has become the primary, and may lack some of it: this node begins anew.
    case another
  }

  private let opener: SessionOpener
  private let identity: NodeIdentity
  private let mark: StoreMark
  private let slots: Locked<SlotHolding>
  private(set) var connection: PostgresConnection
  /// The highest tick that the slot is known to have given: heartbeats write it down.
  let ticks: Locked<Int64>
  /// The hash of the configuration that is active: heartbeats write it down.
  let configuration: Locked<String>
  /// Whether who had the slot before has left something to be cleared up.
  private var isInherited: Bool
  /// The slots that this node clears up: their locks are this connection's, too.
  private var takenOver: [SlotHolding] = []
  /// Which history of the server's log the memory of this node is of.
  private var timeline: String
  /// For the log: what the server, the database or the role should not be like.
  let warnings: [String]

  /// How long a session that is being ended may take.
  private static let endLimit = Duration.seconds(5)

  /// Connects, checks the server, makes or changes the tables where that is needed, and takes the lowest free slot.
  ///
  /// - Parameter gone: How long ago the slot's node before must have been seen, as others wait for it (`LeaseTimes.gone`): where something
  ///   between has cut its connections, it may start attempts until it finds that out.
  init(_ opener: SessionOpener, as identity: NodeIdentity, gone: Duration = .zero) throws(NodeError) {
    let connection = try opener.open(.writer)
    let facts = try opener.inspect(connection)
    let mark = try Migration(connection, within: opener.limit).run()
    let table = SlotTable(connection: connection, key: StoreKey(id: mark.id), limit: opener.limit)
    try opener.refuseForeignRoles(connection, key: table.key, facts)
    // Before anything is read: what is read is of this history, or a later one.
    timeline = try asServer { () throws(PostgresError) in try table.timeline() }
    let taken = try Self.take(from: table, as: identity)
    if let age = taken.age, age < gone { usleep(UInt32(min(gone - age, gone).microseconds)) }
    let nodes = try asServer { () throws(PostgresError) in try table.look() }
    self.opener = opener
    self.identity = identity
    self.mark = mark
    self.connection = connection
    slots = Locked(taken.holding)
    isInherited = taken.age != nil
    ticks = Locked(taken.lastTick)
    configuration = Locked(identity.configurationHash)
    warnings = ServerCheck.warnings(facts, nodes: nodes.count { $0.hasWriter })
  }

  var storeID: EventID { mark.id }
  var key: StoreKey { StoreKey(id: mark.id) }
  var lastTick: Int64 { ticks.withLock { $0 } }
  /// What other threads read; it changes with `reopen` alone.
  var holding: Locked<SlotHolding> { slots }

  private var table: SlotTable { SlotTable(connection: connection, key: key, limit: opener.limit) }

  /// Connects again after the connection was lost, and takes the slot again that this node had. What is left of the old connection is ended
  /// first: whatever it was doing is done by then, or never will be.
  ///
  /// - Throws: The connection is closed then: nothing is written on one that does not hold the slot.
  func reopen() throws(NodeError) -> Regained {
    connection.close()
    connection = try opener.open(.writer)
    do throws(NodeError) {
      return try resume()
    } catch {
      connection.close()
      throw error
    }
  }

  private func resume() throws(NodeError) -> Regained {
    _ = try opener.inspect(connection)
    guard try Migration(connection, within: opener.limit).find() == mark else {
      throw .refused(
        .lost, "the database holds another store than before: start the relay again, once you know why")
    }
    let table = table
    let timeline = try asServer { () throws(PostgresError) in try table.timeline() }
    if timeline == self.timeline, let taken = try regain(slots.withLock { $0 }, taker: nil) {
      ticks.withLock { $0 = max($0, taken.lastTick) }
      return .same(lost: try regainTakenOver(by: taken.holding.slot))
    }
    let taken = try Self.take(from: table, as: identity)
    slots.withLock { $0 = taken.holding }
    isInherited = taken.age != nil
    self.timeline = timeline
    takenOver = []
    ticks.withLock { $0 = taken.lastTick }
    return .another
  }

  /// - Returns: Those that others have by now.
  private func regainTakenOver(by slot: Int) throws(NodeError) -> [SlotHolding] {
    var lost: [SlotHolding] = []
    for holding in takenOver {
      if try regain(holding, taker: slot) == nil { lost.append(holding) }
    }
    takenOver.removeAll { lost.contains($0) }
    return lost
  }

  /// The other nodes whose writer connection is there.
  func others() throws(PostgresError) -> [SlotHolding] {
    let own = slots.withLock { $0.slot }
    return try table.look().filter { $0.hasWriter && !$0.isTakenOver && $0.holding.slot != own }.map(
      \.holding)
  }

  /// Takes over a slot whose node is over.
  ///
  /// - Returns: nil: a session of it has not ended yet, or is there again, or another node was quicker.
  func takeOver(_ node: LiveNodes.Over) throws(PostgresError) -> TakenSlot? {
    let taken = try table.takeOver(node, by: slots.withLock { $0.slot })
    if let taken { takenOver.append(taken.holding) }
    return taken
  }

  /// Nothing is left of the node whose slot was taken over: the slot is free.
  func giveBack(_ holding: SlotHolding) throws(PostgresError) {
    try table.leave(holding)
    takenOver.removeAll { $0 == holding }
  }

  /// Whether a slot is this one's to clear up.
  func clearsUp(_ holding: SlotHolding) -> Bool { takenOver.contains(holding) }

  /// This node ends, and leaves something to be cleared up: its row stays as that of one that is over. The slot can be had at once.
  func standDown() throws(PostgresError) {
    try table.standDown(slots.withLock { $0 })
  }

  /// This node ends without having done anything as its slot: what who had it before has left is still to be cleared up.
  func withdraw() throws(PostgresError) {
    if isInherited { try standDown() } else { try leave() }
  }

  /// This node ends, and has left nothing for others to clear up.
  func leave() throws(PostgresError) {
    try table.leave(slots.withLock { $0 })
  }

  func close() { connection.close() }

  /// Takes a lock that an earlier connection of this node had.
  ///
  /// - Returns: nil: the slot has changed hands.
  private func regain(_ holding: SlotHolding, taker: Int?) throws(NodeError) -> TakenSlot? {
    let (table, connection) = (table, connection)
    let deadline = Deadline(after: Self.endLimit)
    return try asServer { () throws(PostgresError) -> TakenSlot? in
      while try table.isHeld(holding, taker: taker) {
        try table.endOwn(.writer, of: holding)
        if try table.tryLock(.writer, of: holding.slot) {
          let taken = try table.regain(holding, taker: taker)
          if taken == nil { try table.unlock(.writer, of: holding.slot) }
          return taken
        }
        guard !deadline.isOver else {
          throw PostgresError(
            .timedOut,
            "the server has not ended this relay's earlier session, which holds its slot \(holding.slot)")
        }
        try connection.wait(for: .milliseconds(5))
      }
      return nil
    }
  }

  private static func take(
    from table: SlotTable, as identity: NodeIdentity
  ) throws(NodeError) -> TakenSlot {
    let taken = try asServer { () throws(PostgresError) in try table.take(as: identity) }
    guard let taken else {
      throw .refused(
        .inUse, "\(Slot.all.count) relays hold this store, and there is no place for another: end some")
    }
    return taken
  }
}

@available(*, unavailable)
extension WriterSession: Sendable {}
