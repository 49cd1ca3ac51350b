import Glibc
import RelayPostgresSupport
import RelayThreads
import Testing

@testable import RelayPostgres

@Suite("Connections that are lost", .needsPostgres, .timeLimit(.minutes(15)))
struct LossTests {
  private let bench: WireBench
  private let connection: PostgresConnection
  /// Looks at the other one.
  private let witness: PostgresConnection

  init() throws {
    bench = try WireBench()
    connection = try bench.connectWithItems()
    witness = try bench.connect()
  }

  /// Runs what waits for a lock, on a thread of its own, and does something once it waits.
  private func failure(
    of pipeline: @autoclosure @escaping @Sendable () -> Pipeline, then act: (Int32) throws -> Void
  ) throws -> PostgresError? {
    let told = Monitor<Int32?>(nil)
    let ended = Monitor<PostgresError??>(nil)
    let address = bench.database.address
    let thread = WorkerThread(name: "waits") {
      do {
        let connection = try WireBench.connect(to: address)
        told.update { $0 = connection.backendID }
        _ = try connection.run(pipeline(), within: .patient)
        ended.update { $0 = .some(nil) }
      } catch {
        ended.update { $0 = .some(error as? PostgresError) }
      }
    }
    let backend = try #require(told.wait(timeout: .patient) { $0 })
    try witness.wait(until: backend, waitsFor: "advisory")
    try act(backend)
    thread.join()
    return try #require(ended.wait(timeout: .patient) { $0 })
  }

  private static var waitingPipeline: Pipeline {
    var pipeline = Pipeline()
    pipeline.insert([1])
    pipeline.add(Statement(name: "wait", sql: "SELECT pg_advisory_xact_lock(7)::text"))
    return pipeline
  }

  @Test func afterTheDeadlineTheOutcomeIsUnknown() throws {
    let backend = connection.backendID
    var pipeline = Pipeline()
    pipeline.insert([1])
    pipeline.sleep(seconds: 3_600)
    let begin = ContinuousClock.now
    let error = try #require(throws: PostgresError.self) {
      try connection.run(pipeline, within: .milliseconds(200))
    }
    #expect(ContinuousClock.now - begin >= .milliseconds(200))
    #expect(error.kind == .timedOut)
    #expect(error.isUnknownOutcome)
    #expect(!connection.isOpen)
    #expect(throws: PostgresError.closed) { try connection.execute("SELECT 1", within: .patient) }
    let isGone = try witness.terminate(backend)
    #expect(isGone)
    #expect(try witness.itemCount == 0)
  }

  @Test func theDeadlineOfSeveralStatementsLeavesTheirOutcomeUnknown() throws {
    let backend = connection.backendID
    let error = try #require(throws: PostgresError.self) {
      try connection.execute("SELECT pg_sleep(3600)", within: .milliseconds(200))
    }
    #expect(error.kind == .timedOut)
    #expect(error.isUnknownOutcome)
    let isGone = try witness.terminate(backend)
    #expect(isGone)
  }

  @Test func whatWasNotSentWhollyIsKnownNotToHaveHappened() throws {
    try connection.sendsInPart(within: .milliseconds(300), seenBy: witness)
  }

  @Test func aBackendThatIsEndedWhileItRunsIsKnownToHaveCommittedNothing() throws {
    try witness.execute("SELECT pg_advisory_lock(7)", within: .patient)
    let error = try #require(
      try failure(of: Self.waitingPipeline) { backend in
        let isGone = try witness.terminate(backend)
        #expect(isGone)
      })
    #expect(error.kind == .server(state: "57P01"))
    #expect(error.hint != nil)
    #expect(!error.isUnknownOutcome)
    #expect(try witness.itemCount == 0)
  }

  @Test func aBackendThatIsKilledLeavesTheOutcomeUnknown() throws {
    // Its server starts all anew.
    let own = try LossTests(on: PostgresServer(settings: PostgresServer.unsynced))
    try own.witness.execute("SELECT pg_advisory_lock(7)", within: .patient)
    let error = try #require(
      try own.failure(of: Self.waitingPipeline) { backend in kill(backend, SIGKILL) })
    #expect(error.kind == .connection)
    #expect(error.isUnknownOutcome)
  }

  @Test func aServerThatIsKilledLeavesTheOutcomeUnknown() throws {
    let server = try PostgresServer()
    let own = try LossTests(on: server)
    try own.connection.insert([7])
    try own.witness.execute("SELECT pg_advisory_lock(7)", within: .patient)
    let error = try #require(
      try own.failure(of: Self.waitingPipeline) { _ in try server.stop(.kill) })
    #expect(error.kind == .connection)
    #expect(error.isUnknownOutcome)
    // A connection on which nothing ran: what it sends now can't have happened.
    let idle = try #require(throws: PostgresError.self) { try own.connection.insert([8]) }
    #expect(idle.kind == .connection)
    #expect(!idle.isUnknownOutcome)
    try server.start()
    let after = try own.bench.connect()
    #expect(try after.itemCount == 1)
  }

  @Test func aBackendThatWasEndedBeforeIsKnownToHaveDoneNothing() throws {
    let isGone = try witness.terminate(connection.backendID)
    #expect(isGone)
    let error = try #require(throws: PostgresError.self) { try connection.insert([1]) }
    #expect(error.kind == .server(state: "57P01"))
    #expect(!error.isUnknownOutcome)
    #expect(!connection.isOpen)
    let again = try #require(throws: PostgresError.self) { try connection.insert([1]) }
    #expect(!again.isUnknownOutcome)
    #expect(try witness.itemCount == 0)
  }

  /// It was committed, and the answer is lost on its way.
  @Test func anAnswerThatIsLostLeavesTheOutcomeUnknown() throws {
    let counter = try TurnCounter(to: bench.database)
    let far = try WireBench.connect(to: counter.address)
    try far.insert([1])
    counter.withholdNextAnswer()
    let error = try #require(throws: PostgresError.self) { try far.insert([2]) }
    #expect(error.kind == .connection)
    #expect(error.isUnknownOutcome)
    #expect(try witness.itemCount == 2)
  }

  init(on server: PostgresServer) throws {
    bench = try WireBench(on: server)
    connection = try bench.connectWithItems()
    witness = try bench.connect()
  }
}
