@testable import RelayCore

/// What a person or a reload has done in the store.
struct Operation {
  enum Kind {
    case discard
    case retryDead
    case reorder(Ordering)
  }
  var destination: String
  var kind: Kind
  /// Which deliveries a change takes: those whose id divides by it.
  var divisor: Int64
}

extension FakeStore {
  private mutating func keyed(_ name: String, _ key: String) -> [Record] {
    let pending = perhapsKeyed[name, default: [:]][key, default: []].compactMap { records[$0] }
      .filter { $0.isPending && $0.key == key }
    perhapsKeyed[name, default: [:]][key] = Set(pending.map(\.id))
    return pending.sorted { $0.id < $1.id }
  }

  mutating func hasPending(_ name: String, _ key: String?) -> Bool {
    key.map { !keyed(name, $0).isEmpty } ?? false
  }

  /// Of each key's pending deliveries only the first may be handed out, and none while one of them is claimed.
  ///
  /// - Returns: The one whose turn it has become.
  mutating func putInOrder(_ name: String, _ key: String?) -> DeliveryID? {
    guard let key else { return nil }
    let pending = keyed(name, key)
    guard !pending.contains(where: \.isClaimed), let head = pending.first else {
      for record in pending where !record.isClaimed { wait(record.id) }
      return nil
    }
    for record in pending.dropFirst() { wait(record.id) }
    guard head.isWaiting else { return nil }
    activate(head.id)
    return head.id
  }

  private mutating func wait(_ id: DeliveryID) {
    switch records[id]!.state {
    case .fresh: records[id]!.state = .waiting(due: nil)
    case .retrying(let due): records[id]!.state = .waiting(due: due)
    default: break
    }
  }

  private mutating func activate(_ id: DeliveryID) {
    guard case .waiting(let due) = records[id]!.state else { return }
    let wasAttempted = records[id]!.delivery.attempts > 0
    records[id]!.state = wasAttempted ? .retrying(due: due ?? .epoch) : .fresh
  }

  mutating func operate(_ operation: Operation, now: Timestamp) {
    let name = operation.destination
    let ids = records.values.filter { $0.delivery.destination == name }.map(\.id).sorted()
    revived = []
    switch operation.kind {
    case .discard:
      for id in ids where id.rawValue % operation.divisor == 0 && !records[id]!.isClaimed {
        if records[id]!.isPending || records[id]!.isDead { records[id]!.state = .discarded }
      }
    case .retryDead:
      let since = standings[name, default: Standing()].suspended.serviceTime(at: now)
      for id in ids where id.rawValue % operation.divisor == 0 && records[id]!.isDead {
        revived.append(id)
        records[id]!.state = .retrying(due: now)
        records[id]!.delivery = records[id]!.delivery.since(since)
        records[id]!.delivery.countedAttempts = 0
        insert(records[id]!)
      }
    case .reorder(let ordering):
      orderings[name] = ordering
      for id in ids where records[id]!.isPending {
        let chat = records[id]!.delivery.event.chat
        if records[id]!.isWaiting { activate(id) }
        records[id]!.key = ordering.key(source: "huggy", chat: chat)
        insert(records[id]!)
      }
    }
    putAllInOrder(name)
  }

  private mutating func putAllInOrder(_ name: String) {
    let keys = Set(records.values.filter { $0.delivery.destination == name }.compactMap(\.key))
    for key in keys { _ = putInOrder(name, key) }
  }

  /// A crash and a new start: what was asked is lost, what was claimed is free.
  mutating func openAnew() {
    calls.removeAll { if case .append = $0 { false } else { true } }
    notifications = []
    withheld = [:]
    retried = []
    for id in records.keys { records[id]!.isClaimed = false }
    for name in Set(records.values.map(\.delivery.destination)) { putAllInOrder(name) }
  }
}
