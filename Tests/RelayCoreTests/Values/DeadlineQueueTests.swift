import RelayTestSupport
import Testing

@testable import RelayCore

@Suite struct DeadlineQueueTests {
  @Test func itAgreesWithASearchThroughAll() throws {
    var random = SplitMix64(seed: 21)
    for round in 0..<20 {
      var queue = DeadlineQueue<Int, Int>()
      var reference: [Int: Int] = [:]
      let keys = [1, 3, 40, 400][round % 4]
      for _ in 0..<500 {
        let key = random.below(keys)
        switch random.below(8) {
        case 0:
          queue.set(nil, for: key)
          reference[key] = nil
        case 1:
          try #require(queue.next() == reference.values.min())
        case 2:
          let now = random.below(50)
          let least = reference.values.min()
          let popped = queue.popDue(at: now)
          if let least, least <= now {
            let due = try #require(popped)
            try #require(reference[due] == least)
            reference[due] = nil
          } else {
            try #require(popped == nil)
          }
        default:
          let instant = random.below(50)
          queue.set(instant, for: key)
          reference[key] = instant
        }
        try #require(queue.isEmpty == reference.isEmpty)
      }
      try expectInOrder(&queue, reference)
    }
  }

  private func expectInOrder(_ queue: inout DeadlineQueue<Int, Int>, _ reference: [Int: Int]) throws {
    var taken: [Int] = []
    while let key = queue.popDue(at: .max) { taken.append(key) }
    #expect(taken.sorted() == reference.keys.sorted())
    #expect(taken.map { reference[$0]! } == reference.values.sorted())
    #expect(queue.next() == nil && queue.isEmpty)
  }

  @Test func aNewerDeadlineReplacesTheOlder() {
    var queue = DeadlineQueue<String, Int>()
    queue.set(5, for: "a")
    queue.set(9, for: "a")
    #expect(queue.next() == 9)
    #expect(queue.popDue(at: 8) == nil)
    queue.set(3, for: "a")
    #expect(queue.popDue(at: 3) == "a")
    #expect(queue.popDue(at: 100) == nil)
  }

  @Test func whatIsDueExactlyNowIsDue() {
    var queue = DeadlineQueue<String, Int>()
    queue.set(5, for: "a")
    #expect(queue.popDue(at: 4) == nil)
    #expect(queue.popDue(at: 5) == "a")
  }

  @Test func settingOneDeadlineOverAndOverCostsNoMemory() {
    var queue = DeadlineQueue<String, Int>()
    for instant in 0..<10_000 { queue.set(instant, for: "a") }
    #expect(queue.heap.count <= 65)
  }
}
