import RelayCore
import RelayPostgresSupport
import RelayStoring
import RelayTestSupport
import RelayThreads
import Testing

@testable import RelayPostgres

@Suite("Commits of keys", .needsPostgres, .timeLimit(.minutes(15)))
struct TwinCommitTests {
  /// Others may have stored the same since, and a server that has crashed has no keys any more.
  @Test func whatWasKnownBeforeTheConnectionWasLostIsNotGoneBy() throws {
    let bench = try Bench()
    defer { bench.end() }
    // So something is asked before the commit is sent, and that is where the connection is lost.
    bench.session.tookOver()
    bench.way.withholdNextAnswer()
    #expect(bench.append(1) == nil)
    #expect(try bench.count("event") == 0)
    #expect(bench.append(1) == .stored)
  }

  @Test func aKeyOfWhatNobodyRemembersIsPassedOver() throws {
    let bench = try Bench(hasOthers: true)
    defer { bench.end() }
    let source = try #require(bench.session.names.source("huggy"))
    let hash = try #require(bench.make.envelope(bytes: 1).fingerprint?.hash)
    let key = TwinKey(DuplicateMap.Key(hash, source: source), after: nil)
    let taken = [key, key.next]
    try bench.insert(taken)
    #expect(bench.append(1) == .stored)
    #expect(try bench.keys() == Set(taken + [key.next.next]))
    #expect(bench.append(1) == .duplicate)
  }

  @Test func aBatchWhoseKeysAreNeverFreeIsRefusedInTheEnd() throws {
    let bench = try Bench(hasOthers: true)
    defer { bench.end() }
    try bench.execute(
      """
      CREATE SEQUENCE attempts;
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        PERFORM nextval('attempts');
        RAISE unique_violation USING TABLE = TG_TABLE_NAME;
      END $$;
      CREATE TRIGGER refuse BEFORE INSERT ON twin_a FOR EACH ROW EXECUTE FUNCTION refuse();
      CREATE TRIGGER refuse BEFORE INSERT ON twin_b FOR EACH ROW EXECUTE FUNCTION refuse();
      """)
    #expect(bench.append(1) == nil)
    #expect(try bench.number("SELECT last_value FROM attempts") == 16)
    #expect(try bench.count("event") == 0)
    try bench.execute("DROP TRIGGER refuse ON twin_a; DROP TRIGGER refuse ON twin_b")
    #expect(bench.append(1) == .stored)
  }

  /// What commits for a node, on the thread of the test.
  private final class Bench {
    enum Outcome {
      case stored
      case duplicate
    }

    let make = TestEnvelopes()
    let way: TurnCounter
    let session: StoreSession
    private let connection: StoreConnection
    private let database: NodeBench
    private var writer: BatchWriter

    /// - Parameter hasOthers: There is another node, which stores nothing.
    init(hasOthers: Bool = false) throws {
      database = try NodeBench()
      way = try TurnCounter(to: database.database)
      let node = try database.node(address: way.address)
      connection = StoreConnection(node, patience: .patient)
      let clock = ManualClock()
      session = try StoreSession(
        connection, slot: 0, lastTick: node.lastTick, clock: clock, duplicateLimit: 1_000, isShared: true)
      let sharing = Sharing(
        session, LeaseSignal(isShared: true, wake: {}), clock: ManualClock(), patience: .seconds(60))
      let committer = PostgresCommitter(
        session: session, sharing: sharing, ages: AgeKeeper(session), clock: clock,
        word: Locked(KeepingWord()))
      writer = BatchWriter(committer, clock: clock)
      if hasOthers {
        try execute(
          """
          INSERT INTO node (slot, session, name, version, configuration, backend, last_tick, seen, started)
          VALUES (7, 1, 'other', '0', 'c1', 1, 0, now(), now())
          """)
      }
      try sharing.begin()
      let configured = Locked<Result<Void, StoreError>?>(nil)
      writer.configure(.test) { result in configured.withLock { $0 = result } }
      writer.write()
      try configured.withLock { $0 }?.get()
    }

    func end() { connection.leave() }

    /// - Parameter bytes: Stands for them.
    /// - Returns: nil: it was refused.
    func append(_ bytes: UInt64) -> Outcome? {
      let outcome = Locked<Outcome?>(nil)
      let call = AppendCall(make.envelope(bytes: bytes), late: { _ in }) { result in
        outcome.withLock {
          switch result {
          case .success(.stored): $0 = .stored
          case .success(.duplicate): $0 = .duplicate
          case .failure: $0 = nil
          }
        }
      }
      writer.append(call)
      writer.write()
      return outcome.withLock { $0 }
    }

    func execute(_ sql: String) throws { try database.connection().execute(sql, within: .patient) }

    func number(_ sql: String) throws -> Int64 { try database.rows(sql)[0].integer(0) }

    func count(_ table: String) throws -> Int64 { try number("SELECT count(*) FROM \(table)") }

    func insert(_ keys: [TwinKey]) throws {
      for table in TableNames().twins {
        var parameters = Parameters()
        parameters.add(array: keys)
        let insert = Statement(
          name: "keys_of_\(table)", sql: "INSERT INTO \(table) SELECT unnest($1::uuid[])", types: [.uuidArray]
        )
        _ = try database.connection().run(insert, parameters, within: .patient)
      }
    }

    /// Those of both tables.
    func keys() throws -> Set<TwinKey> {
      let tables = TableNames().twins.map { "SELECT key FROM \($0)" }
      return Set(try database.rows(tables.joined(separator: " UNION ")).map { TwinKey($0.eventID(0)) })
    }
  }
}
