import RelayCore
import RelayPostgresSupport
import RelayTestSupport
import Testing

@testable import RelayPostgres

/// Owners come and go at random, while a person at one node asks for changes.
@Suite("Requests at random", .needsPostgres, .timeLimit(.minutes(15)))
struct RequestModelTests {
  @Test(arguments: [1, 2] as [UInt64])
  func whatIsAnsweredIsWhatWasDoneWhoeverEndsMeanwhile(seed: UInt64) async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    var random = SplitMix64(seed: seed)
    let asker = try await bench.open("n0")
    #expect(asker.serves(Set(SharingBench.destinations)))
    var nodes = [asker]
    var asked: [Promise<ChangeOutcome>] = []
    for step in 1...150 {
      let node = random.pick(nodes)
      let name = random.pick(SharingBench.destinations)
      switch random.below(100) {
      case ..<40:
        try await node.store(bench.make.envelope(to: [name], events: 1 + random.below(4)))
        await die(at: node, bench)
      case ..<65:
        await node.claim(name)
        await die(at: node, bench)
      case ..<90:
        let selection = DeliverySelection.filter(DeliveryFilter(state: .dead))
        asked.append(asker.store.posted(.discard, selection, of: name))
      default:
        if nodes.count < 3 && (nodes.count < 2 || random.chance(50)) {
          nodes.append(try await bench.open("n\(step)"))
        } else {
          let gone = nodes.remove(at: 1 + random.below(nodes.count - 1))
          if random.chance(50) {
            bench.close(gone)
          } else {
            try bench.letThemJudge()
            try bench.kill(gone)
          }
          try bench.wait(until: "SELECT count(*) = \(nodes.count) FROM node WHERE backend IS NOT NULL")
        }
      }
    }
    var changed = 0
    for promise in asked {
      let outcome = await promise.value
      #expect(outcome.error == nil, "seed \(seed)")
      changed += outcome.changed
    }
    let discarded = try bench.ask("SELECT count(*) FROM delivery WHERE state = 5")[0].integer(0)
    #expect(Int64(changed) == discarded, "seed \(seed)")
    try bench.wait(until: "SELECT count(*) = 0 FROM request")
  }

  /// What the node has in its hands is given up.
  private func die(at node: SharedNode, _ bench: SharingBench) async {
    let taken = bench.handed.take(from: node.name)
    if !taken.isEmpty { await node.settle(taken.map { $0.settled(.dead(.permanent)) }) }
  }
}
