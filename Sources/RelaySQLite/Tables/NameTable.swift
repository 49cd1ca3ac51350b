import RelayCore
import RelayStoring

/// The names of one kind, and the numbers that stand for them in rows. Confined to the store's thread.
final class Names<Table>: TransactionMember {
  /// What the kind is called, as its table is.
  let kind: String
  private let column: String
  private let connection: Connection
  private var rows: [String: RowID<Table>] = [:]
  private var names: [RowID<Table>: String] = [:]
  /// Those that the transaction has added.
  private var added: [(name: String, row: RowID<Table>)] = []
  /// The last that was asked for: most of what is stored names what was named a moment ago.
  private var last: (name: String, row: RowID<Table>)?

  /// Reads what earlier runs have registered.
  init(
    _ kind: String, column: String = "name", _ connection: Connection, _ transactions: Transactions
  ) throws(StoreError) {
    self.kind = kind
    self.column = column
    self.connection = connection
    let query = try connection.prepare("SELECT id, \(column) FROM \(kind)")
    while try query.step() { add(query.text(1)!, query.row(0)) }
    transactions.register(self)
  }

  /// nil: it was never registered.
  func row(of name: String) -> RowID<Table>? {
    if let last, last.name == name { return last.row }
    guard let row = rows[name] else { return nil }
    last = (name, row)
    return row
  }

  func name(of row: RowID<Table>) -> String { names[row] ?? "#\(row)" }

  /// Gives a name a number, within a transaction.
  func register(_ name: String) throws(StoreError) {
    guard row(of: name) == nil else { return }
    let insert = try connection.prepare("INSERT INTO \(kind) (\(column)) VALUES (?1) RETURNING id")
    insert.bind(1, name)
    guard try insert.step() else { return }
    let row: RowID<Table> = insert.row(0)
    insert.reset()
    add(name, row)
    added.append((name, row))
  }

  func commit() { added.removeAll() }

  /// Forgets what the failed transaction has added: its numbers will be given to other names.
  func rollback() {
    last = nil
    for (name, row) in added {
      rows[name] = nil
      names[row] = nil
    }
    added.removeAll()
  }

  private func add(_ name: String, _ row: RowID<Table>) {
    rows[name] = row
    names[row] = name
  }
}

@available(*, unavailable)
extension Names: Sendable {}

/// All names that rows use instead of text.
final class NameTable {
  let sources: Names<Tables.Source>
  let destinations: Names<Tables.Destination>
  let routes: Names<Tables.Route>
  let configurations: Names<Tables.Configuration>

  init(_ connection: Connection, _ transactions: Transactions) throws(StoreError) {
    sources = try Names("source", connection, transactions)
    destinations = try Names("destination", connection, transactions)
    routes = try Names("route", connection, transactions)
    configurations = try Names("configuration", column: "hash", connection, transactions)
  }

  /// Within a transaction.
  func register(_ names: StoreNames) throws(StoreError) {
    for name in names.sources { try sources.register(name) }
    for name in names.destinations { try destinations.register(name) }
    for name in names.routes { try routes.register(name) }
    try configurations.register(names.configuration)
  }

  /// The numbers of several routes, separated by spaces. (A lazy chain of the library takes a tenth of an append.)
  func rows(ofRoutes names: [String]) -> String {
    if names.count == 1, let row = routes.row(of: names[0]) { return String(row.rawValue) }
    var text = ""
    for name in names {
      guard let row = routes.row(of: name) else { continue }
      if !text.isEmpty { text += " " }
      text += String(row.rawValue)
    }
    return text
  }

  /// The first name in the envelope that was never registered, and its kind.
  func unknown(in envelope: NewEnvelope) -> (name: String, kind: String)? {
    if configurations.row(of: envelope.configuration) == nil {
      return (envelope.configuration, configurations.kind)
    }
    let source = envelope.context.source
    if sources.row(of: source) == nil { return (source, sources.kind) }
    for event in envelope.events {
      if let route = event.routes.first(where: { routes.row(of: $0) == nil }) { return (route, routes.kind) }
      for delivery in event.deliveries {
        let (destination, route) = (delivery.destination, delivery.route)
        if destinations.row(of: destination) == nil { return (destination, destinations.kind) }
        if routes.row(of: route) == nil { return (route, routes.kind) }
      }
    }
    return nil
  }
}

@available(*, unavailable)
extension NameTable: Sendable {}
