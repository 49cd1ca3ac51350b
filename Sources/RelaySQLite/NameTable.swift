import RelayCore

/// Names and the numbers that stand for them in rows. Confined to the store's thread.
final class NameTable {
  enum Kind: Int, CaseIterable {
    case source, destination, route, configuration

    var table: String {
      switch self {
      case .source: "source"
      case .destination: "destination"
      case .route: "route"
      case .configuration: "configuration"
      }
    }

    var column: String { self == .configuration ? "hash" : "name" }

    func names(of names: StoreNames) -> [String] {
      switch self {
      case .source: names.sources
      case .destination: names.destinations
      case .route: names.routes
      case .configuration: [names.configuration]
      }
    }
  }

  /// By kind.
  private var ids: [[String: Int64]] = Kind.allCases.map { _ in [:] }
  private var names: [[Int64: String]] = Kind.allCases.map { _ in [:] }
  /// Names that the transaction has added.
  private var added: [(name: String, id: Int64, kind: Kind)] = []

  /// The last that was asked for, by kind: most of what is stored names what was named a moment ago.
  private var last: [(name: String, id: Int64)?] = Kind.allCases.map { _ in nil }

  func id(of name: String, in kind: Kind) -> Int64? {
    if let last = last[kind.rawValue], last.name == name { return last.id }
    guard let id = ids[kind.rawValue][name] else { return nil }
    last[kind.rawValue] = (name, id)
    return id
  }

  func name(of id: Int64, in kind: Kind) -> String { names[kind.rawValue][id] ?? "#\(id)" }

  /// The numbers of several names, separated by spaces. (A lazy chain of the library takes a tenth of an append.)
  func ids(of names: [String], in kind: Kind) -> String {
    if names.count == 1, let id = id(of: names[0], in: kind) { return String(id) }
    var text = ""
    for name in names {
      guard let id = id(of: name, in: kind) else { continue }
      if !text.isEmpty { text += " " }
      text += String(id)
    }
    return text
  }

  /// Reads what earlier runs have registered.
  func load(_ connection: Connection) throws(StoreError) {
    for kind in Kind.allCases {
      let query = try connection.prepare("SELECT id, \(kind.column) FROM \(kind.table)")
      while try query.step() { note(query.text(1)!, query.integer(0), in: kind) }
    }
  }

  /// The first name in the envelope that was never registered.
  func unknown(in envelope: NewEnvelope) -> (name: String, kind: Kind)? {
    if id(of: envelope.configuration, in: .configuration) == nil {
      return (envelope.configuration, .configuration)
    }
    let source = envelope.context.source
    if id(of: source, in: .source) == nil { return (source, .source) }
    for event in envelope.events {
      if let route = event.routes.first(where: { id(of: $0, in: .route) == nil }) { return (route, .route) }
      for delivery in event.deliveries {
        let (destination, route) = (delivery.destination, delivery.route)
        if id(of: destination, in: .destination) == nil { return (destination, .destination) }
        if id(of: route, in: .route) == nil { return (route, .route) }
      }
    }
    return nil
  }

  /// Gives a name a number, in the current transaction: `commit` or `rollback` follows.
  func register(_ name: String, in kind: Kind, _ connection: Connection) throws(StoreError) {
    guard id(of: name, in: kind) == nil else { return }
    let insert = try connection.prepare(
      "INSERT INTO \(kind.table) (\(kind.column)) VALUES (?1) RETURNING id")
    insert.bind(1, name)
    guard try insert.step() else { return }
    let id = insert.integer(0)
    insert.reset()
    note(name, id, in: kind)
    added.append((name, id, kind))
  }

  func commit() {
    added.removeAll()
  }

  /// Forgets what the failed transaction has added: its numbers will be given to other names.
  func rollback() {
    last = Kind.allCases.map { _ in nil }
    for (name, id, kind) in added {
      ids[kind.rawValue][name] = nil
      names[kind.rawValue][id] = nil
    }
    added.removeAll()
  }

  private func note(_ name: String, _ id: Int64, in kind: Kind) {
    ids[kind.rawValue][name] = id
    names[kind.rawValue][id] = name
  }
}

@available(*, unavailable)
extension NameTable: Sendable {}
