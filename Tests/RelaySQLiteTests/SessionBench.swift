import RelayCore
import RelayStoring
import RelayTestSupport
import RelayThreads

@testable import RelaySQLite

/// A session and its writer on the test's own thread: every transaction happens when the test says so.
final class SessionBench {
  let home: SQLiteHome
  let make = TestEnvelopes()
  let clock = ManualClock()
  let observer = RecordingObserver()
  /// Plenty of room on a small disk: the reserve is small.
  let diskSpace = Locked(DiskSpace(available: 1 << 40, total: 16 << 20))
  private let duplicateLimit: Int
  private var current: Run?
  var session: StoreSession { current!.session }
  var keeper: StoreKeeper { current!.keeper }
  var writer: BatchWriter {
    get { current!.writer }
    set { current!.writer = newValue }
  }

  /// What a restart makes anew.
  private struct Run {
    let session: StoreSession
    let keeper: StoreKeeper
    var writer: BatchWriter
  }

  init(duplicateLimit: Int = 1_000) throws {
    home = try SQLiteHome()
    self.duplicateLimit = duplicateLimit
    try reopen()
  }

  /// A restart, without a last word.
  ///
  /// - Parameter opened: Sees the session before its first transaction.
  func reopen(_ opened: (StoreSession) throws -> Void = { _ in }) throws {
    current = nil  // The lock goes with the session.
    let session = try StoreSession(path: home.path, duplicateLimit: duplicateLimit)
    try opened(session)
    let keeper = StoreKeeper(session: session, clock: clock) { [diskSpace] in diskSpace.withLock { $0 } }
    let committer = SQLiteCommitter(session: session, keeper: keeper, clock: clock)
    current = Run(
      session: session, keeper: keeper, writer: BatchWriter(committer, clock: clock, observer: observer))
    try configure(.test)
  }

  func configure(_ configuration: StoreConfiguration) throws {
    var result: Result<Void, StoreError>?
    writer.configure(configuration) { result = $0 }
    writer.write()
    try result!.get()
  }

  /// One batch.
  func write(
    _ envelopes: [NewEnvelope] = [], settle settlements: [Settlement] = [],
    settled: @escaping ([Delivery]) -> Void = { _ in }
  ) -> [Result<AppendOutcome, StoreError>] {
    let results = Locked<[Result<AppendOutcome, StoreError>]>([])
    for envelope in envelopes {
      writer.append(AppendCall(envelope, late: { _ in }) { result in results.withLock { $0.append(result) } })
    }
    // The engine settles what replays have queued by calls of their own.
    for queue in DeliveryQueue.allCases {
      let ofQueue = settlements.filter { $0.queue == queue }
      if !ofQueue.isEmpty { writer.settle(ofQueue, completion: settled) }
    }
    writer.write()
    return results.withLock { $0 }
  }

  /// - Returns: Whose turn it has become.
  func settle(_ settlements: Settlement...) -> [Delivery] {
    var turns: [Delivery] = []
    _ = write(settle: settlements) { turns += $0 }
    return turns
  }

  /// One step of a job, as the store's loop takes it.
  ///
  /// - Returns: Whether it was the last.
  func step(_ job: any StoreJob<StoreSession>) throws(StoreError) -> Bool {
    let isLast = try session.transactions.run { () throws(StoreError) in try job.step(session) }
    job.committed()
    return isLast
  }

  /// All steps of a job.
  func run(_ job: any StoreJob<StoreSession>) throws(StoreError) {
    while try !step(job) {}
    job.end(nil)
  }

  func reorder(_ destination: String = "crm", by ordering: Ordering) throws {
    try run(ReorderJob(destination, by: ordering) { _ in })
  }

  /// - Returns: How many were changed.
  func change(
    _ change: DeliveryChange, _ selection: DeliverySelection, of destination: String = "crm"
  ) throws -> Int {
    var changed = 0
    try run(
      ChangeJob(ChangeWish(change, selection, of: destination), clock: clock) { made, _ in
        changed = made.changed
      })
    return changed
  }

  func begin(at time: Timestamp = .second(0)) throws -> Replay {
    let answer = Locked<Result<Replay, StoreError>?>(nil)
    let new = NewReplay(plan: "all", startedAt: time)
    writer.add(.replay(.begin(new) { result in answer.withLock { $0 = result } }))
    writer.write()
    return try answer.withLock { $0 }!.get()
  }

