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
      return PostgresError(.connection, first, hint: hint(for: first))
    }
    return PostgresError(
      .server(state: state), "\(before)\(after) (\(state))", hint: PostgresError.advice(for: state))
  }

  /// What to do where the server itself has said nothing.
  private static func hint(for line: String) -> String {
    switch line {
    case _ where line.contains("no password supplied"):
      "give a password in store.url, or a file of passwords by its option passfile"
    case _ where line.contains("root certificate file"):
      "the option sslrootcert of store.url names the file of its authority; a relative path is relative to the configuration file"
    case _ where line.contains("does not support SSL"):
      "let it speak TLS (ssl = on), or ask for none: sslmode=disable"
    case _ where line.contains("certificate verify failed"):
      "its certificate is of no authority in the file that sslrootcert names, or not valid now"
    case _ where line.contains("does not match host name"):
      "call it by the name that its certificate has; sslmode=verify-ca does not compare names"
    default: "is it running, and is it there that the address says?"
    }
  }

  /// What stands before the severity, the SQLSTATE, and what stands behind it; nil: the server said nothing. The severity is in the server's
  /// language.
  private static func parted(_ line: String) -> (before: String, state: String, after: String)? {
    guard let match = line.firstMatch(of: #/^(.* failed: )\p{L}+:  ([0-9A-Z]{5}): (.*)$/#) else { return nil }
    return (String(match.1), String(match.2), String(match.3))
  }
}
