import RelayCore

/// Which store a database holds.
struct StoreMark: Sendable, Equatable {
  let id: EventID
  let version: Int
}

/// Brings the schema of a database to this release's version: all of it, or nothing.
///
/// Nodes that start together take turns: the first one changes the schema, the others find it changed.
struct Migration {
  /// One key for all stores of a database, in the room of keys of 64 bits, where no other lock of ours is: `huggyrly`.
  private static let lockKey = 0x6875_6767_7972_6C79

  let connection: PostgresConnection
  /// Of each call that only looks.
  let limit: Duration
  /// Of each change, and of waiting for another node that makes one.
  let changeLimit: Duration
  /// A node that stands still in the middle of a change is ended by the server after so long, so that the others can make it.
  let idleLimit: Duration
  /// Each brings the store one version further.
  let migrations: [String]

  init(
    _ connection: PostgresConnection, within limit: Duration,
    changesWithin changeLimit: Duration = .seconds(3_600),
    idleWithin idleLimit: Duration = .seconds(60), migrations: [String] = Schema.migrations
  ) {
    self.connection = connection
    self.limit = limit
    self.changeLimit = changeLimit
    self.idleLimit = idleLimit
    self.migrations = migrations
  }

  /// - Throws: `refused`, `newerSchema`: a later release has changed it.
  func run() throws(NodeError) -> StoreMark {
    if let mark = try find(), mark.version == migrations.count { return mark }
    do throws(NodeError) {
      try begin()
      // Another node may have been quicker.
      let version = try mark()?.version ?? 0
      if version < migrations.count { try change(from: version) }
      try execute("COMMIT")
    } catch {
      // The first error is what counts; the connection may be gone.
      try? connection.execute("ROLLBACK", within: limit)
      throw error
    }
    guard let mark = try find() else {
      throw .refused(.cannotOpen, "the store's tables were removed while they were being made; start again")
    }
    return mark
  }

  /// Which store is there, without changing anything; nil: none. It may be of an older version.
  ///
  /// - Throws: `refused`, `newerSchema`.
  func find() throws(NodeError) -> StoreMark? {
    guard let mark = try mark() else { return nil }
    return try known(mark)
  }

  /// Begins the transaction, and waits until no other node makes a change.
  func begin() throws(NodeError) {
    try execute("BEGIN")
    try execute("SET LOCAL idle_in_transaction_session_timeout = \(idleLimit.microseconds / 1_000)")
    try allowTime()
    try execute("SELECT pg_advisory_xact_lock(\(Self.lockKey))")
  }

  private func change(from version: Int) throws(NodeError) {
    if try !hasSchema() { try execute("CREATE SCHEMA \(Schema.name)") }
    for migration in migrations[version...] { try execute(migration) }
    try execute(
      version == 0
        ? "INSERT INTO store (version) VALUES (\(migrations.count))"
        : "UPDATE store SET version = \(migrations.count)")
  }

  /// nil: there is none yet.
  private func mark() throws(NodeError) -> StoreMark? {
    guard try ask(SchemaStatements.hasStore).bool(0) else { return nil }
    let row = try ask(SchemaStatements.mark)
    return StoreMark(id: row.eventID(0), version: Int(row.int32(1)))
  }

  private func hasSchema() throws(NodeError) -> Bool { try ask(SchemaStatements.hasSchema).bool(0) }

  /// A store may be newer than the release, when it was updated and then the older release was started again.
  private func known(_ mark: StoreMark) throws(NodeError) -> StoreMark {
    guard mark.version <= migrations.count else {
      throw .refused(
        .newerSchema,
        "the store has schema \(mark.version), which a newer release has made, and this one knows it up to "
          + "\(migrations.count): run the newer release, or restore the backup that was made before it")
    }
    return mark
  }

  /// A change of a large table takes longer than a transaction of the path may.
  private func allowTime() throws(NodeError) {
    if connection.serverVersion >= 170_000 { try execute("SET LOCAL transaction_timeout = 0") }
  }

  private func ask(_ statement: Statement) throws(NodeError) -> Row {
    try asServer { () throws(PostgresError) in try connection.run(statement, Parameters(), within: limit)[0] }
  }

  private func execute(_ sql: String) throws(NodeError) {
    try asServer { () throws(PostgresError) in try connection.execute(sql, within: changeLimit) }
  }
}
