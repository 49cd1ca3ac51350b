import RelayCore

/// The open database and what it takes to write to it. Confined to the store's thread.
///
/// **Order**, as the tables have it after every transaction: of the pending deliveries of one order key the one with
/// the lowest id is fresh or retrying, all others are waiting, whoever is claimed. So a crash leaves nothing to be
/// put right. That a key's first is not handed out while another of it is claimed (it was in flight when a person
/// put an earlier one back, or when the order was changed) is known in memory alone.
final class StoreSession {
  let connection: Connection
  let files: StoreFiles
  let identity: StoreIdentity
  /// The store's files are no longer where they were: nothing is written or answered any more. It lasts.
  private(set) var loss: StoreError?
  let names: NameTable
  let destinations: DestinationTable
  let statements: StoreStatements
  let changes: ChangeStatements
  let clock: ClockTable
  var duplicates: DuplicateIndex
  var claims = ClaimTable()
  var backlogs = BacklogTable()
  var events = EventCache()
  var damage = DamageNotes()
  /// What the last claim has found of times beyond its `latestDue`: for a `BringInJob`.
  var retriesTooFarOff: (destination: String, latest: Timestamp)?
  /// No delivery before this one is unlisted, the transaction under way included.
  var unlistedFrom: Int64
  /// The rows' numbers as they are on disk: they go on from there, also if a restart comes after a failure.
  private var committed: (envelope: Int64, event: Int64, delivery: Int64, unlistedFrom: Int64)
  var order: EventOrder
  let walked = WalkedDeliveries()
  var nextEnvelope: Int64
  var nextEvent: Int64
  /// The last delivery's id, the transaction under way included.
  var nextDelivery: Int64

  /// - Parameters:
  ///   - gathersLog: False for tests that do without syncs.
  ///   - fileSystem: What it is on; nil: what the system says.
  init(
    path: String, duplicateLimit: Int, gathersLog: Bool = true, fileSystem: FileSystemKind? = nil
  ) throws(StoreError) {
    files = try StoreFiles(databasePath: path, fileSystem: fileSystem)
    try StoreMark(databasePath: files.databasePath).check()
    Backup.removeLeftover(beside: files.databasePath)
    connection = try Self.open(files, gathersLog: gathersLog)
    identity = try Self.identity(of: connection, path: path, locked: files.lock.file)
    names = NameTable()
    try names.load(connection)
    destinations = try DestinationTable(connection)
    statements = try StoreStatements(connection)
    changes = try ChangeStatements(connection)
    clock = try ClockTable(connection)
    order = EventOrder(highest: try EventSearch(connection).last())
    nextEnvelope = try connection.integer("SELECT max(id) FROM envelope") ?? 0
    nextEvent = try connection.integer("SELECT max(id) FROM event") ?? 0
    nextDelivery = try connection.integer("SELECT max(id) FROM delivery") ?? 0
    unlistedFrom = try connection.integer("SELECT first FROM unlisted") ?? 0
    committed = (nextEnvelope, nextEvent, nextDelivery, unlistedFrom)
    duplicates = DuplicateIndex(limit: duplicateLimit)
    try loadDuplicates(limit: duplicateLimit)
    try returnUnlisted()
  }

  /// Which files are open. By the name that was given, since a restart goes by it.
  static func identity(
    of connection: Connection, path: String, locked: FileID
  ) throws(StoreError) -> StoreIdentity {
    do throws(StoreError) {
      return try StoreIdentity(databasePath: path, logPath: connection.logPath, locked: locked)
    } catch {
      // It may be another file's by now.
      connection.keepLogOnClose()
      throw error
    }
  }

  /// The database, brought up to date. A disk without room is given what was set aside on it.
  private static func open(_ files: StoreFiles, gathersLog: Bool) throws(StoreError) -> Connection {
    do throws(StoreError) {
      return try openOnce(files, gathersLog: gathersLog)
    } catch {
      guard error.code == .full else { throw error }
      files.giveReserve()
      return try openOnce(files, gathersLog: gathersLog)
    }
  }

