import RelayPostgresSupport
import Testing

@testable import RelayPostgres

@Suite("Pipelines", .needsPostgres, .timeLimit(.minutes(15)))
struct PipelineTests {
  private let connection: PostgresConnection
  private let bench: WireBench

  init() throws {
    bench = try WireBench()
    connection = try bench.connectWithItems()
  }

  @Test func answersComeInTheOrderOfTheStatements() throws {
    var pipeline = Pipeline()
    pipeline.insert([1, 2, 3])
    pipeline.add(.countItems)
    pipeline.insert([4])
    pipeline.add(.countItems)
    let answers = try connection.run(pipeline, within: .patient)
    #expect(answers.map(\.affected) == [3, 1, 1, 1])
    #expect(answers.map(\.count) == [0, 1, 0, 1])
    #expect(answers[1][0].integer(0) == 3)
    #expect(answers[3][0].integer(0) == 4)
  }

  @Test func anEmptyPipelineAsksNobody() throws {
    connection.close()
    let answers = try connection.run(Pipeline(), within: .zero)
    #expect(answers.isEmpty)
  }

  @Test func anErrorRollsBackAllOfThePipelineAndTheConnectionGoesOn() throws {
    var pipeline = Pipeline()
    pipeline.insert([1])
    pipeline.insert([2, 2])
    pipeline.insert([3])
    pipeline.add(.countItems)
    let error = try #require(throws: PostgresError.self) {
      try connection.run(pipeline, within: .patient)
    }
    #expect(error.kind == .server(state: "23505"))
    #expect(error.state == "23505")
    #expect(error.message.contains("insert_items"))
    #expect(error.detail?.contains("(id)=(2)") == true)
    #expect(!"\(error)".contains("(id)=(2)"))
    #expect(!error.isUnknownOutcome)
    #expect(connection.isOpen)
    #expect(try connection.itemCount == 0)
    try connection.insert([5])
    #expect(try connection.itemCount == 1)
  }

  /// The statement itself succeeds: it is the commit that fails.
  @Test func anErrorOfTheCommitIsKnownToHaveRolledBack() throws {
    try connection.execute(
      """
      CREATE TABLE part (item int4 REFERENCES item DEFERRABLE INITIALLY DEFERRED)
      """, within: .patient)
    var pipeline = Pipeline()
    pipeline.insert([1])
    pipeline.add(Statement(name: "part", sql: "INSERT INTO part VALUES (7)"))
    let error = try #require(throws: PostgresError.self) {
      try connection.run(pipeline, within: .patient)
    }
    #expect(error.kind == .server(state: "23503"))
    #expect(!error.isUnknownOutcome)
    #expect(try connection.itemCount == 0)
  }

  @Test func aStatementIsPreparedOnceAlsoAfterAnError() throws {
    let wrong = Statement(name: "wrong", sql: "SELECT nothing FROM nowhere")
    var pipeline = Pipeline()
    pipeline.insert([1])
    pipeline.add(wrong)
    pipeline.add(.countItems)
    let error = try #require(throws: PostgresError.self) { try connection.run(pipeline, within: .patient) }
    #expect(error.kind == .server(state: "42P01"))
    #expect(error.message.contains("wrong"))
    // The first was prepared before the error and still is; the last was passed over, and is prepared now.
    var again = Pipeline()
    again.insert([1])
    again.add(.countItems)
    again.add(.countItems)
    let answers = try connection.run(again, within: .patient)
    #expect(answers[2][0].integer(0) == 1)
    let names = Statement(
      name: "names", sql: "SELECT name FROM pg_prepared_statements WHERE name LIKE '%items' ORDER BY name")
    #expect(
      try connection.run(names, within: .patient).map { $0.text(0) } == ["count_items", "insert_items"])
  }

  /// Neither side reads before it has written, if it waits for the other: much goes out while much comes in.
  @Test func muchGoesOutWhileMuchComesIn() throws {
    let echo = Statement(name: "echo", sql: "SELECT $1", types: [.bytea])
    let body = [UInt8](repeating: 7, count: 1 << 20)
    var parameters = Parameters()
    parameters.add(body)
    var pipeline = Pipeline()
    for _ in 0..<24 { pipeline.add(echo, parameters) }
    let answers = try connection.run(pipeline, within: .patient)
    #expect(answers.count == 24)
    #expect(answers.allSatisfy { $0[0].withBytes(0) { $0.elementsEqual(body) } == true })
  }

  @Test func severalStatementsAreExecutedAsOne() throws {
    try connection.execute(
      "INSERT INTO item VALUES (1); SELECT 1; INSERT INTO item VALUES (2)", within: .patient)
    #expect(try connection.itemCount == 2)
    let error = try #require(throws: PostgresError.self) {
      try connection.execute("INSERT INTO item VALUES (3); INSERT INTO item VALUES (1)", within: .patient)
    }
    #expect(error.kind == .server(state: "23505"))
    #expect(!error.isUnknownOutcome)
    #expect(try connection.itemCount == 2)
  }

  @Test func aTransactionThatSomebodyBeganHoldsSeveralPipelines() throws {
    try connection.execute("BEGIN", within: .patient)
    try connection.insert([1])
    try connection.insert([2])
    try connection.execute("ROLLBACK", within: .patient)
    #expect(try connection.itemCount == 0)
  }

  /// Nobody could answer it, so the connection is of no use any longer.
  @Test func aCopyIsRefused() throws {
    let error = try #require(throws: PostgresError.self) {
      try connection.execute("COPY item FROM STDIN", within: .patient)
    }
    #expect(error.kind == .connection)
    #expect(!connection.isOpen)
  }

  @Test func warningsAreNoErrors() throws {
    try connection.execute(
      """
      CREATE FUNCTION warn() RETURNS int8 LANGUAGE plpgsql AS $$
      BEGIN RAISE WARNING 'beware'; RAISE NOTICE 'note'; RETURN 1; END $$
      """, within: .patient)
    // Two with the state of a commit that no standby has confirmed.
    let warn = Statement(name: "warn", sql: "SELECT warn(), pg_advisory_unlock(7)")
    let rows = try connection.run(warn, within: .patient)
    #expect(rows[0].integer(0) == 1)
    #expect(!rows[0].bool(1))
  }

  @Test func whatIsLargerThanTheServerTakesIsRefusedBeforeItIsSent() throws {
    let echo = Statement(name: "length", sql: "SELECT length($1)", types: [.bytea])
    func pipeline(_ bytes: Int) -> Pipeline {
      var pipeline = Pipeline(largest: 1_000)
      var parameters = Parameters()
      parameters.add([UInt8](repeating: 1, count: bytes))
      pipeline.insert([1])
      pipeline.add(echo, parameters)
      return pipeline
    }
    let error = try #require(throws: PostgresError.self) {
      try connection.run(pipeline(1_001), within: .patient)
    }
    #expect(error.state == "54000")
    #expect(error.message.contains("length take 1001 bytes"))
    #expect(!error.isUnknownOutcome)
    // The connection goes on, and nothing of it was done.
    #expect(try connection.itemCount == 0)
    #expect(try connection.run(pipeline(1_000), within: .patient)[1][0].int32(0) == 1_000)
    // The server's own limit is just above ours.
    #expect(Pipeline.largestMessage < (1 << 30) - 2)
  }
}
