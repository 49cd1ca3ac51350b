import RelayCore

/// A connection that looks, and its statements. Confined to the lookup's thread.
final class LookupSession {
  let connection: Connection
  let statements: LookupStatements
  let search: EventSearch
  private let clock: (any SteadyClock)?
  /// As it was when the present question was begun.
  private(set) var history = ClockHistory()

  /// - Parameters:
  ///   - clock: Knows what the wall clock showed; nil: the store's times are told as they are.
  ///   - file: Which file that is to be; nil: whichever.
  ///   - fileSystem: What it is on; nil: what the system says.
  init(
    path: String, clock: (any SteadyClock)? = nil, file: FileID? = nil, fileSystem: FileSystemKind? = nil
  ) throws(StoreError) {
    if let file, FileID.of(path: path) != .success(file) {
      throw StoreError(
        code: .lost, message: "the store's file \(path) is not the one that the relay writes to any more")
    }
    self.clock = clock
    let fileSystem = fileSystem ?? .of(file: path)
    connection = try Connection(
      path: path, readOnly: true, index: fileSystem.canFaultWhenFull ? .own : .shared)
    statements = try LookupStatements(connection)
    search = try EventSearch(connection)
  }

  /// From here to its end everything is read as it stands at one time.
  func begin() throws(StoreError) {
    try connection.execute("BEGIN")
    if let clock { history = clock.history }
  }

  func end() { try? connection.execute("COMMIT") }

  /// When each destination's oldest pending delivery was received, by the steady clock: the one that arrived first.
  func oldestPending() throws(StoreError) -> [String: Timestamp] {
    try begin()
    defer { end() }
    var oldest: [String: Timestamp] = [:]
    let unlisted = try oldestUnlisted()
    for (destination, name) in try destinations() {
      let rows = [
        unlisted[destination], try number(statements.oldestFresh, destination),
        try number(statements.oldestRetrying, destination), try number(statements.oldestWaiting, destination),
      ]
      guard let first = rows.compactMap({ $0 }).min(), let received = try number(statements.received, first)
      else { continue }
      oldest[name] = Timestamp(microseconds: received)
    }
    return oldest
  }

  /// By destination.
  private func oldestUnlisted() throws(StoreError) -> [Int64: Int64] {
    let query = statements.unlisted
    defer { query.reset() }
    var oldest: [Int64: Int64] = [:]
    while try query.step() {
      let destination = query.integer(1)
      if oldest[destination] == nil { oldest[destination] = query.integer(0) }
    }
    return oldest
  }

  func destinations() throws(StoreError) -> [(id: Int64, name: String)] {
    let query = statements.destinations
    defer { query.reset() }
    var destinations: [(Int64, String)] = []
    while try query.step() { destinations.append((query.integer(0), query.text(1)!)) }
    return destinations
  }

  /// The number that a query by one number finds.
  func number(_ query: Statement, _ value: Int64) throws(StoreError) -> Int64? {
    query.bind(1, value)
    return try query.firstInteger()
  }

  /// The numbers that a query finds.
  func numbers(_ query: Statement) throws(StoreError) -> [Int64] {
    defer { query.reset() }
    var numbers: [Int64] = []
    while try query.step() { numbers.append(query.integer(0)) }
    return numbers
  }
}

@available(*, unavailable)
extension LookupSession: Sendable {}
