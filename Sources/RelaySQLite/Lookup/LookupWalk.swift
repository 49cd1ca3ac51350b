import RelayCore

/// Goes through the deliveries that may fit, newest first. Reads a few at a time, and merges what stands in several
/// indexes.
struct LookupWalk {
  /// A delivery that the walk has come to, and whether it fits as far as its index tells.
  struct Step {
    var delivery: DeliveryID
    var fits: Bool
  }

  /// One index, of one destination; or all deliveries.
  struct Lane {
    /// Reads what stands before a row, newest first, no more than the limit.
    fileprivate let read: (_ before: DeliveryID, _ limit: Int) throws(StoreError) -> [Step]
    fileprivate var steps: ArraySlice<Step> = []
    fileprivate var isAtEnd = false

    init(_ read: @escaping (_ before: DeliveryID, _ limit: Int) throws(StoreError) -> [Step]) {
      self.read = read
    }

    /// No further than to the row before this one.
    func until(_ end: DeliveryID) -> Lane {
      Lane { [read] before, limit throws(StoreError) in try read(min(before, end), limit) }
    }
  }

  private var lanes: [Lane]
  private var before: DeliveryID
  private let page: Int

  init(_ lanes: [Lane], before: DeliveryID) {
    self.lanes = lanes
    self.before = before
    // All lanes together read no more than some pages of one.
    page = max(8, 512 / max(1, lanes.count))
  }

  mutating func next() throws(StoreError) -> Step? {
    var newest: Int?
    for lane in lanes.indices {
      if lanes[lane].steps.isEmpty && !lanes[lane].isAtEnd {
        // What it has not read yet lies before all that the walk has come to.
        let steps = try lanes[lane].read(before, page)
        lanes[lane].steps = steps[...]
        lanes[lane].isAtEnd = steps.count < page
      }
      guard let first = lanes[lane].steps.first?.delivery else { continue }
      if newest.map({ first > lanes[$0].steps.first!.delivery }) ?? true { newest = lane }
    }
    guard let newest else { return nil }
    let step = lanes[newest].steps.removeFirst()
    before = step.delivery
    return step
  }
}
