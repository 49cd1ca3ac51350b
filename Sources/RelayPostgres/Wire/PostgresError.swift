/// What the database server said, or the way to it.
package struct PostgresError: Error, Sendable, Equatable {
  package enum Kind: Sendable, Equatable {
    /// The server refused something, or ended the connection; with its SQLSTATE, five letters and digits.
    case server(state: String)
    /// There is no way to the server, or no longer.
    case connection
    /// It took longer than it may.
    case timedOut
    /// The address, or what it asks for, can't be right.
    case configuration
    /// The commit is on the primary's disk, and a standby has not confirmed it.
    case notReplicated
  }

  package var kind: Kind
  /// For people: what is wrong. Never holds a password.
  package var message: String
  /// What the server adds for who looks for the cause. It may quote values of a row, so it is no part of `description`.
  package var detail: String?
  /// What to do.
  package var hint: String?
  /// What was sent may have been done, or not: only the server's tables tell. With `notReplicated` it has been done, where the primary
  /// is not lost.
  package var isUnknownOutcome: Bool
  /// The table that the server's words are about; nil: about none.
  package var table: String?

  package init(
    _ kind: Kind, _ message: String, detail: String? = nil, hint: String? = nil,
    isUnknownOutcome: Bool = false, table: String? = nil
  ) {
    self.kind = kind
    self.message = message
    self.detail = detail
    self.hint = hint
    self.isUnknownOutcome = isUnknownOutcome
    self.table = table
  }

  /// The server's SQLSTATE, if it said something.
  package var state: String? {
    if case .server(let state) = kind { state } else { nil }
  }
}

extension PostgresError: CustomStringConvertible {
  package var description: String { hint.map { "\(message); \($0)" } ?? message }
}

extension PostgresError {
  /// - Parameter statement: By its name: the one that failed.
  init(_ message: ServerMessage, of statement: String? = nil, isUnknownOutcome: Bool = false) {
    let place = statement.map { ", of the statement \($0)" } ?? ""
    self.init(
      .server(state: message.state), "the database server says\(place): \(message.text) (\(message.state))",
      detail: message.detail, hint: message.hint ?? Self.advice(for: message.state),
      isUnknownOutcome: isUnknownOutcome, table: message.table)
  }

  init(notReplicated warning: ServerMessage) {
    self.init(
      .notReplicated, "no standby has confirmed the commit: \(warning.text)", detail: warning.detail,
      hint: "look at the standbys, and at synchronous_standby_names of the server", isUnknownOutcome: true)
  }

  /// What to do where the server has no hint of its own; nil: its words say it, or it is a fault of the relay.
  static func advice(for state: String) -> String? {
    switch state {
    case "28P01", "28000": "check user and password in the database's address, and the server's pg_hba.conf"
    case "3D000": "create the database, or name another one in the address"
    case "42501": "grant it to the user of the address, or name another user there"
    case "53100": "free some space on the server's disk"
    case "53200": "the server is out of memory: give it more"
    case "53300": "raise max_connections of the server, or end some of its connections"
    case "57014": "it took longer than it may: look at the server's load and its disk (pg_stat_activity)"
    case "57P01", "57P02", "57P03", "57P04": "the server ends, starts or fails over; it is tried again"
    case "25006": "the server is a standby, or read-only: name the primary in the address, too"
    case "08P01": "a proxy stands between that does not know the protocol: connect directly"
    default: nil
    }
  }

  /// The same may go well some time later, with nobody changing anything of the address: the server is not there yet, starts, fails over, or
  /// has too many connections.
  var mayPass: Bool {
    switch kind {
    case .connection, .timedOut, .notReplicated: true
    case .configuration: false
    case .server(let state): ["08", "53", "57"].contains(String(state.prefix(2)))
    }
  }

  static let closed = PostgresError(.connection, "the connection to the database server is closed")
}
