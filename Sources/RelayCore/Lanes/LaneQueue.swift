/// Deliveries of one kind that a lane holds in memory, first in, first out.
///
/// Some may be set aside, so that others pass them: they count in it like the rest, and stay in their order.
struct LaneQueue: Sendable {
  private var ready = Line()
  private var aside = Line()
  /// The footprint of what it holds, in bytes.
  private(set) var footprint = 0
  /// How many deliveries it holds, with the followers of each.
  private(set) var events = 0

  var count: Int { ready.count + aside.count }
  var isEmpty: Bool { count == 0 }
  var hasReady: Bool { ready.count > 0 }
  var hasAside: Bool { aside.count > 0 }

  mutating func append(_ delivery: Delivery) {
    ready.append(delivery)
    footprint += delivery.footprint
    events += 1 + delivery.followers.count
  }

  /// The first that is not set aside.
  mutating func popFirst() -> Delivery? { taken(ready.popFirst()) }

  mutating func popAside() -> Delivery? { taken(aside.popFirst()) }

  /// One that it gave just now.
  mutating func setAside(_ delivery: Delivery) {
    aside.append(delivery)
    footprint += delivery.footprint
    events += 1 + delivery.followers.count
  }

  /// None is set aside any more.
  mutating func takeBackAside() {
    guard hasAside else { return }
    // They were taken from its front.
    ready = Line(aside.deliveries + ready.deliveries)
    aside = Line()
  }

  var deliveries: [Delivery] { aside.deliveries + ready.deliveries }

  /// The one whose key is the least. Looks at all that are not set aside.
  ///
  /// - Parameter key: nil: it is passed over.
  func first<Key: Comparable>(by key: (Delivery) -> Key?) -> (delivery: Delivery, key: Key)? {
    var first: (delivery: Delivery, key: Key)?
    ready.forEach { delivery in
      guard let key = key(delivery) else { return }
      if first.map({ key < $0.key }) ?? true { first = (delivery, key) }
    }
    return first
  }

  /// Whether the condition holds for all; stops at the first for which it does not.
  func allSatisfy(_ condition: (Delivery) -> Bool) -> Bool {
    ready.allSatisfy(condition) && aside.allSatisfy(condition)
  }

  /// Takes one from its midst. Looks at all that are not set aside.
  mutating func remove(_ id: DeliveryID) { _ = taken(ready.remove(id)) }

  /// The first that is not set aside; it stays.
  var first: Delivery? { ready.first }

  /// Offers what it holds to a batch, from the front, until that is full.
  ///
  /// - Parameter fromAside: Of those that are set aside, not of the others.
  mutating func offer(
    to batch: inout Batch, fromAside: Bool, _ suspects: Suspects, unless isPassed: (Delivery) -> Bool
  ) {
    let most = batch.mostOffers
    guard most > 0 else { return }
    var (taken, count) = (0, 0)
    let answer = { (delivery: Delivery) -> Batch.Answer in
      let answer = batch.offer(delivery, suspects, unless: isPassed)
      if answer == .taken {
        taken += delivery.footprint
        count += 1 + delivery.followers.count
      }
      return answer
    }
    if fromAside { aside.sift(atMost: most, answer) } else { ready.sift(atMost: most, answer) }
    footprint -= taken
    events -= count
  }

  private mutating func taken(_ delivery: Delivery?) -> Delivery? {
    if let delivery {
      footprint -= delivery.footprint
      events -= 1 + delivery.followers.count
    }
    return delivery
  }
}

/// First in, first out, without a move for each.
private struct Line: Sendable {
  private var items: [Delivery?] = []
  private var head = 0

  init(_ deliveries: [Delivery] = []) { items = deliveries }

  var count: Int { items.count - head }
  var deliveries: [Delivery] { items[head...].compactMap(\.self) }

  mutating func append(_ delivery: Delivery) { items.append(delivery) }

  mutating func popFirst() -> Delivery? {
    guard head < items.count, let first = items[head] else { return nil }
    items[head] = nil
    head += 1
    compact()
    return first
  }

  var first: Delivery? { head < items.count ? items[head] : nil }

  /// Looks at some from the front, and takes those out that it is told to.
  mutating func sift(atMost count: Int, _ answer: (Delivery) -> Batch.Answer) {
    var passed: [Delivery] = []
    var end = head
    looking: while end < items.count, end - head < count, let delivery = items[end] {
      switch answer(delivery) {
      case .taken: break
      case .passed: passed.append(delivery)
      case .full: break looking
      }
      end += 1
    }
    let start = end - passed.count
    for index in head..<start { items[index] = nil }
    for (offset, delivery) in passed.enumerated() { items[start + offset] = delivery }
    head = start
    compact()
  }

  private mutating func compact() {
    if head > 32 && head * 2 > items.count {
      items.removeFirst(head)
      head = 0
    }
  }

  mutating func remove(_ id: DeliveryID) -> Delivery? {
    guard let index = items[head...].firstIndex(where: { $0?.id == id }) else { return nil }
    return items.remove(at: index)
  }

  func forEach(_ body: (Delivery) -> Void) {
    for case let delivery? in items[head...] { body(delivery) }
  }

  func allSatisfy(_ condition: (Delivery) -> Bool) -> Bool {
    for case let delivery? in items[head...] where !condition(delivery) { return false }
    return true
  }
}
