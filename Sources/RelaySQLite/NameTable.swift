import RelayCore

/// Names and the numbers that stand for them in rows. Confined to the store's thread.
final class NameTable {
  enum Kind: String, CaseIterable {
    case source, destination, route, configuration

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

  private var ids: [Kind: [String: Int64]] = [:]
  private var names: [Kind: [Int64: String]] = [:]
  var activeConfiguration: Int64?
  private var committedConfiguration: Int64?
  /// Names that the transaction has added.
  private var added: [(name: String, id: Int64, kind: Kind)] = []

  func id(of name: String, in kind: Kind) -> Int64? { ids[kind]?[name] }

  func name(of id: Int64, in kind: Kind) -> String { names[kind]?[id] ?? "#\(id)" }

  /// The numbers of several names, separated by spaces.
  func ids(of names: [String], in kind: Kind) -> String {
    names.lazy.compactMap { self.id(of: $0, in: kind).map { String($0) } }.joined(separator: " ")
  }

  /// Reads what earlier runs have registered.
  func load(_ connection: Connection) throws(StoreError) {
    for kind in Kind.allCases {
      let query = try connection.prepare("SELECT id, \(kind.column) FROM \(kind.rawValue)")
      while try query.step() { note(query.text(1)!, query.integer(0), in: kind) }
    }
  }

  /// The first name in the envelope that was never registered.
  func unknown(in envelope: NewEnvelope) -> (name: String, kind: Kind)? {
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
      "INSERT INTO \(kind.rawValue) (\(kind.column)) VALUES (?1) RETURNING id")
    insert.bind(1, name)
    guard try insert.step() else { return }
    let id = insert.integer(0)
    insert.reset()
    note(name, id, in: kind)
    added.append((name, id, kind))
  }

  func commit() {
    committedConfiguration = activeConfiguration
    added.removeAll()
  }

  /// Forgets what the failed transaction has added: its numbers will be given to other names.
  func rollback() {
    activeConfiguration = committedConfiguration
    for (name, id, kind) in added {
      ids[kind]?[name] = nil
      names[kind]?[id] = nil
    }
    added.removeAll()
  }

  private func note(_ name: String, _ id: Int64, in kind: Kind) {
    ids[kind, default: [:]][name] = id
    names[kind, default: [:]][id] = name
  }
}

@available(*, unavailable)
extension NameTable: Sendable {}
