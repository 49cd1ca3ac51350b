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

  /// Gives a name a number, in the current transaction. Should that fail, `load` must be called again.
  func register(_ name: String, in kind: Kind, _ connection: Connection) throws(StoreError) {
    guard id(of: name, in: kind) == nil else { return }
    let insert = try connection.prepare(
      "INSERT INTO \(kind.rawValue) (\(kind.column)) VALUES (?1) RETURNING id")
    insert.bind(1, name)
    guard try insert.step() else { return }
    note(name, insert.integer(0), in: kind)
    insert.reset()
  }

  private func note(_ name: String, _ id: Int64, in kind: Kind) {
    ids[kind, default: [:]][name] = id
    names[kind, default: [:]][id] = name
  }
}

@available(*, unavailable)
extension NameTable: Sendable {}
