import RelayPostgresSupport
import Testing

@testable import RelayPostgres

@Suite("Connections with TLS", .needsPostgres, .timeLimit(.minutes(15)))
struct EncryptedTests {
  private static let server = Result<PostgresServer, any Error> {
    try PostgresServer(settings: PostgresServer.unsynced, takesTLS: true)
  }

  private let bench: WireBench
  /// Looks at the other one, without TLS.
  private let witness: PostgresConnection
  private let connection: PostgresConnection

  init() throws {
    let server = try Self.server.get()
    bench = try WireBench(on: server)
    witness = try bench.connectWithItems()
    connection = try WireBench.connect(
      to: ServerAddress(url: server.urlWithTLS(database: bench.database.name)))
    let isEncrypted = Statement(
      name: "encrypted", sql: "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
    #expect(try connection.run(isEncrypted, within: .patient)[0].bool(0))
  }

  /// Records of TLS end elsewhere than messages and what is read at once.
  @Test func largeRowsComeWhole() throws {
    let echo = Statement(name: "echo", sql: "SELECT $1", types: [.bytea])
    var pipeline = Pipeline()
    let sizes = [0, 1, 8_000, 16_384, 16_385, 70_000, 1 << 20, (3 << 20) + 7]
    for size in sizes {
      var parameters = Parameters()
      parameters.add([UInt8](repeating: UInt8(size & 0xFF), count: size))
      for _ in 0..<3 { pipeline.add(echo, parameters) }
    }
    for _ in 0..<4 {
      let answers = try connection.run(pipeline, within: .patient)
      #expect(answers.map { $0[0].withBytes(0) { $0.count } } == sizes.flatMap { [$0, $0, $0] })
      for (answer, size) in zip(answers, sizes.flatMap { [$0, $0, $0] }) {
        #expect(answer[0].withBytes(0) { $0.allSatisfy { $0 == UInt8(size & 0xFF) } } == true)
      }
    }
  }

  @Test func manyRowsComeWhole() throws {
    let series = Statement(
      name: "series", sql: "SELECT n, repeat('x', (n % 3000)::int4) FROM generate_series(1, 30000) n")
    let rows = try connection.run(series, within: .patient)
    #expect(rows.count == 30_000)
    var wrong = 0
    for (place, row) in rows.enumerated() {
      let number = place + 1
      if Int(row.integer(0)) != number || row.text(1).utf8.count != number % 3_000 { wrong += 1 }
    }
    #expect(wrong == 0)
  }

  @Test func afterTheDeadlineTheOutcomeIsUnknown() throws {
    var pipeline = Pipeline()
    pipeline.insert([1])
    pipeline.sleep(seconds: 3_600)
    let error = try #require(throws: PostgresError.self) {
      try connection.run(pipeline, within: .milliseconds(200))
    }
    #expect(error.kind == .timedOut)
    #expect(error.isUnknownOutcome)
    #expect(!connection.isOpen)
  }

  @Test func whatWasNotSentWhollyIsKnownNotToHaveHappened() throws {
    try connection.sendsInPart(within: .milliseconds(500), seenBy: witness)
  }
}
