import RelayCore

/// Where a walk finds deliveries, newest first.
struct DeliveryLane: Equatable {
  enum Source: Equatable {
    /// Those of a destination on a shelf.
    case shelf(Int16, destination: Int32)
    /// Those that their lanes have had since they arrived: they stand on none.
    case unlisted
    /// All.
    case all
    /// Those that came later than their events did: with new rules, or with a replay.
    case rerouted, replayed
  }

  /// A delivery that the walk has come to, and whether it fits as far as is told here.
  struct Step: Equatable {
    var delivery: DeliveryID
    var fits: Bool
  }

  let source: Source
  /// None before this one.
  let first: DeliveryID
  /// None from this one on.
  let end: DeliveryID
  /// What has been read and the walk has not come to.
  fileprivate(set) var steps: ArraySlice<Step> = []
  fileprivate(set) var isAtEnd = false

  init(_ source: Source, from first: DeliveryID, before end: DeliveryID = DeliveryID(rawValue: .max)) {
    self.source = source
    self.first = first
    self.end = end
  }
}

/// Goes through the deliveries that may fit, newest first, and merges what stands in several places. A pure value: it says what is to be
/// read, and is given it.
struct DeliveryWalk {
  private(set) var lanes: [DeliveryLane]
  private var before: DeliveryID
  /// How many are read of a lane at a time: of all lanes together no more than some pages of one.
  let page: Int

  init(_ lanes: [DeliveryLane], before: DeliveryID) {
    self.lanes = lanes
    self.before = before
    page = max(8, 512 / max(1, lanes.count))
  }

  enum Next: Equatable {
    case step(DeliveryLane.Step)
    /// These lanes, by their places, are to be read on: from before this delivery.
    case read(lanes: [Int], before: DeliveryID)
    case end
  }

  mutating func next() -> Next {
    // What a lane has not read yet lies before all that the walk has come to.
    let empty = lanes.indices.filter { lanes[$0].steps.isEmpty && !lanes[$0].isAtEnd }
    guard empty.isEmpty else { return .read(lanes: empty, before: before) }
    var newest: Int?
    for lane in lanes.indices {
      guard let first = lanes[lane].steps.first?.delivery else { continue }
      if newest.map({ first > lanes[$0].steps.first!.delivery }) ?? true { newest = lane }
    }
    guard let newest else { return .end }
    let step = lanes[newest].steps.removeFirst()
    before = step.delivery
    return .step(step)
  }

  /// - Parameter steps: Newest first; fewer than `page`: there are no more.
  mutating func add(_ steps: [DeliveryLane.Step], toLane lane: Int) {
    lanes[lane].steps = steps[...]
    lanes[lane].isAtEnd = steps.count < page
  }
}
