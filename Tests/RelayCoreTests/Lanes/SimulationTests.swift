import RelayCore
import Testing

@Suite struct SimulationTests {
  @Test(arguments: Scenario.all)
  func everyDeliverySettlesAndNoRuleIsBrokenOnTheWay(scenario: Scenario) throws {
    var (retries, probes, deliveries, expired) = (0, 0, 0, 0)
    var (trials, openingsByHeads, looksBeyond, replays) = (0, 0, 0, 0)
    for seed in 0..<6 as Range<UInt64> {
      var simulation = try Simulation(scenario, seed: seed)
      do {
        try simulation.run()
      } catch let violation as Violation {
        Issue.record("\(scenario), seed \(seed): \(violation)")
        return
      }
      retries += simulation.watch.retriesStarted
      probes += simulation.watch.probesStarted
      deliveries += simulation.store.model.rows.count
      expired += simulation.deaths[.expired] ?? 0
      trials += simulation.watch.trialsStarted
      openingsByHeads += simulation.openingsByHeads
      looksBeyond += simulation.watch.looksBeyond
      replays += simulation.watch.replaysStarted
    }
    // That it reaches what it is about.
    #expect(scenario.replays == 0 || replays > 100, "\(replays) replays")
    #expect(deliveries > 400)
    #expect(scenario.successes == 100 || retries > 50, "\(retries) retries")
    #expect(scenario.outages < 20 || probes > 50, "\(probes) probes")
    #expect(scenario.maxAge >= .seconds(1_000) || expired > 5, "\(expired) expired")
    #expect(scenario.kinds == 1 || scenario.replays > 0 || trials > 10, "\(trials) trials")
    #expect(!scenario.refusesBeyondTheWindow || looksBeyond > 10, "\(looksBeyond) looks beyond the window")
    #expect(!scenario.hasFewHeads || openingsByHeads > 5, "\(openingsByHeads) openings by heads")
  }

  @Test func freshDeliveriesOfOneSlotGoInOrderOfArrivalAlsoWhenTheySpill() throws {
    var scenario = Scenario(
      name: "in order", destinations: ["a", "b"], concurrency: 1, bodies: [0, 4 << 20, 12 << 20],
      successes: 100, steps: 400)
    scenario.restarts = 1
    var spilled = 0
    for seed in 0..<8 as Range<UInt64> {
      var simulation = try Simulation(scenario, seed: seed)
      do {
        try simulation.run()
      } catch let violation as Violation {
        Issue.record("seed \(seed): \(violation)")
        return
      }
      for (destination, ids) in simulation.watch.firstAttempts {
        try #require(ids == ids.sorted(), "\(destination), seed \(seed)")
        spilled += ids.count
      }
    }
    #expect(spilled > 500)
  }
}
