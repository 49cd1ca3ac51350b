import RelayCore

/// The deliveries that the store knows of in memory: those that lanes have (in a window, in flight, or not settled yet), each
/// with what its settlement needs to know, so that it needs no reading; and those that came back and stand in no index.
///
/// What a transaction changes here is undone if it fails: `Claims` sees to that.
struct ClaimTable {
  /// As `Claims` has them in its drawing.
  enum State {
    /// Its lane has it, and it stands in an index.
    case claimed
    /// Its lane has it, and it stands in none.
    case claimedUnlisted
    /// It stands in no index, and is nobody's: its lane has given it back.
    case returned
  }

  struct Entry: Equatable {
    var destination: DestinationRowID
    /// What the delivery counts in the books.
    var bytes: Int
    /// When the delivery's envelope was.
    var received: Timestamp
    var orderKey: String?
    /// Never attempted.
    var isFresh: Bool
    var run = 0
    var state = State.claimed

    var queue: DeliveryQueue { DeliveryQueue(run: run) }
    var key: OrderKey? { orderKey.map { OrderKey(destination: destination, text: $0, queue: queue) } }
  }

  private(set) var entries: [DeliveryID: Entry] = [:]
  /// How many of each key are claimed. One at most, but for those that were in flight when their key came about.
  private var keys: [OrderKey: Int] = [:]
  /// What the transaction has put in (nil) and taken out.
  private var changes: [(delivery: DeliveryID, taken: Entry?)] = []

  var isEmpty: Bool { entries.isEmpty }

  func contains(_ delivery: DeliveryID) -> Bool { entries[delivery] != nil }

  /// Whether one of the key is claimed.
  func holds(_ key: OrderKey) -> Bool { keys[key] != nil }

  mutating func add(_ delivery: DeliveryID, _ entry: Entry) {
    put(delivery, entry)
    changes.append((delivery, nil))
  }

  mutating func take(_ delivery: DeliveryID) -> Entry? {
    guard let entry = remove(delivery) else { return nil }
    changes.append((delivery, entry))
    return entry
  }

  mutating func change(_ delivery: DeliveryID, _ body: (inout Entry) -> Void) {
    guard var entry = take(delivery) else { return }
    body(&entry)
    add(delivery, entry)
  }

  mutating func commit() {
    changes.removeAll(keepingCapacity: true)
  }

  mutating func rollback() {
    for change in changes.reversed() {
      if let entry = change.taken { put(change.delivery, entry) } else { _ = remove(change.delivery) }
    }
    changes.removeAll(keepingCapacity: true)
  }

  private mutating func put(_ delivery: DeliveryID, _ entry: Entry) {
    let previous = entries.updateValue(entry, forKey: delivery)
    assert(previous == nil, "delivery \(delivery) is claimed twice")
    if let key = entry.key { keys[key, default: 0] += 1 }
  }

  private mutating func remove(_ delivery: DeliveryID) -> Entry? {
    guard let entry = entries.removeValue(forKey: delivery) else { return nil }
    if let key = entry.key {
      let rest = keys[key]! - 1
      keys[key] = rest == 0 ? nil : rest
    }
    return entry
  }
}
