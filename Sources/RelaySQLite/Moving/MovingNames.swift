import RelayCore

/// The names that numbers in rows stand for.
struct MovingNames {
  private let sources: [Int64: String]
  private let destinations: [Int64: String]
  private let routes: [Int64: String]
  private let configurations: [Int64: String]

  init(_ connection: Connection) throws(StoreError) {
    sources = Dictionary(uniqueKeysWithValues: try Self.all("source", "name", connection))
    destinations = Dictionary(uniqueKeysWithValues: try Self.all("destination", "name", connection))
    routes = Dictionary(uniqueKeysWithValues: try Self.all("route", "name", connection))
    configurations = Dictionary(uniqueKeysWithValues: try Self.all("configuration", "hash", connection))
  }

  /// All of one kind, in the order in which they came to be.
  static func all(
    _ table: String, _ column: String, _ connection: Connection
  ) throws(StoreError) -> [(Int64, String)] {
    let query = try connection.prepare("SELECT id, \(column) FROM \(table) ORDER BY id")
    var names: [(Int64, String)] = []
    while try query.step() { names.append((query.integer(0), query.text(1) ?? "")) }
    return names
  }

  func source(_ row: Int64) throws(StoreError) -> String { try name(row, sources, "source") }
  func destination(_ row: Int64) throws(StoreError) -> String { try name(row, destinations, "destination") }
  func route(_ row: Int64) throws(StoreError) -> String { try name(row, routes, "route") }
  func configuration(_ row: Int64) throws(StoreError) -> String {
    try name(row, configurations, "configuration")
  }

  /// - Parameter rows: Numbers, separated by spaces.
  func routes(_ rows: String) throws(StoreError) -> [String] {
    var names: [String] = []
    for row in rows.split(separator: " ") { names.append(try route(Int64(row) ?? 0)) }
    return names
  }

  private func name(_ row: Int64, _ names: [Int64: String], _ kind: String) throws(StoreError) -> String {
    guard let name = names[row] else { throw .leadsNowhere("a row", "\(kind) \(row)") }
    return name
  }
}

extension StoreError {
  /// - Parameters:
  ///   - row: What leads there.
  ///   - missing: What is not there.
  static func leadsNowhere(_ row: String, _ missing: String) -> StoreError {
    StoreError(
      code: .failing,
      message:
        "the store is damaged: \(row) leads to the \(missing), which is missing; `huggy-relay store verify` says all "
        + "that is wrong, and what to do about it")
  }
}
