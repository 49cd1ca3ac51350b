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
      if random.chance(5), let taken = reference.randomElement(using: &random) {
        queue.remove(taken.id)
        reference.removeAll { $0.id == taken.id }
      }
      try #require(queue.count == reference.count && queue.isEmpty == reference.isEmpty)
      try #require(queue.footprint == reference.reduce(0) { $0 + $1.event.footprint })
      if id % 100 == 0 { try #require(queue.deliveries == reference) }
    }
  }

  @Test func theNextProbeWasProbedLongestAgo() {
    var random = SplitMix64(seed: 7)
    for _ in 0..<200 {
      var queue = LaneQueue()
      #expect(queue.first { ProbeOrder($0) } == nil)
      var all: [Delivery] = []
      for id in (1...12 as ClosedRange<Int64>).shuffled(using: &random) {
        let probedAt = random.chance(30) ? nil : Timestamp.tick(Int64(random.below(4)))
        all.append(Made.delivery(id, attempts: 1, probedAt: probedAt))
        queue.append(all.last!)
        if random.chance(20), let first = queue.popFirst() { all.removeAll { $0.id == first.id } }
      }
      // Never probed is earlier than any time.
      let order = all.sorted { ($0.probedAt?.seconds ?? -1, $0.id) < ($1.probedAt?.seconds ?? -1, $1.id) }
      #expect(queue.first { ProbeOrder($0) }?.delivery == order.first)
    }
  }

  @Test func aWindowsShareHasAFloor() {
    #expect(WindowSize.share(ofLanes: 0) == WindowSize(deliveries: 32_768, bytes: 64 << 20))
    #expect(WindowSize.share(ofLanes: 4) == WindowSize(deliveries: 32_768, bytes: 16 << 20))
    #expect(WindowSize.share(ofLanes: 1_000_000).bytes == 64 << 10)
  }
}
