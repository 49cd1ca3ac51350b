/// Deliveries whose batch has failed, and with which others each may stand in one again: in memory alone, so that after a restart
/// they begin anew, as one batch.
///
/// A batch of several kinds is parted by kind, and one of a single kind is halved: so what is refused soon stands alone, and
/// everything else is delivered.
struct Suspects: Sendable {
  struct Mark: Sendable, Equatable {
    var group: Int
    /// How many of the group may stand in a batch.
    var size: Int
  }

  /// Beyond so many no more are remembered: `isFull`.
  static let most = 16_384

  private var marks: [DeliveryID: Mark] = [:]
  private var nextGroup = 0

  /// What is not marked goes alone meanwhile: an event that is refused alone needs no mark.
  var isFull: Bool { marks.count >= Self.most }

  func mark(of delivery: DeliveryID) -> Mark? { marks.isEmpty ? nil : marks[delivery] }

  /// A batch of several has failed, and its size or one of its events may be why.
  mutating func part(_ batch: [Delivery]) {
    if !partByKind(batch) {
      let half = (batch.count + 1) / 2
      add(batch[..<half])
      add(batch[half...])
    }
  }

  /// One kind may be why.
  ///
  /// - Returns: Whether there were several kinds.
  mutating func partByKind(_ batch: [Delivery]) -> Bool {
    var kinds: [(event: Event, deliveries: [Delivery])] = []
    for delivery in batch {
      if let index = kinds.firstIndex(where: { $0.event.hasSameKind(as: delivery.event) }) {
        kinds[index].deliveries.append(delivery)
      } else {
        kinds.append((delivery.event, [delivery]))
      }
    }
    guard kinds.count > 1 else { return false }
    for kind in kinds { add(kind.deliveries[...]) }
    return true
  }

  private mutating func add(_ deliveries: ArraySlice<Delivery>) {
    nextGroup += 1
    for delivery in deliveries where !isFull || marks[delivery.id] != nil {
      marks[delivery.id] = Mark(group: nextGroup, size: deliveries.count)
    }
  }

  /// They were delivered, or are dead.
  mutating func forget(_ delivery: DeliveryID) {
    if !marks.isEmpty { marks[delivery] = nil }
  }

  mutating func removeAll() { marks.removeAll() }
}
