import RelayCore
import RelayStoring

/// Goes through the deliveries that may fit, newest first: reads what `MergedWalk` asks for.
struct LookupWalk {
  typealias Step = MergedWalk.Step

  /// One index, of one destination; or all deliveries.
  struct Lane {
    /// Reads what stands before a row, newest first, no more than the limit.
    fileprivate let read: (_ before: DeliveryID, _ limit: Int) throws(StoreError) -> [Step]

    init(_ read: @escaping (_ before: DeliveryID, _ limit: Int) throws(StoreError) -> [Step]) {
      self.read = read
    }

    /// No further than to the row before this one.
    func until(_ end: DeliveryID) -> Lane {
      Lane { [read] before, limit throws(StoreError) in try read(min(before, end), limit) }
    }
  }

  private let lanes: [Lane]
  private var walk: MergedWalk

  init(_ lanes: [Lane], before: DeliveryID) {
    self.lanes = lanes
    walk = MergedWalk(lanes: lanes.count, before: before)
  }

  mutating func next() throws(StoreError) -> Step? {
    while true {
      switch walk.next() {
      case .read(let empty, let before):
        for lane in empty { walk.add(try lanes[lane].read(before, walk.page), toLane: lane) }
      case .step(let step): return step
      case .end: return nil
      }
    }
  }
}
