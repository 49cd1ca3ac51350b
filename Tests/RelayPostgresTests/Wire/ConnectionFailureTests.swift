import Testing

@testable import RelayPostgres

@Suite("Connections that did not come to be", .timeLimit(.minutes(15)))
struct ConnectionFailureTests {
  @Test(arguments: ["FATAL", "ФАТАЛЬНАЯ"])
  func theServersStateIsReadFromLibpqsWords(_ severity: String) {
    let error = ConnectionFailure.error(
      for: """
        connection to server at "db" (10.1.2.3), port 5432 failed: \(severity):  28P01: password authentication failed for user "x"
        LOCATION:  auth_failed, auth.c:331
        """)
    #expect(error.kind == .server(state: "28P01"))
    #expect(
      error.message
        == #"connection to server at "db" (10.1.2.3), port 5432 failed: password authentication failed for user "x" (28P01)"#
    )
    #expect(error.hint?.contains("password") == true)
  }

  @Test func whereNoServerAnswersThereIsNoState() {
    let error = ConnectionFailure.error(
      for: """
        connection to server at "db" (10.1.2.3), port 5432 failed: Connection refused
        \tIs the server running on that host and accepting TCP/IP connections?
        """)
    #expect(error.kind == .connection)
    #expect(
      error.message
        == #"connection to server at "db" (10.1.2.3), port 5432 failed: Connection refused"#)
  }

  /// As libpq says it.
  @Test(arguments: [
    ("fe_sendauth: no password supplied", "passfile"),
    (#"root certificate file "ca.pem" does not exist"#, "sslrootcert"),
    ("server does not support SSL, but SSL was required", "sslmode=disable"),
    ("SSL error: certificate verify failed", "sslrootcert"),
    (
      #"server certificate for "localhost" does not match host name "127.0.0.1""#,
      "the name that its certificate has"
    ),
    ("Connection refused", "is it running"),
  ])
  func whatToDoGoesByWhatLibpqSays(text: String, hint: String) {
    let error = ConnectionFailure.error(
      for: "connection to server at \"db\" (10.1.2.3), port 5432 failed: \(text)\n")
    #expect(error.kind == .connection && error.hint?.contains(hint) == true)
  }

  @Test func whatIsWrongBeforeAnyServerIsAskedIsOfTheConfiguration() {
    let error = ConnectionFailure.error(for: "invalid sslmode value: \"x\"\n")
    #expect(error.kind == .configuration)
    #expect(error.message.contains(#"invalid sslmode value: "x""#))
  }
}
