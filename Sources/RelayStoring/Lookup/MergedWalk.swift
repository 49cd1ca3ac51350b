import RelayCore

/// Goes through the deliveries that may fit, newest first, and merges what stands in several places, its lanes. A pure value: it says
/// what is to be read, and is given it.
package struct MergedWalk {
  /// A delivery that the walk has come to, and whether it fits as far as is told where it stands.
  package struct Step: Equatable, Sendable {
    package var delivery: DeliveryID
    package var fits: Bool

    package init(delivery: DeliveryID, fits: Bool) {
      self.delivery = delivery
      self.fits = fits
    }
  }

  package enum Next: Equatable {
    case step(Step)
    /// These lanes are to be read on, newest first: from before this delivery.
    case read(lanes: [Int], before: DeliveryID)
    case end
  }

  private struct Lane {
    /// What has been read and the walk has not come to.
    var steps: ArraySlice<Step> = []
    var isAtEnd = false

    var isEmpty: Bool { steps.isEmpty && !isAtEnd }
  }

  private var lanes: [Lane]
  private var before: DeliveryID
  /// How many are read of a lane at a time: of all lanes together no more than some pages of one.
  package let page: Int

  /// - Parameter lanes: How many there are.
  package init(lanes: Int, before: DeliveryID) {
    self.lanes = Array(repeating: Lane(), count: lanes)
    self.before = before
    page = max(8, 512 / max(1, lanes))
  }

  package mutating func next() -> Next {
    // What a lane has not read yet lies before all that the walk has come to.
    let empty = lanes.indices.filter { lanes[$0].isEmpty }
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
  package mutating func add(_ steps: [Step], toLane lane: Int) {
    lanes[lane].steps = steps[...]
    lanes[lane].isAtEnd = steps.count < page
  }
}
