import Testing

@testable import RelayPostgres

@Suite("Deadlines while something comes all the time", .timeLimit(.minutes(15)))
struct FloodTests {
  private func connect(to server: FloodingServer, within time: Duration) throws -> PostgresConnection {
    try PostgresConnection(server.address, applicationName: "x", within: time)
  }

  @Test func aLogOnThatNeverEndsIsLeftInTime() throws {
    let server = try FloodingServer(.atLogOn)
    let error = try #require(throws: PostgresError.self) {
      try connect(to: server, within: .milliseconds(300))
    }
    #expect(error.kind == .timedOut)
  }

  @Test func anAnswerThatNeverComesIsNotWaitedForBeyondTheDeadline() throws {
    let server = try FloodingServer(.atQuestion)
    let connection = try connect(to: server, within: .patient)
    let error = try #require(throws: PostgresError.self) {
      try connection.run(Statement(name: "one", sql: "SELECT 1"), within: .milliseconds(300))
    }
    #expect(error.kind == .timedOut)
    #expect(error.isUnknownOutcome)
    #expect(!connection.isOpen)
  }

  @Test func whatComesByItselfKeepsNoStatementBeyondItsDeadline() throws {
    let server = try FloodingServer(.afterLogOn)
    let connection = try connect(to: server, within: .patient)
    let error = try #require(throws: PostgresError.self) {
      try connection.execute("SELECT 1", within: .milliseconds(300))
    }
    #expect(error.kind == .timedOut)
    #expect(!connection.isOpen)
  }
}
