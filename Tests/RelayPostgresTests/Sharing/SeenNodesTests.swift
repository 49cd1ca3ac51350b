import RelayCore
import RelayPostgresSupport
import RelayTestSupport
import Testing

@testable import RelayPostgres

@Suite("What nodes that share destinations show, and leave", .needsPostgres, .timeLimit(.minutes(15)))
struct SeenNodesTests {
  @Test func eachOfThemIsSeenWithWhatItServesAndWhichConfigurationItHas() async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let (a, b, _) = try await SharingTests.two(bench)
    func waits(_ what: String, until isSo: (StoreNodes) -> Bool) async throws {
      let deadline = Deadline(after: .seconds(120))
      while try !isSo(#require(a.store.nodes)) {
        try #require(!deadline.isOver, "waited in vain until \(what): \(String(describing: a.store.nodes))")
        await Task.yield()
      }
    }
    try await waits("both are seen with their lanes") { nodes in
      nodes.nodes.map { Set($0.destinations) } == [a.lanes, b.lanes]
    }
    var nodes = try #require(a.store.nodes)
    #expect(nodes.nodes.map(\.name) == ["a", "b"] && nodes.nodes.map(\.isThis) == [true, false])
    #expect(nodes.nodes.map(\.version) == ["1.2.3", "1.2.3"])
    #expect(nodes.unserved == [] && nodes.isSure && nodes.speaksForAll)
    #expect(b.store.nodes.map { $0.speaksForAll } == false)
    #expect(nodes.nodes.allSatisfy { $0.age < .seconds(900) && $0.age >= .zero })
    // Both have told by now what they have been configured with, and not what they were opened with.
    try await waits("the configurations are seen") { $0.nodes.map(\.configurationHash) == ["c1", "c1"] }
    try await b.store.configure(
      StoreConfiguration(
        names: StoreNames(
          sources: ["huggy", "other"], destinations: SharingBench.destinations, routes: ["all"],
          configuration: "c2")))
    try await waits("the new configuration is seen") { $0.configurationsDiffer }
    nodes = try #require(a.store.nodes)
    #expect(nodes.nodes.map(\.configurationHash) == ["c1", "c2"])
    bench.close(b)
    try await waits("the one that has ended is not seen any more") { $0.nodes.map(\.name) == ["a"] }
  }

  /// Broken by a mark that moves only with what the node stores: whoever clears up after it looks through all that others have stored since.
  @Test func oneThatStoresNothingLeavesLittleToBeLookedThrough() async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let (a, b, name) = try await SharingTests.two(bench)
    try await b.store(bench.make.envelope(to: [name]))
    let slot = try bench.slot(of: b)
    try bench.wait(until: "SELECT count(*) > 0 FROM unlisted WHERE slot = \(slot)")
    // Two minutes have passed since, as far as numbers tell.
    _ = try bench.ask(
      """
      INSERT INTO news SELECT 7, 1, 0, \(CommitBase.tick(of: "now()")) + 120000000, '{}', '{}', '{}', '{}', 0
      RETURNING slot
      """)
    _ = try bench.ask(
      """
      INSERT INTO node (slot, session, name, version, configuration, last_tick, seen, started)
      VALUES (7, 1, 'x', '1', 'c', 0, now(), now()) RETURNING slot
      """)
    // What it has in its hands is where its tail begins.
    let held = bench.handed.take(from: "b")
    let number = try #require(held.first).id.rawValue
    await b.settle(held.map { $0.settled(.delivered) })
    try bench.wait(until: "SELECT first > \(number) FROM unlisted WHERE slot = \(slot)")
    #expect(a.lanes.count + b.lanes.count == Set(SharingBench.destinations).count)
  }

  /// Broken by a node that looks for old dead letters only when one of its own has grown old.
  @Test func oldDeadLettersOfADestinationThatComesAreDiscarded() async throws {
    let bench = try SharingBench()
    defer { bench.end() }
    let (a, b, name) = try await SharingTests.two(bench)
    let names = StoreNames(
      sources: ["huggy", "other"], destinations: SharingBench.destinations, routes: ["all"],
      configuration: "c1")
    for node in [a, b] {
      try await node.store.configure(StoreConfiguration(names: names, deadRetention: .seconds(1_000_000)))
    }
    try await b.store(bench.make.envelope(to: [name]))
    await b.settle(bench.handed.take(from: "b").map { $0.settled(.dead(.permanent)) })
    // As if it had died long ago.
    let aged = try bench.ask("UPDATE delivery SET due = due - 2000000000000 WHERE state = 4 RETURNING id")
    #expect(aged.count == 1)
    bench.close(b)
    #expect(a.serves(Set(SharingBench.destinations)))
    try bench.wait(until: "SELECT count(*) = 1 FROM delivery WHERE state = 5")
  }
}
