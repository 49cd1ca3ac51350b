import RelayCore
import RelayPostgresSupport
import RelayTestSupport
import RelayThreads
import Testing

@testable import RelayPostgres

/// A database with several nodes' stores on it. Nothing depends on time but what a test lets pass.
final class SharingBench: Sendable {
  /// By the clock of the test. In real time a node's thread looks at that clock after a heartbeat's time at the latest.
  private static let times = LeaseTimes(
    heartbeat: .milliseconds(50), startsWithin: .seconds(900), length: .seconds(1_000),
    gone: .milliseconds(100), goesOnWithin: .seconds(1_000))

  let database: TestDatabase
  let make = TestEnvelopes()
  let clock = ManualClock()
  let handed = HandedOut()
  private let opened = Locked<[SharedNode]>([])
  private let isOver = Monitor(false)
  private let ticker = Locked<WorkerThread?>(nil)

  init() throws {
    database = try PostgresServer.shared().database()
    let (clock, isOver) = (clock, isOver)
    // Heartbeats come by the clock: so slowly that no lease ends, however busy the machine is.
    let thread = WorkerThread(name: "heartbeats") {
      while isOver.wait(timeout: .milliseconds(10), until: { $0 ? true : nil }) == nil {
        clock.advance(by: .milliseconds(50))
      }
    }
    ticker.withLock { $0 = thread }
  }

  /// The nodes end, and so does the clock.
  func end() {
    for node in opened.withLock({ $0 }) { node.store.close() }
    stopTheClock()
  }

  /// There are no more heartbeats from now on.
  func stopTheClock() {
    isOver.update { $0 = true }
    ticker.withLock { $0 }?.join()
  }

  /// - Parameters:
  ///   - destinations: What it has configured; nil: nothing.
  ///   - isServing: It has lanes.
  ///   - ahead: How far its clock is ahead of the others'.
  func open(
    _ name: String, _ destinations: [String]? = SharingBench.destinations, isServing: Bool = true,
    sources: [String] = ["huggy", "other"], ahead: Duration = .zero
  ) async throws -> SharedNode {
    let way = try TurnCounter(to: database)
    let store = try PostgresStore(
      way.address, as: .named(name), clock: ShiftedClock(clock: clock, ahead: ahead), duplicateLimit: 1_000,
      patience: .seconds(60),
      hangAfter: .seconds(60), sharing: true, times: Self.times)
    let node = SharedNode(name, store, way, handed)
    opened.withLock { $0.append(node) }
    if let destinations {
      try await store.configure(
        StoreConfiguration(
          names: StoreNames(
            sources: sources, destinations: destinations, routes: ["all"], configuration: "c1")))
    }
    if isServing {
      store.serve(node)
      _ = store.walk(node)
      store.tell(node)
    }
    return node
  }

  static let destinations = (1...8).map { "d\($0)" }

  /// Of so many nodes with slots from 0 on the one is to serve these.
  static func share(
    of slot: Int, among slots: some Sequence<Int>, _ destinations: [String] = SharingBench.destinations
  )
    -> Set<String>
  {
    let owners = LaneOwners(slots: slots)
    return Set(destinations.filter { owners.owner(of: $0) == slot })
  }

  func slot(of node: SharedNode) throws -> Int {
    Int(try ask("SELECT slot FROM node WHERE name = '\(node.name)' AND backend IS NOT NULL")[0].int32(0))
  }

  /// The node is gone at once, and can't come back: its sessions are ended, and there is no way to the server.
  func kill(_ node: SharedNode) throws {
    let slot = try slot(of: node)
    node.way.refuseConnections()
    // What it has is nobody's by the time that another one can have it.
    _ = handed.take(from: node.name)
    _ = try ask(
      """
      SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid IN (\(slot), \(slot + 4096))
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      """)
    opened.withLock { $0.removeAll { $0 === node } }
    _ = node.store.close(within: .seconds(60))
    _ = handed.take(from: node.name)
  }

  /// The node ends in order.
  func close(_ node: SharedNode) {
    opened.withLock { $0.removeAll { $0 === node } }
    _ = handed.take(from: node.name)
    node.store.close()
    _ = handed.take(from: node.name)
  }

  /// So much time passes that each node is sure of its lease for long enough to judge others.
  func letThemJudge() throws {
    for _ in 1...4 {
      clock.advance(by: .seconds(300))
      let before = try beats()
      let deadline = Deadline(after: .seconds(120))
      while try beats().contains(where: { slot, seen in before[slot].map { $0 >= seen } ?? false }) {
        try #require(!deadline.isOver, "a node sends no heartbeats")
      }
    }
  }

  private func beats() throws -> [Int32: Int64] {
    let rows = try ask(
      "SELECT slot, (extract(epoch FROM seen) * 1000000)::int8 FROM node WHERE backend IS NOT NULL AND taker IS NULL"
    )
    return Dictionary(uniqueKeysWithValues: rows.map { ($0.int32(0), $0.integer(1)) })
  }

  func connect() throws -> PostgresConnection {
    try PostgresConnection(
      database.address, applicationName: "bench", within: .seconds(60),
      settings: ["search_path": Schema.name])
  }

  /// Asks the database, beside the nodes.
  func ask(_ sql: String) throws -> Rows {
    let connection = try connect()
    defer { connection.close() }
    return try connection.run(Statement(name: "asked", sql: sql), Parameters(), within: .seconds(60))
  }

  /// Waits until the database says so: null, or no row, is no.
  func wait(until sql: String) throws {
    let connection = try connect()
    defer { connection.close() }
    let deadline = Deadline(after: .seconds(120))
    let awaited = Statement(name: "awaited", sql: "SELECT coalesce((\(sql)), false)")
    while try !connection.run(awaited, Parameters(), within: .seconds(60))[0].bool(0) {
      try #require(!deadline.isOver, "waited in vain for: \(sql)")
    }
  }
}
