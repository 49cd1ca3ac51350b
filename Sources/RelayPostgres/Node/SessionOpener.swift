/// Opens the sessions of a node, and refuses a server that it can't work with.
struct SessionOpener: Sendable {
  let address: ServerAddress
  /// What the server's own tables show.
  let applicationName: String
  /// Of connecting, and of each call.
  var limit: Duration
  /// Of all of it together; nil: it has none.
  var deadline: Deadline?

  private var time: Duration { deadline.map { min(limit, $0.remaining) } ?? limit }

  /// Opens a session that has all its settings, and stays the same one.
  func open(_ purpose: SessionSettings.Purpose) throws(NodeError) -> PostgresConnection {
    let connection = try connect()
    do throws(NodeError) {
      // First of all: what is set of a session that a pooler lends stays with it, for whoever gets it next.
      try refusePooler(before: connection)
      try apply(SessionSettings(purpose, serverVersion: connection.serverVersion), to: connection)
    } catch {
      throw Self.poolerShows(in: error) ? .refused(.cannotOpen, ServerCheck.poolerRefusal) : error
    }
    return connection
  }

  /// What a session finds of its server, database and role.
  ///
  /// - Throws: `refused` where a node can't work with it.
  func inspect(_ connection: PostgresConnection) throws(NodeError) -> ServerFacts {
    var parameters = Parameters()
    parameters.add(Schema.name)
    let facts = ServerFacts(try ask(connection, ServerStatements.facts, parameters)[0])
    if let refusal = ServerCheck.refusal(facts) { throw .refused(.cannotOpen, refusal) }
    return facts
  }

  /// - Throws: `refused` where this role could not end the sessions of a node that is there, or that one's role not those of this one.
  func refuseForeignRoles(
    _ connection: PostgresConnection, key: StoreKey, _ facts: ServerFacts
  ) throws(NodeError) {
    var parameters = Parameters()
    parameters.add(key.value)
    let roles = try ask(connection, ServerStatements.roles, parameters).map {
      ServerFacts.OtherRole(name: $0.text(0), canBeEnded: $0.bool(1), canEnd: $0.bool(2))
    }
    if let refusal = ServerCheck.refusal(facts, others: roles) { throw .refused(.cannotOpen, refusal) }
  }

  private func connect() throws(NodeError) -> PostgresConnection {
    do throws(PostgresError) {
      return try PostgresConnection(address, applicationName: applicationName, within: time)
    } catch {
      // libpq's word where it looks for a server that takes writes, and finds one that does not.
      let isReadOnly = error.kind == .connection && error.message.contains("session is read-only")
      throw isReadOnly ? .refused(.cannotOpen, ServerCheck.readOnlyRefusal(address)) : .failed(error)
    }
  }

  private func apply(_ settings: SessionSettings, to connection: PostgresConnection) throws(NodeError) {
    let all = settings.settings + SessionSettings.keepalives
    var given = Parameters()
    given.add(array: all.map(\.name))
    given.add(array: all.map(\.value))
    _ = try ask(connection, ServerStatements.set, given)
    var asked = Parameters()
    asked.add(array: settings.settings.map(\.name))
    let values = try ask(connection, ServerStatements.show, asked).map { $0.optionalText(0) }
    if let refusal = ServerCheck.refusal(settings.refused(values)) { throw .refused(.cannotOpen, refusal) }
  }

  // MARK: Poolers

  /// A server tells a client the number of its session as it logs on; a pooler makes one up. Where one stands between, a second client keeps
  /// a transaction open: one that hands out sessions by the transaction gives it the first client's, or that one another.
  private func refusePooler(before connection: PostgresConnection) throws(NodeError) {
    let session = try backend(connection, 0)
    guard session != connection.backendID else { return }
    let other = try connect()
    defer { other.close() }
    for round in 1...3 {
      try asServer { () throws(PostgresError) in try other.execute("BEGIN", within: time) }
      let sessions = (try backend(connection, round), try backend(other, round))
      try asServer { () throws(PostgresError) in try other.execute("COMMIT", within: time) }
      guard sessions.0 == session, sessions.1 != session else {
        throw .refused(.cannotOpen, ServerCheck.poolerRefusal)
      }
    }
  }

  private func backend(_ connection: PostgresConnection, _ question: Int) throws(NodeError) -> Int32 {
    try ask(connection, ServerStatements.backend(question), Parameters())[0].int32(0)
  }

  /// A prepared statement that is not there, or already there, was made for another session; and a pooler that has no transactions at all
  /// says that they are against its protocol.
  private static func poolerShows(in error: NodeError) -> Bool {
    guard case .failed(let error) = error else { return false }
    return ["26000", "42P05", "08P01"].contains(error.state)
  }

  private func ask(
    _ connection: PostgresConnection, _ statement: Statement, _ parameters: Parameters
  ) throws(NodeError) -> Rows {
    try asServer { () throws(PostgresError) in try connection.run(statement, parameters, within: time) }
  }
}

extension ServerFacts {
  /// A row of `ServerStatements.facts`.
  init(_ row: Row) {
    self.init(
      version: Int(row.int32(0)), isStandby: row.bool(1), isReadOnly: row.bool(2), encoding: row.text(3),
      hasFsync: row.bool(4), hasFullPageWrites: row.bool(5), connectionLimit: Int(row.int32(6)),
      database: row.text(7), role: row.text(8), canCreateSchema: row.bool(9), hasSchema: row.bool(10),
      canUseSchema: row.bool(11), ownsTables: row.bool(12))
  }
}
