import RelayCore

/// The deliveries that the store knows of in memory: those that lanes have (in a window, in flight, or not settled yet), each
/// with what its settlement needs to know, so that it needs no reading; and those that came back and stand in no index.
///
/// What a transaction changes here is undone if it fails: whose it is sees to that.
package struct ClaimTable {
  /// Who holds it. `Session/Claims.swift` of RelaySQLite has a drawing.
  package enum State {
    /// Its lane has it, and it stands in an index.
    case claimed
    /// Its lane has it, and it stands in none.
    case claimedUnlisted
    /// It stands in no index, and is nobody's: its lane has given it back.
    case returned
  }

  package struct Entry: Equatable {
    package var destination: DestinationRowID
    /// What the delivery counts in the books.
    package var bytes: Int
    /// When the delivery's envelope was.
    package var received: Timestamp
    package var orderKey: String?
    /// Never attempted.
    package var isFresh: Bool
    package var run = 0
    package var state = State.claimed

    package init(
      destination: DestinationRowID, bytes: Int, received: Timestamp, orderKey: String?, isFresh: Bool,
      run: Int = 0, state: State = .claimed
    ) {
      self.destination = destination
      self.bytes = bytes
      self.received = received
      self.orderKey = orderKey
      self.isFresh = isFresh
      self.run = run
      self.state = state
    }

    package var queue: DeliveryQueue { DeliveryQueue(run: run) }
    package var key: OrderKey? { orderKey.map { OrderKey(destination: destination, text: $0, queue: queue) } }
  }

  package private(set) var entries: [DeliveryID: Entry] = [:]
  /// How many of each key are claimed. One at most, but for those that were in flight when their key came about.
  private var keys: [OrderKey: Int] = [:]
  /// What the transaction has put in (nil) and taken out.
  private var changes: [(delivery: DeliveryID, taken: Entry?)] = []

  package init() {}

  package var isEmpty: Bool { entries.isEmpty }

  package func contains(_ delivery: DeliveryID) -> Bool { entries[delivery] != nil }

  /// Whether one of the key is claimed.
  package func holds(_ key: OrderKey) -> Bool { keys[key] != nil }

  package mutating func add(_ delivery: DeliveryID, _ entry: Entry) {
    put(delivery, entry)
    changes.append((delivery, nil))
  }

  package mutating func take(_ delivery: DeliveryID) -> Entry? {
    guard let entry = remove(delivery) else { return nil }
    changes.append((delivery, entry))
    return entry
  }

  package mutating func change(_ delivery: DeliveryID, _ body: (inout Entry) -> Void) {
    guard var entry = take(delivery) else { return }
    body(&entry)
    add(delivery, entry)
  }

  package mutating func commit() {
    changes.removeAll(keepingCapacity: true)
  }

  package mutating func rollback() {
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
