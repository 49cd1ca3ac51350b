import RelayTestSupport
import Testing

@testable import RelayCore

@Suite struct LaneQueueTests {
  @Test func itAgreesWithAnArray() throws {
    var random = SplitMix64(seed: 31)
    var queue = LaneQueue()
    var reference: [Delivery] = []
    for id in 0..<3_000 as Range<Int64> {
      // Grows and shrinks by turns.
      if random.chance(id / 500 % 2 == 0 ? 60 : 40) {
        let delivery = Made.delivery(id, bytes: random.pick([0, 100]))
        queue.append(delivery)
        reference.append(delivery)
      } else {
        let first = queue.popFirst()
        try #require(first == (reference.isEmpty ? nil : reference.removeFirst()))
      }
      try #require(queue.count == reference.count && queue.isEmpty == reference.isEmpty)
      try #require(queue.footprint == reference.reduce(0) { $0 + $1.event.footprint })
      if id % 100 == 0 { try #require(queue.deliveries == reference) }
    }
  }

  @Test func aWindowsShareHasAFloor() {
    #expect(LaneWindow.share(ofLanes: 0) == LaneWindow(deliveries: 1_024, bytes: 64 << 20))
    #expect(LaneWindow.share(ofLanes: 4) == LaneWindow(deliveries: 1_024, bytes: 16 << 20))
    #expect(LaneWindow.share(ofLanes: 1_000_000).bytes == 64 << 10)
  }
}
