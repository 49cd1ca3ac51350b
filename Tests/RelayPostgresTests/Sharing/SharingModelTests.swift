import RelayCore
import RelayPostgresSupport
import RelayTestSupport
import Testing

@testable import RelayPostgres

/// Nodes come and go at random, while each of them stores and delivers.
@Suite("Nodes at random", .needsPostgres, .timeLimit(.minutes(15)))
struct SharingModelTests {
  @Test(arguments: [1, 2, 3] as [UInt64])
  func nothingIsLostOrTwiceOrInAnotherOrderWhateverNodesDo(seed: UInt64) async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    var random = SplitMix64(seed: seed)
    var nodes = [try await bench.open("n0")]
    #expect(nodes[0].serves(Set(SharingBench.destinations)))
    for name in ["d1", "d2", "d3", "d4"] { try await nodes[0].store.reorder(name, by: .chat) }
    var stored = 0
    for step in 1...250 {
      let node = random.pick(nodes)
      switch random.below(100) {
      case ..<35:
        let name = random.pick(SharingBench.destinations)
        let envelope = bench.make.envelope(
          to: [name], events: 1 + random.below(3), chat: "\(random.below(3))")
        if ["d1", "d2", "d3", "d4"].contains(name) { bench.handed.stored(envelope) }
        stored += envelope.events.count
        try await node.store(envelope)
      case ..<70: await node.claim(random.pick(SharingBench.destinations), limit: 1 + random.below(5))
      case ..<80: try await fail(node, bench)
      case ..<85: node.store.release(bench.handed.take(from: node.name, atMost: 2).map(\.id))
      case ..<96: await node.deliverAll(atMost: 1 + random.below(6))
      default:
        let isOpening = nodes.count < 2 || (nodes.count < 3 && random.chance(50))
        if isOpening {
          nodes.append(try await bench.open("n\(step)"))
        } else {
          nodes.removeAll { $0 === node }
          if random.chance(50) {
            bench.close(node)
          } else {
            try bench.letThemJudge()
            try bench.kill(node)
          }
          // Whoever is over is taken over before another one is.
          try bench.wait(until: "SELECT count(*) = \(nodes.count) FROM node WHERE backend IS NOT NULL")
        }
      }
    }
    let deadline = Deadline(after: .seconds(300))
    while try bench.ask("SELECT count(*) FROM delivery WHERE state < 3")[0].integer(0) > 0 {
      for node in nodes {
        for name in SharingBench.destinations { await node.claim(name) }
        await node.deliverAll()
      }
      try #require(!deadline.isOver, "seed \(seed): something is never handed out")
    }
    let counts = try bench.ask(
      "SELECT d.name, count(*) FROM delivery x JOIN destination d ON d.id = x.destination GROUP BY 1")
    let delivered = Dictionary(
      uniqueKeysWithValues: counts.map { ($0.text(0), Books(delivered: Int($0.integer(1)))) })
    #expect(delivered.values.reduce(0) { $0 + $1.delivered } == stored)
    for node in nodes {
      let reading = Deadline(after: .seconds(120))
      while try await node.store.books() != delivered {
        try #require(!reading.isOver, "seed \(seed): the books of \(node.name) are not those of the tables")
      }
    }
  }

  /// An attempt fails, and is made again at once.
  private func fail(_ node: SharedNode, _ bench: SharingBench) async throws {
    let taken = bench.handed.take(from: node.name, atMost: 2)
    if !taken.isEmpty { await node.settle(taken.map { $0.retried(at: 0) }) }
  }
}
