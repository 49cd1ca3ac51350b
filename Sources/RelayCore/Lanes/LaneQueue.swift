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
}

/// How much of a lane's backlog may stand in memory: half of each for fresh deliveries, half for retries.
public struct LaneWindow: Hashable, Sendable {
  public var deliveries: Int
  public var bytes: Int

  public init(deliveries: Int, bytes: Int) {
    self.deliveries = deliveries
    self.bytes = bytes
  }

  /// A share of what all lanes may hold together (64 MiB), enough for a few events each.
  public static func share(ofLanes count: Int) -> LaneWindow {
    LaneWindow(deliveries: 1_024, bytes: max(64 << 10, (64 << 20) / max(1, count)))
  }
}
