import RelayCore

/// Every destination that was ever configured, with its books: as the transaction under way has them, and as they
/// are kept. Confined to the store's thread.
package final class DestinationTable {
  /// An object: a value as large would be copied for each question.
  private final class Entry {
    var current: StoredDestination
    var committed: StoredDestination
    /// The transaction has changed it.
    var isChanged = false
    /// How often it is held.
    var held = 0
    /// How many bytes its pending and dead deliveries may have together.
    var maxBacklogBytes = Int.max
    /// What a reorder that is under way, or was cut off, orders by.
    var nextOrdering: Ordering?

    init(_ destination: StoredDestination, held: Int) {
      current = destination
      committed = destination
      self.held = held
    }
  }

  /// What a transaction does to one.
  package struct Change {
    package var row: DestinationRowID
    package var before: StoredDestination
    package var after: StoredDestination
  }

  /// By their rows' ids, which are given out one after another.
  private var entries: [Entry?] = []
  private var changed: [DestinationRowID] = []
  /// Those that the transaction has made.
  private var added: [DestinationRowID] = []
  /// Which had deliveries go over their `max_backlog` with the last transaction, and how many.
  package private(set) var overflows: [(destination: String, count: Int)] = []
  /// Also names that are not known yet.
  private var held: [String: Int] = [:]

  /// - Parameter kept: What earlier runs have left.
  package init(_ kept: [(row: DestinationRowID, destination: StoredDestination)]) {
    for (row, destination) in kept { add(destination, row: row) }
    added.removeAll()
  }

  package subscript(_ row: DestinationRowID) -> StoredDestination { entry(row).current }

  private func entry(_ row: DestinationRowID) -> Entry { entries[Int(row.rawValue)]! }

  /// As they are kept, in the order in which they came to be.
  package var all: [StoredDestination] { entries.compactMap { $0?.committed } }

  /// The same with their rows.
  package var known: [(row: DestinationRowID, destination: StoredDestination)] {
    entries.enumerated().compactMap { place, entry in
      entry.map { (DestinationRowID(rawValue: Int64(place)), $0.committed) }
    }
  }

  /// What others have made of them, and which others there are by now: between transactions.
  package func refresh(_ kept: [(row: DestinationRowID, destination: StoredDestination)]) {
    for (row, destination) in kept {
      let place = Int(row.rawValue)
      if place < entries.count, let entry = entries[place] {
        (entry.current, entry.committed) = (destination, destination)
      } else {
        add(destination, row: row)
      }
    }
    added.removeAll(keepingCapacity: true)
  }

  // MARK: Within a transaction

  package func add(_ name: String, row: DestinationRowID) {
    let place = Int(row.rawValue)
    guard place >= entries.count || entries[place] == nil else { return }
    add(StoredDestination(name: name), row: row)
  }

  private func add(_ destination: StoredDestination, row: DestinationRowID) {
    let place = Int(row.rawValue)
    while entries.count <= place { entries.append(nil) }
    entries[place] = Entry(destination, held: held[destination.name] ?? 0)
    added.append(row)
  }

  package func change(_ row: DestinationRowID, _ body: (inout StoredDestination) -> Void) {
    let entry = entry(row)
    if !entry.isChanged {
      entry.isChanged = true
      changed.append(row)
    }
    body(&entry.current)
  }

  /// What the transaction has to write: once for each destination, however many deliveries it was.
  package var changes: [Change] {
    changed.map { Change(row: $0, before: entry($0).committed, after: entry($0).current) }
  }

  package func commit() {
    overflows.removeAll(keepingCapacity: true)
    for row in changed {
      let entry = entry(row)
      let count = entry.current.overflowed - entry.committed.overflowed
      if count > 0 { overflows.append((entry.current.name, count)) }
      entry.committed = entry.current
      entry.isChanged = false
    }
    changed.removeAll(keepingCapacity: true)
    added.removeAll(keepingCapacity: true)
  }

  package func rollback() {
    for row in changed {
      let entry = entry(row)
      entry.current = entry.committed
      entry.isChanged = false
    }
    for row in added { entries[Int(row.rawValue)] = nil }
    changed.removeAll(keepingCapacity: true)
    added.removeAll(keepingCapacity: true)
  }

  // MARK: Limits

  package func setMaxBacklog(_ bytes: Int, of row: DestinationRowID) { entry(row).maxBacklogBytes = bytes }

  package func hasRoom(_ row: DestinationRowID, for bytes: Int) -> Bool {
    let entry = entry(row)
    return entry.current.backlogBytes + bytes <= entry.maxBacklogBytes
  }

  /// Whether a replay may add that much: half of the room is left to what arrives.
  package func hasRoomForReplay(_ row: DestinationRowID, for bytes: Int) -> Bool {
    let entry = entry(row)
    return entry.current.backlogBytes + bytes <= entry.maxBacklogBytes / 2
  }

  /// The time on a clock that stands still while it is suspended.
  package func serviceTime(of row: DestinationRowID, at time: Timestamp) -> Timestamp {
    entry(row).current.suspended.serviceTime(at: time)
  }

  // MARK: Order

  /// What arrives now is ordered by this: while a reorder is under way by what will be.
  package func ordering(of row: DestinationRowID) -> Ordering {
    let entry = entry(row)
    return entry.current.ordering ?? entry.nextOrdering ?? .none
  }

  package func setNextOrdering(_ ordering: Ordering, of row: DestinationRowID) {
    entry(row).nextOrdering = ordering
  }

  // MARK: Withholding

  /// Whether nothing of it is handed out. So it is also while their order is being changed, and after that was cut off: they
  /// might come in the wrong one.
  package func isWithheld(_ row: DestinationRowID) -> Bool {
    let entry = entry(row)
    return entry.held > 0 || entry.current.ordering == nil
  }

  package func hold(_ names: [String]) { for name in names { changeHold(name, by: 1) } }

  /// Ends one `hold`: they nest.
  package func resume(_ names: [String]) { for name in names { changeHold(name, by: -1) } }

  private func changeHold(_ name: String, by step: Int) {
    let count = max(0, (held[name] ?? 0) + step)
    held[name] = count == 0 ? nil : count
    for place in entries.indices where entries[place]?.current.name == name {
      entries[place]!.held = count
    }
  }
}

@available(*, unavailable)
extension DestinationTable: Sendable {}