  /// - Returns: The answer, once there is one.
  func queue(_ step: ReplayStep) -> () -> Result<Replay, StoreError>? {
    let answer = post(step)
    writer.write()
    return answer
  }

  /// The same, and does not write it yet.
  func post(
    _ step: ReplayStep, progress: @escaping @Sendable (Replay) -> Void = { _ in }
  ) -> () -> Result<Replay, StoreError>? {
    let answer = Locked<Result<Replay, StoreError>?>(nil)
    writer.add(.replay(.queue(step, progress: progress) { result in answer.withLock { $0 = result } }))
    return { answer.withLock { $0 } }
  }

  func end(_ replay: Int) throws -> Replay? {
    let answer = Locked<Result<Replay?, StoreError>?>(nil)
    writer.add(.replay(.end(replay, as: .cancelled) { result in answer.withLock { $0 = result } }))
    writer.write()
    return try answer.withLock { $0 }!.get()
  }

  /// The disk is looked at again.
  func recover() {
    clock.advance(by: .seconds(2))
    _ = keeper.step()
  }

  var claimed: Set<Int64> {
    Set(session.claims.entries.filter { $0.value.state != .returned }.keys.map(\.rawValue))
  }

  func release(_ deliveries: [Delivery]) { session.claims.giveBack(deliveries.map(\.id)) }

  func stored(_ envelope: NewEnvelope) throws -> [Delivery] {
    guard case .stored(let deliveries) = try write([envelope])[0].get() else { throw UnexpectedDuplicate() }
    return deliveries
  }

  func isDuplicate(_ envelope: NewEnvelope) throws -> Bool {
    if case .duplicate = try write([envelope])[0].get() { true } else { false }
  }

  func count(_ table: String) throws -> Int64 {
    try session.connection.integer("SELECT count(*) FROM \(table)")!
  }
}

extension Transactions {
  /// Those of a database in memory, for tables that are tested alone.
  static func inMemory() throws -> Transactions { try Transactions(Connection(path: ":memory:")) }
}

extension RowID: ExpressibleByIntegerLiteral {
  public init(integerLiteral value: Int64) { self.init(rawValue: value) }
}

extension EventID {
  /// As the store has them: 16 bytes, the most significant first.
  var bytes: [UInt8] {
    [high, low].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * $0)) } }
  }
}

/// A transaction that can't be committed.
enum Fault: CaseIterable {
  /// A statement of an append fails, and leaves the transaction open.
  case statement
  /// A statement of an append fails, and takes the transaction with it.
  case transaction
  /// `BEGIN` itself fails, also for settlements.
  case begin
  /// `COMMIT` itself fails, also for settlements that change something.
  case commit
  /// No page is to be had; what changes in place still goes.
  case full

  var hitsSettlements: Bool { self == .begin || self == .commit }

  func begin(_ connection: Connection) throws {
    switch self {
    case .statement, .transaction:
      let how = self == .statement ? "ABORT" : "ROLLBACK"
      try connection.execute(
        """
        CREATE TRIGGER fault AFTER INSERT ON event BEGIN SELECT RAISE(\(how), 'no such luck'); END
        """)
    case .begin:
      try connection.execute("PRAGMA query_only = ON")
    case .commit:
      try connection.execute(
        """
        PRAGMA foreign_keys = ON;
        CREATE TABLE fault_child (parent INTEGER REFERENCES source DEFERRABLE INITIALLY DEFERRED);
        CREATE TRIGGER fault AFTER INSERT ON event BEGIN INSERT INTO fault_child VALUES (-1); END;
        CREATE TRIGGER fault_update AFTER UPDATE ON delivery BEGIN INSERT INTO fault_child VALUES (-1); END;
        """)
    case .full:
      try connection.execute("PRAGMA max_page_count = 1")
    }
  }

  func end(_ connection: Connection) throws {
    switch self {
    case .statement, .transaction: try connection.execute("DROP TRIGGER fault")
    case .begin: try connection.execute("PRAGMA query_only = OFF")
    case .commit:
      try connection.execute(
        """
        DROP TRIGGER fault; DROP TRIGGER fault_update; DROP TABLE fault_child; PRAGMA foreign_keys = OFF;
        """)
    case .full: try connection.execute("PRAGMA max_page_count = 1000000")
    }
  }
}
