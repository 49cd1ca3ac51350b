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
    /// The slot is still this node's: all that its memory holds is true.
    case same
    /// Another node has taken over what this one had, and this one begins anew.
    case another
  }

  private let opener: SessionOpener
  private let identity: NodeIdentity
  private let mark: StoreMark
  private let slots: Locked<SlotHolding>
  private(set) var connection: PostgresConnection
  /// The highest tick that the slot is known to have given.
  private(set) var lastTick: Int64
  /// For the log: what the server, the database or the role should not be like.
  let warnings: [String]

  /// How long a session that is being ended may take.
  private static let endLimit = Duration.seconds(5)
  /// How long a change of the schema may take, that of another node included.
  private static let migrationLimit = Duration.seconds(3_600)

  /// Connects, checks the server, makes or changes the tables where that is needed, and takes the lowest free slot.
  init(_ opener: SessionOpener, as identity: NodeIdentity) throws(NodeError) {
    let connection = try opener.open(.writer)
    let facts = try opener.inspect(connection)
    let mark = try Migration(connection, within: Self.migrationLimit).run()
    let table = SlotTable(connection: connection, key: StoreKey(id: mark.id), limit: opener.limit)
    try opener.refuseForeignRoles(connection, key: table.key, facts)
    let taken = try Self.take(from: table, as: identity)
    let nodes = try asServer { () throws(PostgresError) in try table.look() }
    self.opener = opener
    self.identity = identity
    self.mark = mark
    self.connection = connection
    slots = Locked(taken.holding)
    lastTick = taken.lastTick
    warnings = ServerCheck.warnings(facts, nodes: nodes.count { $0.hasWriter })
  }

  var storeID: EventID { mark.id }
  var key: StoreKey { StoreKey(id: mark.id) }
  /// What other threads read; it changes with `reopen` alone.
  var holding: Locked<SlotHolding> { slots }

  private var table: SlotTable { SlotTable(connection: connection, key: key, limit: opener.limit) }

  /// Connects again after the connection was lost, and takes the slot again that this node had. What is left of the old connection is ended
  /// first: whatever it was doing is done by then, or never will be.
  func reopen() throws(NodeError) -> Regained {
    connection.close()
    connection = try opener.open(.writer)
    _ = try opener.inspect(connection)
    guard try Migration(connection, within: Self.migrationLimit).run().id == mark.id else {
      throw .refused(
        .lost, "the database holds another store than before: start the relay again, once you know why")
    }
    if let taken = try regain() {
      lastTick = max(lastTick, taken.lastTick)
      return .same
    }
    let taken = try Self.take(from: table, as: identity)
    slots.withLock { $0 = taken.holding }
    lastTick = taken.lastTick
    return .another
  }

  /// Takes over a slot whose node is over.
  ///
  /// - Returns: nil: its session has not ended yet, or another node was quicker.
  func takeOver(_ holding: SlotHolding) throws(PostgresError) -> TakenSlot? {
    try table.takeOver(holding, by: slots.withLock { $0.slot })
  }

  /// Nothing is left of the node whose slot was taken over: the slot is free.
  func giveBack(_ holding: SlotHolding) throws(PostgresError) {
    try table.leave(holding)
  }

  /// This node ends, and has left nothing for others to clear up.
  func leave() throws(PostgresError) {
    try table.leave(slots.withLock { $0 })
  }

  func close() { connection.close() }

  /// - Returns: nil: it has changed hands.
  private func regain() throws(NodeError) -> TakenSlot? {
    let holding = slots.withLock { $0 }
    let (table, connection) = (table, connection)
    let deadline = Deadline(after: Self.endLimit)
    return try asServer { () throws(PostgresError) -> TakenSlot? in
      while try table.isHeld(holding) {
        try table.endOwn(.writer, of: holding)
        if try table.tryLock(.writer, of: holding.slot) {
          let taken = try table.regain(holding)
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
