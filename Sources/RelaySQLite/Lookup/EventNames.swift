import RelayCore
import RelayStoring

/// The names that numbers in events' rows stand for. They never change, so each is read once. Confined to the thread of its
/// connection.
final class EventNames {
  /// All that there are, by their rows.
  struct All {
    var sources: [(SourceRowID, String)] = []
    var routes: [(RouteRowID, String)] = []
    var destinations: [(DestinationRowID, String)] = []
  }

  private let allSources: Statement
  private let allRoutes: Statement
  private let allDestinations: Statement
  private var known = All()
  private var sources: [SourceRowID: String] = [:]
  private var routes: [String: String] = [:]
  private var destinations: [DestinationRowID: String] = [:]

  init(_ connection: Connection) throws(StoreError) {
    // What has been read is not read again: numbers rise.
    func names(_ table: String) throws(StoreError) -> Statement {
      try connection.prepare("SELECT id, name FROM \(table) WHERE id > ?1 ORDER BY id")
    }
    allSources = try names("source")
    allRoutes = try names("route")
    allDestinations = try names("destination")
  }

  /// As of now.
  func all() throws(StoreError) -> All {
    try add(allSources, to: &known.sources) { sources[$0] = $1 }
    try add(allRoutes, to: &known.routes) { routes[String($0.rawValue)] = $1 }
    try add(allDestinations, to: &known.destinations) { destinations[$0] = $1 }
    return known
  }

  private func add<Table>(
    _ query: Statement, to names: inout [(RowID<Table>, String)], _ keep: (RowID<Table>, String) -> Void
  ) throws(StoreError) {
    query.bind(1, names.last?.0.rawValue ?? 0)
    while try query.step() {
      let (row, name): (RowID<Table>, String) = (query.row(0), query.text(1)!)
      names.append((row, name))
      keep(row, name)
    }
  }

  // What has come since is read with the next `all`: it is within one transaction with what is asked here.

  func source(_ row: SourceRowID) -> String { sources[row] ?? "#\(row)" }

  func destination(_ row: DestinationRowID) -> String { destinations[row] ?? "#\(row)" }

  /// - Parameter numbers: Separated by spaces.
  func routes(_ numbers: String) -> [String] {
    numbers.split(separator: " ").map { routes[String($0)] ?? "#\($0)" }
  }
}

@available(*, unavailable)
extension EventNames: Sendable {}
