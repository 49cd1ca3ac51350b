import RelayCore
import RelayStoring

/// The open database, and the parts that write to it: each has a state of its own, and all share one connection and its
/// transactions. Confined to the store's thread.
final class StoreSession {
  let connection: Connection
  let files: StoreFiles
  let identity: StoreIdentity
  let transactions: Transactions

  // What is kept in memory of the tables.
  let names: NameTable
  let destinations: DestinationTable
  let numbers: RowNumbers
  let order: EventOrder
  let events: EventCache<EventRowID>
  let walked = WalkedDeliveries()
  let clock: ClockTable

  // What is done within transactions, and between them.
  let reader: DeliveryReader
  let claims: Claims
  let keys: OrderKeys
  let appender: Appender
  let settler: Settler
  let replays: ReplayQueuer
  let changes: DeliveryChanges
  let audit: AuditStatements
  /// What events are found by.
  let runs: RunStatements
  let tokens: TokenStatements
  private let gaps: GapStatements
  let eraser: Eraser

  /// - Parameters:
  ///   - gathersLog: False for tests that do without syncs.
  ///   - fileSystem: What it is on; nil: what the system says.
  ///   - migration: How one of an older release is brought up to date.
  init(
    path: String, duplicateLimit: Int, gathersLog: Bool = true, fileSystem: FileSystemKind? = nil,
    migration: MigrationSettings = MigrationSettings()
  ) throws(StoreError) {
    files = try StoreFiles(databasePath: path, fileSystem: fileSystem)
    try StoreMark(databasePath: files.databasePath).check()
    Backup.removeLeftover(beside: files.databasePath)
    connection = try Self.open(files, gathersLog: gathersLog, migration)
    identity = try Self.identity(of: connection, path: path, locked: files.lock.file)
    transactions = try Transactions(connection)
    names = try NameTable(connection, transactions)
    destinations = try DestinationRows(connection, transactions).table
    numbers = try RowNumbers(connection, transactions)
    order = EventOrder(highest: try EventSearch(connection).last(), transactions)
    events = EventCache()
    transactions.register(events)
    clock = try ClockTable(connection)
    transactions.register(clock)
    let duplicates = DuplicateIndex(limit: duplicateLimit, transactions)
    try duplicates.load(connection)
    let deliveries = try DeliveryStatements(connection)
    let envelopes = try EnvelopeStatements(connection)
    reader = DeliveryReader(names: names, events: events, statements: deliveries)
    claims = try Claims(
      connection, names: names, destinations: destinations, numbers: numbers, reader: reader, transactions)
    keys = try OrderKeys(connection, claims: claims)
    let inserter = try EnvelopeInserter(
      connection, names: names, destinations: destinations, numbers: numbers, order: order, claims: claims,
      keys: keys, walked: walked, deliveries: deliveries, envelopes: envelopes)
    appender = Appender(names: names, duplicates: duplicates, envelopes: envelopes, inserter: inserter)
    let replayStatements = try ReplayStatements(connection)
    let replayTable = try ReplayTable(replayStatements, transactions)
    gaps = try GapStatements(connection)
    settler = try Settler(
      connection, destinations: destinations, claims: claims, keys: keys, walked: walked, replays: replayTable
    )
    replays = try ReplayQueuer(
      connection, names: names, destinations: destinations, numbers: numbers, claims: claims, keys: keys,
      table: replayTable, replays: replayStatements, deliveries: deliveries)
    changes = try DeliveryChanges(
      connection, names: names, destinations: destinations, claims: claims, keys: keys, walked: walked,
      replays: replayTable)
    runs = try RunStatements(connection)
    audit = try AuditStatements(connection)
    tokens = try TokenStatements(connection)
    eraser = try Eraser(connection, cache: events)
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
  private static func open(
    _ files: StoreFiles, gathersLog: Bool, _ migration: MigrationSettings
  ) throws(StoreError) -> Connection {
    do throws(StoreError) {
      return try openOnce(files, gathersLog: gathersLog, migration)
    } catch {
      guard error.code == .full else { throw error }
      files.giveReserve()
      return try openOnce(files, gathersLog: gathersLog, migration)
    }
  }

  private static func openOnce(
    _ files: StoreFiles, gathersLog: Bool, _ migration: MigrationSettings
  ) throws(StoreError) -> Connection {
    let connection = try Connection(
      path: files.databasePath, gathersLog: gathersLog,
      index: files.fileSystem.canFaultWhenFull ? .own : .shared, lock: files.lock)
    try Schema.check(connection, path: files.databasePath)
    try Schema.configure(connection)
    try Migration(connection: connection, files: files, settings: migration).run()
    // The log is made with the first look at what is in it.
    _ = try connection.integer("SELECT count(*) FROM sqlite_master")
    try StoreMark(databasePath: files.databasePath).renew(connection)
    return connection
  }

  /// The store's files are no longer where they were: nothing is written or answered any more. It lasts.
  var loss: StoreError? { transactions.refusal }

  /// Whether what was committed is in the store that has the name: before anybody is told that it is kept.
  ///
  /// - Returns: Why that can't be seen just now; nil: it is.
  /// - Throws: `lost`: it is not. That lasts.
  func confirm() throws(StoreError) -> StoreError? {
    do throws(StoreError) {
      return try identity.check()
    } catch {
      transactions.refuseAll(error)
      connection.keepLogOnClose()
      throw error
    }
  }

  // MARK: Within a transaction

  func register(_ names: StoreNames) throws(StoreError) {
    try self.names.register(names)
    for name in names.destinations {
      destinations.add(name, row: self.names.destinations.row(of: name)!)
    }
  }

  func keep(_ gaps: [Gap]) throws(StoreError) {
    for gap in gaps { try self.gaps.keep(gap, source: gap.source.flatMap { names.sources.row(of: $0) }) }
  }

  /// From when the last run was last known to live, or began to stop, until now.
  ///
  /// - Parameter clock: As the last run has left it; nil: there was none.
  func downTime(since clock: KeptClock?, until now: Timestamp) throws(StoreError) -> Gap? {
    guard let clock else { return nil }
    let stopped = try gaps.stopBegan()
    // The clock is written less often than envelopes come.
    let lived = max(clock.steady, try gaps.newestEnvelope() ?? .epoch)
    let began = min(now, stopped ?? lived)
    return Gap(
      kind: .down, source: nil, began: began, ended: now, count: 0,
      reason: stopped == nil ? Gap.killed : Gap.stopped)
  }

  /// Changes what is kept of a destination over restarts.
  ///
  /// - Returns: Whether it was ever configured.
  @discardableResult
  func change(_ destination: String, _ body: (inout StoredDestination) -> Void) -> Bool {
    guard let row = names.destinations.row(of: destination) else { return false }
    destinations.change(row, body)
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

extension ClockTable: TransactionMember {}

extension EventCache: TransactionMember {
  func commit() {}

  /// What the failed transaction has made has gone, and the numbers of its rows will be given to others.
  func rollback() { removeAll() }
}
