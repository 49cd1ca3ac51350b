import RelayCore
import RelayPostgresSupport
import RelayText
import RelayTestSupport
import RelayThreads
import Testing

@testable import RelayPostgres

/// A database with nodes on it, and a connection that looks at them.
final class NodeBench {
  static let limit = Duration.seconds(60)
  /// Of a node that stays alive, however busy the machine is.
  static let calm = LeaseTimes(
    heartbeat: .milliseconds(50), startsWithin: .seconds(600), length: .seconds(900), gone: .seconds(900))
  /// Where a lease is to end, or somebody is to judge others.
  static let short = LeaseTimes(
    heartbeat: .milliseconds(50), startsWithin: .milliseconds(600), length: .seconds(1),
    gone: .milliseconds(200))

  let database: TestDatabase
  private var observing: PostgresConnection?

  init(_ database: TestDatabase) {
    self.database = database
  }

  convenience init() throws { try self.init(PostgresServer.shared().database()) }

  deinit {
    observing?.close()
  }

  func opener(user: String? = nil, address: ServerAddress? = nil) throws -> SessionOpener {
    let own = try user.map { try ServerAddress(url: database.server.url(database: database.name, user: $0)) }
    return SessionOpener(
      address: address ?? own ?? database.address, applicationName: "node", limit: Self.limit)
  }

  func node(_ name: String = "a", user: String? = nil, address: ServerAddress? = nil) throws -> WriterSession
  {
    try WriterSession(opener(user: user, address: address), as: .named(name))
  }

  func keeper(
    of node: WriterSession, _ observer: NodeRecorder, times: LeaseTimes = NodeBench.calm,
    clock: any SteadyClock = RunningClock(), user: String? = nil
  ) throws -> LeaseKeeper {
    LeaseKeeper(
      try opener(user: user), key: node.key, holding: node.holding, times: times, clock: clock,
      lastTick: { 0 }, observer: observer)
  }

  /// A connection of nobody's, with the store's schema in its path.
  func connection() throws -> PostgresConnection {
    if let observing { return observing }
    let opened = try PostgresConnection(
      database.address, applicationName: "bench", within: Self.limit,
      settings: ["search_path": Schema.name])
    observing = opened
    return opened
  }

  func execute(_ sql: String) throws { try connection().execute(sql, within: Self.limit) }

  func rows(_ sql: String) throws -> Rows {
    // The text is the name: each text is prepared once.
    let name = "bench_\(sql.utf8.reduce(FNV1a.start) { FNV1a.add($1, to: $0) })"
    return try connection().run(Statement(name: name, sql: sql), within: Self.limit)
  }

  /// The last heartbeat of a slot's node, as whoever judges it sees it.
  func seen(_ slot: Int) throws -> Timestamp {
    try rows("SELECT (extract(epoch FROM seen) * 1000000)::int8 FROM node WHERE slot = \(slot)")[0].time(0)
  }

  /// A node that is over, as whoever looks now finds it.
  func over(_ holding: SlotHolding) throws -> LiveNodes.Over {
    LiveNodes.Over(holding: holding, seen: try seen(holding.slot), hasSessions: false)
  }

  /// How many sessions have the lock of a slot.
  func holders(of slot: Int) throws -> Int64 {
    try rows(
      """
      SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = \(slot)
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      """)[0].integer(0)
  }

  /// Waits until nobody has the lock of a slot any more, as the server tells.
  func waitUntilFree(_ slot: Int, key: StoreKey) throws {
    let connection = try connection()
    try connection.execute(
      "SELECT pg_advisory_lock(\(key.value), \(slot)), pg_advisory_unlock(\(key.value), \(slot))",
      within: Self.limit)
  }
}

extension NodeIdentity {
  static func named(_ name: String) -> NodeIdentity {
    NodeIdentity(name: name, version: "1.2.3", configurationHash: "cafe")
  }
}

extension WriterSession {
  var slot: SlotHolding { holding.withLock { $0 } }
}

/// Keeps what a keeper has told, for who waits for it.
final class NodeRecorder: NodeObserver {
  private let events = Monitor<[NodeEvent]>([])

  func nodeChanged(_ event: NodeEvent) { events.update { $0.append(event) } }

  var all: [NodeEvent] { events.update { $0 } }

  /// Waits until one has come that fits, and returns what it makes of it; nil: it took too long.
  func wait<Result>(for pick: (NodeEvent) -> Result?) -> Result? {
    events.wait(timeout: NodeBench.limit) { events in events.lazy.compactMap(pick).first }
  }

  func wait(for event: NodeEvent) -> Bool { wait { $0 == event ? true : nil } ?? false }

  func forget() { events.update { $0 = [] } }
}
