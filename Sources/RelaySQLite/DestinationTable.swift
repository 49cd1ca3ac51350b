import RelayCore

/// Every destination that was ever configured, with its books: as the transaction under way has them, and as they
/// are on disk. Confined to the store's thread.
final class DestinationTable {
  /// An object: a value as large would be copied for each question.
  private final class Entry {
    var current: StoredDestination
    var committed: StoredDestination
    /// The transaction has changed it.
    var isChanged = false
    /// How often it is withheld.
    var withheld = 0
    /// Of pending and dead deliveries together.
    var maxBacklogBytes = Int.max
    /// What a reorder that is under way, or was cut off, orders by.
    var nextOrdering: Ordering?

    init(_ destination: StoredDestination, withheld: Int) {
      current = destination
      committed = destination
      self.withheld = withheld
    }
  }

  /// By their rows' ids, which are given out one after another.
  private var entries: [Entry?] = []
  private var changed: [Int64] = []
  /// Those that the transaction has made.
  private var added: [Int64] = []
  /// Also names that are not known yet.
  private var withheld: [String: Int] = [:]
  private let statements: DestinationStatements

  /// Reads what earlier runs have left.
  init(_ connection: Connection) throws(StoreError) {
    statements = try DestinationStatements(connection)
    let query = statements.all
    while try query.step() { add(StoredDestination(query), id: query.integer(0)) }
    added.removeAll()
  }

  subscript(_ id: Int64) -> StoredDestination { entries[Int(id)]!.current }

  /// As they are on disk, in the order in which they came to be.
  var all: [StoredDestination] { entries.compactMap { $0?.committed } }

  // MARK: Within a transaction

  func add(_ name: String, id: Int64) {
    guard id >= entries.count || entries[Int(id)] == nil else { return }
    add(StoredDestination(name: name), id: id)
  }

  private func add(_ destination: StoredDestination, id: Int64) {
    while entries.count <= id { entries.append(nil) }
    entries[Int(id)] = Entry(destination, withheld: withheld[destination.name] ?? 0)
    added.append(id)
  }

  func change(_ id: Int64, _ body: (inout StoredDestination) -> Void) {
    let entry = entries[Int(id)]!
    if !entry.isChanged {
      entry.isChanged = true
      changed.append(id)
    }
    body(&entry.current)
  }

  /// Writes what has changed: once per destination and transaction, however many deliveries it was.
  func write() throws(StoreError) {
    for id in changed { try statements.write(self[id], id: id) }
  }

  /// - Returns: Which destinations had deliveries go over their `max_backlog`, and how many.
  func commit() -> [(destination: String, count: Int)] {
    var overflows: [(destination: String, count: Int)] = []
    for id in changed {
      let entry = entries[Int(id)]!
      let count = entry.current.overflowed - entry.committed.overflowed
      if count > 0 { overflows.append((entry.current.name, count)) }
      entry.committed = entry.current
      entry.isChanged = false
    }
    changed.removeAll(keepingCapacity: true)
    added.removeAll(keepingCapacity: true)
    return overflows
  }

  func rollback() {
    for id in changed {
      entries[Int(id)]!.current = entries[Int(id)]!.committed
      entries[Int(id)]!.isChanged = false
    }
    for id in added { entries[Int(id)] = nil }
    changed.removeAll(keepingCapacity: true)
    added.removeAll(keepingCapacity: true)
  }

  // MARK: Limits

  func setMaxBacklog(_ bytes: Int, of id: Int64) { entries[Int(id)]!.maxBacklogBytes = bytes }

  func hasRoom(_ id: Int64, for bytes: Int) -> Bool {
    let entry = entries[Int(id)]!
    return entry.current.backlogBytes + bytes <= entry.maxBacklogBytes
  }

  /// The time on a clock that stands still while it is suspended.
  func serviceTime(of id: Int64, at time: Timestamp) -> Timestamp {
    entries[Int(id)]!.current.suspended.serviceTime(at: time)
  }

  // MARK: Order

  /// What arrives now is ordered by this: while a reorder is under way by what will be.
  func ordering(of id: Int64) -> Ordering {
    let entry = entries[Int(id)]!
    return entry.current.ordering ?? entry.nextOrdering ?? .none
  }

  func setNextOrdering(_ ordering: Ordering, of id: Int64) { entries[Int(id)]!.nextOrdering = ordering }

  // MARK: Withholding

  /// Whether its deliveries are handed out. Not while their order is being changed, also if that was cut off: they
  /// might come in the wrong one.
  func handsOut(_ id: Int64) -> Bool {
    let entry = entries[Int(id)]!
    return entry.withheld == 0 && entry.current.ordering != nil
  }

  func withhold(_ names: [String]) { for name in names { changeWithheld(name, by: 1) } }

  func handOut(_ names: [String]) { for name in names { changeWithheld(name, by: -1) } }

  private func changeWithheld(_ name: String, by step: Int) {
    let count = max(0, (withheld[name] ?? 0) + step)
    withheld[name] = count == 0 ? nil : count
    for place in entries.indices where entries[place]?.current.name == name {
      entries[place]!.withheld = count
    }
  }
}

@available(*, unavailable)
extension DestinationTable: Sendable {}
