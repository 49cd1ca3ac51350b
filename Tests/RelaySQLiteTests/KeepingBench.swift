import Foundation
import RelayCore
import RelayStoring
import RelayHarness
import RelayTestSupport
import RelayThreads

@testable import RelaySQLite

/// A store whose rows are written by hand, and its keeper, on the test's own thread: every step happens when the test
/// says so.
final class KeepingBench {
  /// A delivery as it is to be found. Times in seconds after the beginning.
  struct Row {
    var state: DeliveryState
    var settled: Int?
    var destination = "crm"
    var failures = 0

    static func delivered(_ second: Int) -> Row { Row(state: .delivered, settled: second) }
    static func discarded(_ second: Int) -> Row { Row(state: .discarded, settled: second) }
    static func dead(_ second: Int) -> Row { Row(state: .dead, settled: second) }
    static let pending = Row(state: .fresh)
  }

  let folder: TemporaryFolder
  let path: String
  let clock = ManualClock()
  /// Plenty of room on a small disk: the reserve is small.
  let diskSpace = Locked(DiskSpace(available: 1 << 40, total: 16 << 20))
  /// Who holds the store's files, where that is not to be the system's to say.
  let locks = Locked<String?>(nil)
  private var current: (session: StoreSession, keeper: StoreKeeper)?
  var session: StoreSession { current!.session }
  var keeper: StoreKeeper { current!.keeper }
  private let usesRealDisk: Bool
  private var configuration: StoreConfiguration?
  /// The number of the event's id that comes next.
  private var nextID: UInt64 = 0

  /// - Parameter path: Elsewhere than in a folder of its own.
  init(path: String? = nil, usesRealDisk: Bool = false) throws {
    folder = try TemporaryFolder()
    self.path = path ?? "\(folder.path)/relay.db"
    self.usesRealDisk = usesRealDisk
    try open()
    let names = StoreNames(
      sources: ["huggy"], destinations: ["crm", "bi", "audit"], routes: ["all"], configuration: "c1")
    try session.transactions.run { () throws(StoreError) in try session.register(names) }
  }

  var connection: Connection { session.connection }

  func configure(
    retention: Int = 1_000, dedupe: Int = 100, maxBytes: Int = 1 << 40, deadRetention: Int? = nil,
    unroutedRetention: Int? = nil
  ) {
    let names = StoreNames(sources: [], destinations: [], routes: [], configuration: "c1")
    configuration = StoreConfiguration(
      names: names, retention: .seconds(retention), dedupe: .seconds(dedupe), maxBytes: maxBytes,
      deadRetention: deadRetention.map { .seconds($0) },
      unroutedRetention: unroutedRetention.map { .seconds($0) })
    keeper.configure(configuration!)
  }

  private func open() throws {
    // Without syncs many small transactions take no time; a real disk is to be met as it will be.
    let session = try StoreSession(path: path, duplicateLimit: 1_000, gathersLog: usesRealDisk)
    let space = diskSpace
    let keeper =
      usesRealDisk
      ? StoreKeeper(session: session, clock: clock, stepTime: nil)
      : StoreKeeper(
        session: session, clock: clock, diskSpace: { space.withLock { $0 } },
        locks: { [locks] in locks.withLock { $0.map { LockTable($0) } } ?? .now() }, stepTime: nil)
    if !usesRealDisk { try session.connection.execute("PRAGMA synchronous = OFF") }
    if let configuration { keeper.configure(configuration) }
    current = (session, keeper)
  }

  func close() {
    statements.removeAll()
    current = nil
  }

  /// A restart.
  func reopen() throws {
    // The lock goes with the session.
    close()
    try open()
  }

  func execute(_ sql: String) throws { try connection.execute(sql) }

  // MARK: Rows

  /// One envelope: each of its events has the deliveries given. Time in seconds after the beginning.
  ///
  /// - Returns: The events' rows.
  @discardableResult
  func add(
    at second: Int, _ events: [Row]..., hasHash: Bool = true, body: Int = 10
  ) throws -> [Int64] {
    try add(at: second, all: events, hasHash: hasHash, body: body)
  }

  @discardableResult
  func add(
    at second: Int, all events: [[Row]], hasHash: Bool = true, body: Int = 10
  ) throws -> [Int64] {
    let isAlone = !connection.isInTransaction
    if isAlone { try execute("BEGIN") }
    let received = Timestamp.second(second)
    let first = EventID(
      high: UInt64(received.milliseconds) << 16 | 0x7000, low: 0x8000_0000_0000_0000 | nextID)
    nextID += UInt64(max(1, events.count))
    let before = try connection.integer("SELECT max(id) FROM event") ?? 0
    try insert(
      "envelope (source, configuration, received, first_event, accepted, hash, first_row)", 1, 1,
      received.microseconds, first.bytes, events.count, hasHash ? [UInt8](repeating: 7, count: 32) : nil,
      events.isEmpty ? nil : before + 1)
    let envelope = try connection.integer("SELECT max(id) FROM envelope")!
    var rows: [Int64] = []
    for (place, deliveries) in events.enumerated() {
      try insert(
        "event (uuid, envelope, type, routes, dropped, body)", first.advanced(by: place).bytes, envelope,
        "createdChat", "1", 0, [UInt8](repeating: 0x20, count: body))
      rows.append(before + 1 + Int64(place))
      if let previous = session.order.add(first.advanced(by: place), row: RowID(rawValue: rows.last!)) {
        try insert(
          "straggler (uuid, event, previous)", first.advanced(by: place).bytes, rows.last!,
          previous.rawValue)
      }
      for delivery in deliveries { try add(delivery, to: rows.last!, since: received) }
    }
    if isAlone { try execute("COMMIT") }
    session.order.commit()
    return rows
  }

