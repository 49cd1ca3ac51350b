/// Reads libpq's words for a connection that did not come to be.
enum ConnectionFailure {
  /// - Parameter text: `connection to server at "db" (10.1.2.3), port 5432 failed: FATAL:  28P01: password …`, and more lines. What is wrong
  ///   with the options, before any server is asked, begins otherwise.
  static func error(for text: String) -> PostgresError {
    let first = String(text.prefix { $0 != "\n" })
    guard first.hasPrefix("connection to server") else {
      return PostgresError(
        .configuration, "the database's address is not right: \(first)",
        hint: "its options are libpq's: https://www.postgresql.org/docs/current/libpq-connect.html")
    }
    guard let (before, state, after) = parted(first) else {
      return PostgresError(
        .connection, first, hint: "is it running, and is it there that the address says?")
    }
    return PostgresError(
      .server(state: state), "\(before)\(after) (\(state))", hint: PostgresError.advice(for: state))
  }

  /// What stands before the severity, the SQLSTATE, and what stands behind it; nil: the server said nothing. The severity is in the server's
  /// language.
  private static func parted(_ line: String) -> (before: String, state: String, after: String)? {
    guard let match = line.firstMatch(of: #/^(.* failed: )\p{L}+:  ([0-9A-Z]{5}): (.*)$/#) else { return nil }
    return (String(match.1), String(match.2), String(match.3))
  }
}
