import RelayCore
import RelayStoring
import RelayTestSupport
import Testing

@testable import RelaySQLite

struct TransactionsTests {
  /// Keeps what it is told, and whether the database was still in the transaction then.
  private final class Member: TransactionMember {
    private let connection: Connection
    private(set) var told: [String] = []
    var preparationFails = false

    init(_ connection: Connection, _ transactions: Transactions) {
      self.connection = connection
      transactions.register(self)
    }

    func prepare() throws(StoreError) {
      keep("prepare")
      if preparationFails { throw StoreError(code: .failing, message: "no such luck") }
    }

    func commit() { keep("commit") }
    func rollback() { keep("rollback") }

    private func keep(_ what: String) {
      told.append(what + (connection.isInTransaction ? " within" : " after"))
    }
  }

  private let connection: Connection
  private let transactions: Transactions
  private let members: [Member]

  init() throws {
    connection = try Connection(path: ":memory:")
    try connection.execute(
      """
      PRAGMA foreign_keys = ON; CREATE TABLE t (x INTEGER PRIMARY KEY);
      CREATE TABLE child (parent INTEGER REFERENCES t DEFERRABLE INITIALLY DEFERRED);
      """)
    transactions = try Transactions(connection)
    members = [Member(connection, transactions), Member(connection, transactions)]
  }

  private func count() throws -> Int64? { try connection.integer("SELECT count(*) FROM t") }

  @Test func whatIsCommittedIsCommittedInEveryMemberAfterTheDatabase() throws {
    let value = try transactions.run { () throws(StoreError) in
      try connection.execute("INSERT INTO t VALUES (1)")
      return 7
    }
    #expect(value == 7)
    #expect(try count() == 1)
    for member in members { #expect(member.told == ["prepare within", "commit after"]) }
  }

  @Test func aBodyThatThrowsLeavesNothing() throws {
    #expect(throws: StoreError.self) {
      try transactions.run { () throws(StoreError) in
        try connection.execute("INSERT INTO t VALUES (1)")
        throw StoreError(code: .failing, message: "no such luck")
      }
    }
    #expect(try count() == 0)
    for member in members { #expect(member.told == ["rollback after"]) }
  }

  @Test func aMemberThatCannotPrepareUndoesTheOthersToo() throws {
    members[1].preparationFails = true
    #expect(throws: StoreError.self) {
      try transactions.run { () throws(StoreError) in try connection.execute("INSERT INTO t VALUES (1)") }
    }
    #expect(try count() == 0)
    for member in members { #expect(member.told == ["prepare within", "rollback after"]) }
  }

  @Test func aCommitThatFailsUndoesEverything() throws {
    #expect(throws: StoreError.self) {
      try transactions.run { () throws(StoreError) in
        try connection.execute("INSERT INTO t VALUES (1); INSERT INTO child VALUES (9)")
      }
    }
    #expect(try count() == 0)
    for member in members { #expect(member.told == ["prepare within", "rollback after"]) }
    try transactions.run { () throws(StoreError) in try connection.execute("INSERT INTO t VALUES (2)") }
    #expect(try count() == 1)
  }

  @Test func onceTheyAreRefusedNoneIsBegun() throws {
    let loss = StoreError(code: .lost, message: "the store's file is another one")
    transactions.refuseAll(loss)
    var ran = false
    let error = #expect(throws: StoreError.self) { try transactions.run { ran = true } }
    #expect(error == loss && !ran)
  }

  /// Each part registers itself: one that did not would go on with what never came to the disk.
  @Test func aFailedTransactionLeavesNoTraceInAnyPartOfTheSession() throws {
    let bench = try SessionBench()
    let session = bench.session
    let held = try bench.stored(bench.make.envelope(to: ["crm", "bi"], bytes: 1))
    bench.release([held[1]])
    _ = try session.claims.claim(
      ClaimRequest(destination: "bi", kind: .fresh, now: .second(0), limit: 9, byteLimit: .max))
    #expect(session.events.event(1) != nil)
    let (books, claims, order) = (session.destinations.all, session.claims.entries, session.order.highest)
    let (event, delivery) = (session.numbers.nextEvent, session.numbers.nextDelivery)
    let new = StoreNames(sources: ["s"], destinations: ["d"], routes: ["r"], configuration: "c")
    let twin = bench.make.envelope(to: ["crm"], bytes: 2)
    // Known, but not to be told by that: it is stored anew.
    var tooLate = bench.make.envelope(to: ["crm"], bytes: 1)
    tooLate.fingerprint?.since = .distantFuture
    #expect(throws: StoreError.self) {
      try session.transactions.run { () throws(StoreError) in
        try session.register(new)
        _ = try session.settler.settle(held[0].settled(.delivered), settledAt: .second(1))
        _ = try session.appender.append(twin, now: .second(1))
        _ = try session.appender.append(tooLate, now: .second(1))
        _ = try session.replays.begin(NewReplay(plan: "lost", startedAt: .second(1)))
        throw StoreError(code: .failing, message: "no such luck")
      }
    }
    #expect(session.names.sources.row(of: "s") == nil && session.names.destinations.row(of: "d") == nil)
    #expect(session.names.routes.row(of: "r") == nil && session.names.configurations.row(of: "c") == nil)
    for (row, destination) in zip(Int64(1)..., books) {
      #expect(session.destinations[RowID(rawValue: row)] == destination)
    }
    #expect(session.destinations.all == books)
    #expect(session.claims.entries == claims)
    #expect(session.order.highest == order)
    #expect(session.numbers.nextEvent == event && session.numbers.nextDelivery == delivery)
    #expect(session.events.event(1) == nil)
    #expect(try bench.begin().id == 1)
    #expect(try bench.isDuplicate(bench.make.envelope(to: ["crm"], bytes: 1)))
    #expect(try !bench.isDuplicate(twin))
    #expect(try session.connection.integer("SELECT max(id) FROM envelope") == 2)
  }
}