  private static func openOnce(_ files: StoreFiles, gathersLog: Bool) throws(StoreError) -> Connection {
    let connection = try Connection(
      path: files.databasePath, gathersLog: gathersLog,
      index: files.fileSystem.canFaultWhenFull ? .own : .shared, lock: files.lock)
    try Schema.check(connection, path: files.databasePath)
    try Schema.configure(connection)
    try Schema.migrate(connection)
    // The log is made with the first look at what is in it.
    _ = try connection.integer("SELECT count(*) FROM sqlite_master")
    try StoreMark(databasePath: files.databasePath).renew(connection)
    return connection
  }

  private func loadDuplicates(limit: Int) throws(StoreError) {
    let query = try connection.prepare(
      """
      SELECT id, substr(hash, 1, 8), source FROM envelope
      WHERE id > (SELECT max(id) FROM envelope) - \(limit) AND hash IS NOT NULL ORDER BY id
      """)
    while try query.step() {
      let key = DuplicateIndex.key(query.bytes(1)!, source: query.integer(2))
      duplicates.insert(key, row: query.integer(0))
    }
    duplicates.commit()
  }

  // MARK: Transactions

  func begin() throws(StoreError) {
    if let loss { throw loss }
    connection.forgetErrors()
    try statements.begin.run()
  }

  /// After this the transaction is on disk, with its books.
  ///
  /// - Returns: Which destinations had deliveries go over their `max_backlog`, and how many.
  @discardableResult
  func commit() throws(StoreError) -> [(destination: String, count: Int)] {
    try destinations.write()
    try statements.commit.run()
    duplicates.commit()
    names.commit()
    claims.commit()
    order.commit()
    clock.commit()
    committed = (nextEnvelope, nextEvent, nextDelivery, unlistedFrom)
    return destinations.commit()
  }

  /// Whether what was committed is in the store that has the name: before anybody is told that it is kept.
  ///
  /// - Returns: Why that can't be seen just now; nil: it is.
  /// - Throws: `lost`: it is not. That lasts.
  func confirm() throws(StoreError) -> StoreError? {
    do throws(StoreError) {
      return try identity.check()
    } catch {
      loss = error
      connection.keepLogOnClose()
      throw error
    }
  }

  func rollback() {
    connection.rollBack()
    duplicates.rollback()
    names.rollback()
    claims.rollback()
    order.rollback()
    clock.rollback()
    events.removeAll()  // Their rows' numbers will be given to others.
    (nextEnvelope, nextEvent, nextDelivery, unlistedFrom) = committed
    destinations.rollback()
  }

  /// Before anybody is told that what it did is kept, `confirm`.
  ///
  /// - Parameter committed: Told what went over its `max_backlog`, once that is on disk.
  func transaction<Value>(
    committed: ([(destination: String, count: Int)]) -> Void = { _ in },
    _ body: () throws(StoreError) -> Value
  ) throws(StoreError) -> Value {
    do throws(StoreError) {
      try begin()
      let value = try body()
      committed(try commit())
      return value
    } catch {
      rollback()
      throw error
    }
  }

  // MARK: Within a transaction

  func register(_ names: StoreNames) throws(StoreError) {
    for kind in NameTable.Kind.allCases {
      for name in kind.names(of: names) { try self.names.register(name, in: kind, connection) }
    }
    for name in names.destinations { destinations.add(name, id: self.names.id(of: name, in: .destination)!) }
  }

  /// Changes what is kept of a destination over restarts.
  ///
  /// - Returns: Whether it was ever configured.
  @discardableResult
  func change(_ destination: String, _ body: (inout StoredDestination) -> Void) -> Bool {
    guard let id = names.id(of: destination, in: .destination) else { return false }
    destinations.change(id, body)
    return true
  }

  /// Writes a page: whether the store takes writes. There and back, since SQLite writes nothing for a row that stays as it
  /// is.
  func probe() throws(StoreError) {
    try connection.execute("UPDATE unlisted SET first = first + 1; UPDATE unlisted SET first = first - 1")
  }
}

@available(*, unavailable)
extension StoreSession: Sendable {}
