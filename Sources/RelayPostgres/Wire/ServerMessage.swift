import CPostgres

/// An error or a notice, as the server sent it.
struct ServerMessage: Sendable, Equatable {
  /// `ERROR`, `FATAL`, `PANIC`, `WARNING`, `NOTICE` …, in English whatever the server's language.
  var severity: String
  /// Five letters and digits: the SQLSTATE.
  var state: String
  var text: String
  /// May quote values of a row.
  var detail: String?
  var hint: String?
  /// The function of the server's source that it comes from; nil: it was not told.
  var function: String?
  /// The table that it is about, such as the one whose unique key was violated; nil: about none.
  var table: String?

  init(
    severity: String, state: String, text: String, detail: String? = nil, hint: String? = nil,
    function: String? = nil, table: String? = nil
  ) {
    self.severity = severity
    self.state = state
    self.text = text
    self.detail = detail
    self.hint = hint
    self.function = function
    self.table = table
  }

  /// nil: the result is no message of the server, but libpq's own.
  init?(_ result: OpaquePointer?) {
    func field(_ code: UInt8) -> String? {
      PQresultErrorField(result, Int32(code)).map { String(cString: $0) }
    }
    guard let state = field(UInt8(ascii: "C")) else { return nil }
    self.init(
      severity: field(UInt8(ascii: "V")) ?? field(UInt8(ascii: "S")) ?? "ERROR", state: state,
      text: field(UInt8(ascii: "M")) ?? "", detail: field(UInt8(ascii: "D")), hint: field(UInt8(ascii: "H")),
      function: field(UInt8(ascii: "R")), table: field(UInt8(ascii: "t")))
  }

  /// The server ended the connection with it.
  var isFatal: Bool { severity == "FATAL" || severity == "PANIC" }

  /// The commit is on the primary's disk, and somebody ended its wait for a standby.
  ///
  /// Its SQLSTATE, 01000, does not tell: any function of a database may raise it, and so do `pg_advisory_unlock` and `pg_terminate_backend`
  /// where there is nothing to unlock or to end.
  var saysNotReplicated: Bool { severity == "WARNING" && function == "SyncRepWaitForLSN" }
}
