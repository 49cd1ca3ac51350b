import RelayCore
import RelayStoring
import RelayTestSupport
import Testing

struct MergedWalkTests {
  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func whatStandsInSeveralLanesIsMergedNewestFirst(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let lanes = (0..<random.pick([1, 3, 100])).map { _ in
      Set((0..<random.below(1_200)).map { _ in Int64(random.below(1_000_000)) }).sorted(by: >)
    }
    let start = Int64(random.pick([500_000, 2_000_000]))
    var walk = MergedWalk(lanes: lanes.count, before: DeliveryID(rawValue: start))
    var (found, reads): ([Int64], Int) = ([], 0)
    walking: while reads < 100_000 {
      switch walk.next() {
      case .read(let empty, let before):
        reads += 1
        for lane in empty {
          let rows = lanes[lane].filter { $0 < before.rawValue }.prefix(walk.page)
          walk.add(rows.map { .init(delivery: DeliveryID(rawValue: $0), fits: true) }, toLane: lane)
        }
      case .step(let step): found.append(step.delivery.rawValue)
      case .end: break walking
      }
    }
    #expect(found == lanes.joined().filter { $0 < start }.sorted(by: >))
  }
}
