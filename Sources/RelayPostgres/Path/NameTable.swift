import RelayCore
import RelayStoring

/// The names of one kind, and the numbers that stand for them in rows. Confined to the store's thread.
struct Names {
  /// What the kind is called, as its table is.
  let kind: String
  private var rows: [String: Int32] = [:]
  private var names: [Int32: String] = [:]
  /// The last that was asked for: most of what is stored names what was named a moment ago.
  private var last: (name: String, row: Int32)?

  init(_ kind: String) {
    self.kind = kind
  }

  /// nil: it was never registered.
  mutating func row(of name: String) -> Int32? {
    if let last, last.name == name { return last.row }
    guard let row = rows[name] else { return nil }
    last = (name, row)
    return row
  }

  func knows(_ row: Int32) -> Bool { names[row] != nil }

  func name(of row: Int32) -> String { names[row] ?? "#\(row)" }

  /// All that there are, in the order in which they came to be.
  mutating func know(_ all: [(row: Int32, name: String)]) {
    for (row, name) in all { (rows[name], names[row]) = (row, name) }
  }
}

/// All kinds of names. They are registered by commits of their own, before what uses them is put together: to know a name that nothing
/// uses does no harm, and two nodes may come with the same one. Confined to the store's thread.
final class NameTable {
  private(set) var sources: Names
  private(set) var destinations: Names
  private(set) var routes: Names
  private(set) var configurations: Names
  private let statements: [NameStatements]
  private let connection: StoreConnection

  /// Reads what earlier runs have registered.
  init(_ tables: TableNames, _ connection: StoreConnection) throws(StoreError) {
    self.connection = connection
    let kinds = [tables.source, tables.destination, tables.route, tables.configuration]
    (sources, destinations) = (Names(kinds[0]), Names(kinds[1]))
    (routes, configurations) = (Names(kinds[2]), Names(kinds[3]))
    statements = kinds.map(NameStatements.init)
    try register([[], [], [], []], connection)
  }

  // MARK: Asking

  func source(_ name: String) -> Int32? { sources.row(of: name) }
  func destination(_ name: String) -> DestinationRowID? {
    destinations.row(of: name).map { DestinationRowID(rawValue: Int64($0)) }
  }
  func route(_ name: String) -> Int32? { routes.row(of: name) }
  func configuration(_ hash: String) -> Int32? { configurations.row(of: hash) }

  func know(destinations known: [(row: Int32, name: String)]) { destinations.know(known) }

  /// One that another node has registered since is read when it is first met.
  func source(of row: Int32) -> String {
    if !sources.knows(row) { try? register([[], [], [], []], connection) }
    return sources.name(of: row)
  }

  /// The numbers of several routes, as an array's text.
  func rows(ofRoutes names: [String]) -> String {
    if names.count == 1, let row = route(names[0]) { return "{\(row)}" }
    return "{\(names.compactMap { route($0).map(String.init) }.joined(separator: ","))}"
  }

  /// The first name in the envelope that was never registered, and its kind.
  func unknown(in envelope: NewEnvelope) -> (name: String, kind: String)? {
    if configuration(envelope.configuration) == nil { return (envelope.configuration, configurations.kind) }
    if source(envelope.context.source) == nil { return (envelope.context.source, sources.kind) }
    for event in envelope.events {
      if let route = event.routes.first(where: { self.route($0) == nil }) { return (route, routes.kind) }
      for delivery in event.deliveries {
        if destination(delivery.destination) == nil { return (delivery.destination, destinations.kind) }
        if route(delivery.route) == nil { return (delivery.route, routes.kind) }
      }
    }
    return nil
  }

  // MARK: Registering

  /// A commit of its own, where there is anything new.
  ///
  /// - Returns: Whether there was.
  @discardableResult
  func register(_ names: StoreNames, _ connection: StoreConnection) throws(StoreError) -> Bool {
    let new = [
      names.sources.filter { source($0) == nil }, names.destinations.filter { destination($0) == nil },
      names.routes.filter { route($0) == nil },
      configuration(names.configuration) == nil ? [names.configuration] : [],
    ]
    guard new.contains(where: { !$0.isEmpty }) else { return false }
    try register(new, connection)
    return true
  }

  /// The same for routes that no configuration names.
  func register(routes: [String], _ connection: StoreConnection) throws(StoreError) {
    try register([[], [], routes, []], connection)
  }

  /// - Parameter names: Of each kind those that are new.
  private func register(_ names: [[String]], _ connection: StoreConnection) throws(StoreError) {
    var pipeline = Pipeline()
    for (new, statements) in zip(names, statements) where !new.isEmpty {
      statements.register(new, in: &pipeline)
    }
    for statements in statements { statements.readAll(in: &pipeline) }
    let rows = try connection.run(pipeline).suffix(statements.count).map(NameStatements.names)
    sources.know(rows[0])
    destinations.know(rows[1])
    routes.know(rows[2])
    configurations.know(rows[3])
  }
}

@available(*, unavailable)
extension NameTable: Sendable {}
