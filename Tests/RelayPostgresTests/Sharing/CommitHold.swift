import RelayPostgresSupport
import Testing

@testable import RelayPostgres

/// Holds each commit of all nodes before its last statement, until it is let go: what a commit has written by then is there, and nobody sees
/// it.
final class CommitHold {
  private let bench: SharingBench
  private let connection: PostgresConnection

  init(_ bench: SharingBench) throws {
    self.bench = bench
    connection = try bench.connect()
    try connection.execute("BEGIN; LOCK TABLE book_delta_a, book_delta_b IN SHARE MODE", within: .patient)
  }

  /// Waits until so many commits, or more, have come to their last statement.
  func holds(_ count: Int) throws { try bench.wait(until: Self.waiting(for: "relation", count)) }

  /// Waits until so many commits, or more, wait for another one's end.
  func keepsOthersWaiting(_ count: Int) throws {
    try bench.wait(until: Self.waiting(for: "transactionid", count))
  }

  private static func waiting(for what: String, _ count: Int) -> String {
    """
    SELECT count(*) >= \(count) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock' AND wait_event = '\(what)'
    """
  }

  /// The server ends the sessions whose commits are held: nothing of these is ever seen.
  func abortAll() throws {
    _ = try bench.ask(
      """
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event_type = 'Lock' AND wait_event = 'relation'
      """)
  }

  func release() throws { try connection.execute("COMMIT", within: .patient) }

  deinit {
    connection.close()
  }
}
