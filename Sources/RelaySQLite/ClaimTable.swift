import RelayCore

/// Whose deliveries wait for one another.
///
/// Equal byte for byte, as in SQLite: texts that only look alike are keys of their own.
struct OrderKey: Hashable {
  /// The destination's row.
  var destination: Int64
  var text: String

  static func == (a: OrderKey, b: OrderKey) -> Bool {
    a.destination == b.destination && a.text.utf8.elementsEqual(b.text.utf8)
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(destination)
    for byte in text.utf8 { hasher.combine(byte) }
  }
}

/// The deliveries that are out of the store's hands (in a lane's window, in flight, or not settled yet), each with
/// what its settlement needs to know: so that it needs no reading.
///
/// What a transaction changes here is undone if it fails.
struct ClaimTable {
  struct Entry: Equatable {
    /// The destination's row.
    var destination: Int64
    /// What the delivery counts in the books.
    var bytes: Int
    /// When the delivery's envelope was.
    var received: Timestamp
    var orderKey: String?
    /// Never attempted.
    var isFresh: Bool
    /// It stands in an index: see `StoreSession.unlistedState`.
    var isListed = true
    /// Its lane has given it back, unlisted as it is: it is nobody's, and known here alone.
    var isReturned = false

    var key: OrderKey? { orderKey.map { OrderKey(destination: destination, text: $0) } }
  }

  private(set) var entries: [Int64: Entry] = [:]
  /// How many of each key are claimed. One at most, but for those that were in flight when their key came about.
  private var keys: [OrderKey: Int] = [:]
  /// What the transaction has put in (nil) and taken out.
  private var changes: [(row: Int64, taken: Entry?)] = []

  var isEmpty: Bool { entries.isEmpty }

  func contains(_ row: Int64) -> Bool { entries[row] != nil }

  /// Whether one of the key is claimed.
  func holds(_ key: OrderKey) -> Bool { keys[key] != nil }

  mutating func add(_ row: Int64, _ entry: Entry) {
    put(row, entry)
    changes.append((row, nil))
  }

  mutating func take(_ row: Int64) -> Entry? {
    guard let entry = remove(row) else { return nil }
    changes.append((row, entry))
    return entry
  }

  mutating func change(_ row: Int64, _ body: (inout Entry) -> Void) {
    guard var entry = take(row) else { return }
    body(&entry)
    add(row, entry)
  }

  mutating func commit() {
    changes.removeAll(keepingCapacity: true)
  }

  mutating func rollback() {
    for change in changes.reversed() {
      if let entry = change.taken { put(change.row, entry) } else { _ = remove(change.row) }
    }
    changes.removeAll(keepingCapacity: true)
  }

  private mutating func put(_ row: Int64, _ entry: Entry) {
    let previous = entries.updateValue(entry, forKey: row)
    assert(previous == nil, "delivery \(row) is claimed twice")
    if let key = entry.key { keys[key, default: 0] += 1 }
  }

  private mutating func remove(_ row: Int64) -> Entry? {
    guard let entry = entries.removeValue(forKey: row) else { return nil }
    if let key = entry.key {
      let rest = keys[key]! - 1
      keys[key] = rest == 0 ? nil : rest
    }
    return entry
  }
}
