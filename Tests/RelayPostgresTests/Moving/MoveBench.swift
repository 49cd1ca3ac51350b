import RelayCore
import RelayHarness
import RelayPostgresSupport
import RelaySQLite
import RelayStoring
import RelayTestSupport

@testable import RelayPostgres

/// A store in a file that holds something of everything, and a database that it is moved into.
struct MoveBench {
  let folder: TemporaryFolder
  let database: TestDatabase
  /// What it was filled with, by which more comes again.
  let first: NewEnvelope
  var path: String { "\(folder.path)/relay.db" }

  static let node = NodeIdentity(name: "test", version: "0", configurationHash: "c1")

  init() async throws {
    folder = try TemporaryFolder()
    database = try PostgresServer.shared().database()
    first = try await Self.fill("\(folder.path)/relay.db")
  }

  // MARK: The file

  static let configuration = {
    var configuration = StoreConfiguration.test
    configuration.maxBacklogBytes = ["audit": 1_200]
    configuration.retention = .seconds(3_600)
    return configuration
  }()

  func openFile(_ clock: ManualClock = ManualClock()) async throws -> SQLiteStore {
    let store = try SQLiteStore(path: path, clock: clock, duplicateLimit: 1_000)
    try await store.configure(Self.configuration)
    return store
  }

  private static func fill(_ path: String) async throws -> NewEnvelope {
    let clock = ManualClock()
    let make = TestEnvelopes()
    let store = try SQLiteStore(path: path, clock: clock, duplicateLimit: 1_000)
    defer { store.close() }
    try await store.configure(configuration)
    try await store.reorder("bi", by: .chat)
    try await addOld(to: store, make)
    let first = make.envelope(to: ["crm", "audit"], events: 4, bytes: 1)
    try await addAttempts(to: store, try await store.stored(first), make)
    // Of a key one is attempted, and the others wait.
    var ordered: [Delivery] = []
    for _ in 0..<3 { ordered += try await store.stored(make.envelope(to: ["bi"], chat: "7", body: body(3))) }
    await store.settle(ordered[0].retried(at: 90))
    try await addReplays(to: store, make)
    // Nothing has sent these anywhere, and then rules did.
    _ = try await store.stored(make.envelope(to: [], events: 2, bytes: 9, at: .second(20)))
    _ = try await store.stored(make.envelope(to: [], events: 2, type: "a\u{0}\u{1}b", chat: "\u{0}"))
    clock.set(.second(30))
    _ = try await store.append(make.envelope(to: ["crm", "bi"], events: 2, bytes: 9, at: .second(30)))
    _ = try await store.stored(
      make.envelope(to: ["crm", "bi", "audit"], events: 3, source: "other", at: .second(31)))
    try await addPeople(to: store, clock)
    return first
  }

