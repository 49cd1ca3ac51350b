/// Deliveries of one kind that a lane holds in memory, first in, first out.
struct LaneQueue: Sendable {
  private var items: [Delivery?] = []
  private var head = 0
  /// The footprint of what it holds, in bytes.
  private(set) var footprint = 0

  var count: Int { items.count - head }
  var isEmpty: Bool { count == 0 }

  mutating func append(_ delivery: Delivery) {
    items.append(delivery)
    footprint += delivery.event.footprint
  }

  mutating func popFirst() -> Delivery? {
    guard head < items.count, let first = items[head] else { return nil }
    items[head] = nil
    head += 1
    footprint -= first.event.footprint
    if head > 32 && head * 2 > items.count {
      items.removeFirst(head)
      head = 0
    }
    return first
  }

  var deliveries: [Delivery] { items[head...].compactMap(\.self) }

  /// The one that was probed longest ago: never first, among those the oldest. Looks at all of them.
  var nextProbe: Delivery? {
    var next: Delivery?
    for case let delivery? in items[head...] {
      if let best = next, !delivery.isProbed(before: best) { continue }
      next = delivery
    }
    return next
  }

  /// Takes one from its midst. Looks at all of them.
  mutating func remove(_ id: DeliveryID) {
    guard let index = items[head...].firstIndex(where: { $0?.id == id }) else { return }
    footprint -= items[index]!.event.footprint
    items.remove(at: index)
  }
}

extension Delivery {
  func isProbed(before other: Delivery) -> Bool {
    switch (probedAt, other.probedAt) {
    case (nil, _?): true
    case (_?, nil): false
    case (let mine, let theirs): mine == theirs ? id < other.id : mine! < theirs!
    }
  }
}