  @discardableResult
  func add(_ delivery: Row, to event: Int64, since: Timestamp = .second(0)) throws -> Int64 {
    let destination = try connection.integer(
      "SELECT id FROM destination WHERE name = '\(delivery.destination)'")
    var revisit: Timestamp?
    if let settled = delivery.settled {
      revisit =
        delivery.state == .dead
        ? .second(settled)
        : session.walked.revisit(
          DeliveryID(rawValue: .max), received: since, settledAt: .second(settled))
    }
    try insert(
      "delivery (event, destination, route, run, state, attempts, since, settled, revisit)", event,
      destination,
      1, 0, delivery.state.rawValue, delivery.failures + (delivery.state == .fresh ? 0 : 1),
      since.microseconds, delivery.settled.map { Timestamp.second($0).microseconds }, revisit?.microseconds)
    let row = try connection.integer("SELECT max(id) FROM delivery")!
    try execute(
      """
      UPDATE event SET first_delivery = coalesce(first_delivery, \(row)), deliveries = deliveries + 1 WHERE id = \(event)
      """)
    for attempt in 0..<delivery.failures {
      try insert("failure (delivery, attempt, at, duration)", row, attempt + 1, 0, 0)
    }
    return row
  }

  /// As the path does it, and a person: a dead one is retried first, unless it is discarded.
  func settle(delivery row: Int64, at second: Int, as state: DeliveryState = .delivered) throws {
    let time = Timestamp.second(second)
    try session.transactions.run { () throws(StoreError) in
      let delivery = try session.changes.changeable(DeliveryID(rawValue: row))!
      if state == .discarded { return try session.changes.discard(delivery, at: time) }
      if delivery.state == .dead { try session.changes.retry(delivery, at: time) }
      let outcome: Settlement.Outcome = state == .dead ? .dead(.permanent) : .delivered
      let attempt = AttemptResult(
        startedAt: time, duration: .milliseconds(7), response: .status(200, body: [], retryAfter: nil))
      _ = try session.settler.settle(
        Settlement(delivery: DeliveryID(rawValue: row), attempts: 1, attempt: attempt, outcome: outcome),
        settledAt: time)
    }
  }

  private func insert(_ table: String, _ values: Any?...) throws {
    let places = (1...values.count).map { "?\($0)" }.joined(separator: ", ")
    let insert = try statement("INSERT INTO \(table) VALUES (\(places))")
    for (place, value) in values.enumerated() {
      let place = Int32(place + 1)
      switch value {
      case let value as Int: insert.bind(place, value)
      case let value as Int64: insert.bind(place, value)
      case let value as String: insert.bind(place, value)
      case let value as [UInt8]: insert.bind(place, value)
      default: insert.bind(place, Int64?.none)
      }
    }
    try insert.run()
  }

  private var statements: [String: Statement] = [:]

  private func statement(_ sql: String) throws -> Statement {
    if let made = statements[sql] { return made }
    let made = try connection.prepare(sql)
    statements[sql] = made
    return made
  }

  // MARK: What is there

  func rows(_ table: String) throws -> [Int64] {
    let query = try connection.prepare("SELECT id FROM \(table) ORDER BY id")
    var rows: [Int64] = []
    while try query.step() { rows.append(query.integer(0)) }
    return rows
  }

  /// The events whose bodies are there.
  func rowsWithBodies() throws -> [Int64] {
    let query = try connection.prepare("SELECT id FROM event WHERE length(body) > 0 ORDER BY id")
    var rows: [Int64] = []
    while try query.step() { rows.append(query.integer(0)) }
    return rows
  }

  /// A delivery's column `state`.
  func state(of delivery: Int64) throws -> DeliveryState? {
    try connection.integer("SELECT state FROM delivery WHERE id = \(delivery)").flatMap {
      DeliveryState(stored: $0)
    }
  }

  func count(_ table: String) throws -> Int64 { try connection.integer("SELECT count(*) FROM \(table)")! }

  // MARK: Time

  /// Makes all steps that are to be made now.
  ///
  /// - Returns: How many they were.
  @discardableResult
  func keep() -> Int {
    var steps = 0
    while let due = keeper.nextDue, due <= clock.now(), steps < 10_000 {
      steps += 1
      while keeper.step() && steps < 10_000 { steps += 1 }
    }
    return steps
  }

  /// The same, at this time.
  @discardableResult
  func keep(at second: Int) -> Int {
    clock.set(.second(second))
    return keep()
  }
}