  private static func body(_ number: Int) -> [UInt8] { Array(#"{"id":\#(number)}"#.utf8) }

  /// A dead letter of a day that has nothing else to stay for.
  private static func addOld(to store: SQLiteStore, _ make: TestEnvelopes) async throws {
    let old = try await store.stored(make.envelope(events: 1, bytes: 77, at: .second(-86_400)))
    await store.settle(old[0].settled(.dead(.permanent), status: 410))
  }

  private static func addAttempts(
    to store: SQLiteStore, _ held: [Delivery], _ make: TestEnvelopes
  ) async throws {
    let crm = held.filter { $0.destination == "crm" }
    await store.settle(crm[0].settled(.delivered), crm[1].settled(.dead(.expired)))
    for attempt in 1...12 {
      await store.settle(crm[2].settled(.retry(at: .second(100 + attempt)), attempts: attempt))
    }
    await store.settle(
      crm[3].settled(.delivered), held.filter { $0.destination == "audit" }[0].settled(.delivered))
    _ = try await store.erase([crm[0].event.id])
    let discarded = try await store.stored(make.envelope())
    store.release(discarded.map(\.id))
    try await store.change(.discard, .ids(discarded.map(\.id)))
  }

  private static func addReplays(to store: SQLiteStore, _ make: TestEnvelopes) async throws {
    let sent = make.envelope(to: [], events: 4, body: body(5))
    _ = try await store.append(sent)
    _ = try await store.replayed(sent, to: ["crm"])
    let claimed = await store.claim(in: .replay).deliveries
    await store.settle(
      claimed[0].settled(.delivered), claimed[1].settled(.dead(.expired)), claimed[2].retried(at: 40))
    // It goes on behind the second event that there is.
    let begun = try await store.begun(
      NewReplay(plan: "to=crm", expected: 7, who: "ana", reason: "lost", startedAt: .second(3)))
    _ = try await store.queue(ReplayStep(replay: begun.id, entries: [], cursor: "2"))
  }

  private static func addPeople(to store: SQLiteStore, _ clock: ManualClock) async throws {
    try await store.keepToken(LearnedToken(salt: [1], hash: [2, 3], learnedAt: .second(4)))
    try await store.keep([
      Gap(kind: .unavailable, source: nil, began: .second(1), ended: .second(2), count: 3, reason: "full"),
      Gap(
        kind: .unauthorized, source: "huggy", began: .second(3), ended: .second(4), count: 1, reason: "token"),
    ])
    for number in 1...3 {
      let id = try await store.beginAudit(
        AuditEntry(
          at: .second(number), who: "ana", role: "admin", what: "deliveries/retry", target: "crm\u{0}",
          reason: number == 2 ? nil : "why"))
      if number < 3 { try await store.endAudit(id, AuditOutcome("done", count: number, details: "1 more")) }
    }
    try await store.pause("audit", until: .second(9_000))
    clock.setWall(ahead: .seconds(7))
  }

  // MARK: Moving

  /// - Parameters:
  ///   - rows: How many are moved with a transaction.
  ///   - report: What it throws ends the move there.
  @discardableResult
  func move(
    rows: Int = 3, into database: TestDatabase? = nil, path: String? = nil,
    report: @escaping (StoreMover.Report) throws(StoreError) -> Void = { _ in }
  ) throws(StoreError) -> StoreMover.Outcome {
    let mover = StoreMover(
      to: DatabaseAddress((database ?? self.database).url), as: Self.node, MoveRules(Self.configuration),
      pages: StoreMover.Pages(rows: rows), report: report)
    return try mover.move(try SQLiteOrigin(path: path ?? self.path))
  }

  static let cut = StoreError(code: .closed, message: "cut off")

  /// Again and again, and each time it ends after one transaction.
  ///
  /// - Returns: How many runs it took.
  func moveInPieces(rows: Int) throws -> Int {
    for run in 1...1_000 {
      do throws(StoreError) {
        try move(rows: rows) { _ throws(StoreError) in throw Self.cut }
        return run
      } catch {
        guard error == Self.cut else { throw error }
      }
    }
    throw StoreError(code: .failing, message: "it never ends")
  }

  func open(_ database: TestDatabase? = nil) async throws -> PostgresStore {
    let store = try PostgresStore(
      (database ?? self.database).address, as: Self.node, clock: ManualClock(), duplicateLimit: 1_000,
      hangAfter: .seconds(60), observer: nil)
    try await store.configure(Self.configuration)
    return store
  }

  func execute(_ sql: String) throws {
    let connection = try connection()
    defer { connection.close() }
    try connection.execute(sql, within: .patient)
  }

  func rows(_ sql: String, in database: TestDatabase? = nil) throws -> [String] {
    let connection = try connection(database)
    defer { connection.close() }
    return try connection.run(Statement(name: "rows", sql: sql), within: .patient).map {
      $0.optionalText(0) ?? ""
    }
  }

  private func connection(_ database: TestDatabase? = nil) throws -> PostgresConnection {
    try PostgresConnection(
      (database ?? self.database).address, applicationName: "bench", within: .patient,
      settings: ["search_path": Schema.name])
  }
}
