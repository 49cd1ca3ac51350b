import RelayPostgresSupport
import Testing

@testable import RelayPostgres

@Suite("Notifications", .needsPostgres, .timeLimit(.minutes(15)))
struct NotificationTests {
  private let bench: WireBench
  private let listener: PostgresConnection
  private let speaker: PostgresConnection

  init() throws {
    bench = try WireBench()
    listener = try bench.connect()
    speaker = try bench.connect()
    try listener.execute("LISTEN news", within: .patient)
  }

  @Test func whatIsSaidComes() throws {
    #expect(listener.notifications().isEmpty)
    try speaker.execute("NOTIFY news, '1:2'; NOTIFY news, '3:4'", within: .patient)
    var heard: [Notification] = []
    let deadline = Deadline(after: .patient)
    while heard.count < 2, !deadline.isOver {
      try listener.wait(for: deadline.remaining)
      heard += listener.notifications()
    }
    let backend = speaker.backendID
    #expect(
      heard == [
        Notification(channel: "news", payload: "1:2", backendID: backend),
        Notification(channel: "news", payload: "3:4", backendID: backend),
      ])
    #expect(listener.notifications().isEmpty)
  }

  @Test func whatComesDuringAStatementIsKept() throws {
    try speaker.execute("NOTIFY news, 'a'", within: .patient)
    _ = try listener.run(Statement(name: "one", sql: "SELECT 1"), within: .patient)
    // It is there already, so nothing is waited for.
    try listener.wait(for: .seconds(3_600))
    #expect(listener.notifications().map(\.payload) == ["a"])
  }

  @Test func aWaitEndsWithItsTime() throws {
    let begin = ContinuousClock.now
    try listener.wait(for: .milliseconds(50))
    #expect(ContinuousClock.now - begin >= .milliseconds(50))
    #expect(listener.isOpen)
  }

  @Test func aWaitEndsWithTheConnection() throws {
    let isGone = try speaker.terminate(listener.backendID)
    #expect(isGone)
    let error = try #require(throws: PostgresError.self) {
      while true { try listener.wait(for: .patient) }
    }
    #expect(error.kind == .server(state: "57P01"))
    #expect(!error.isUnknownOutcome)
    #expect(!listener.isOpen)
  }
}
