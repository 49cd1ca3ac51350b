import Glibc
import Testing

@testable import RelayPostgres

extension PostgresConnection {
  /// Claims of what could not be sent wholly that it is known not to have happened: the server's process stands still, and takes only a part.
  /// What is left must not be sent as the connection is closed.
  ///
  /// - Parameter witness: Another connection to the same database, which has the table of items.
  func sendsInPart(within limit: Duration, seenBy witness: PostgresConnection) throws {
    let backend = backendID
    var pipeline = Pipeline()
    pipeline.insert([1])
    var parameters = Parameters()
    parameters.add([UInt8](repeating: 1, count: 16 << 20))
    pipeline.add(Statement(name: "long", sql: "SELECT length($1)", types: [.bytea]), parameters)
    kill(backend, SIGSTOP)
    let outcome = Result { try run(pipeline, within: limit) }
    kill(backend, SIGCONT)
    let error = try #require(throws: PostgresError.self) { try outcome.get() }
    #expect(error.kind == .timedOut)
    #expect(!error.isUnknownOutcome)
    #expect(!isOpen)
    // It ends by itself: its client has gone in the middle of a message.
    let gone = Statement(
      name: "gone", sql: "SELECT count(*) FROM pg_stat_activity WHERE pid = $1", types: [.int4])
    var process = Parameters()
    process.add(backend)
    let deadline = Deadline(after: .patient)
    while try witness.run(gone, process, within: .patient)[0].integer(0) > 0 {
      try #require(!deadline.isOver, "the server's process does not notice that its client has gone")
    }
    #expect(try witness.itemCount == 0)
  }
}
