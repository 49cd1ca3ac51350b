import Testing

@testable import RelayPostgres

@Suite("Round trips", .needsPostgres, .timeLimit(.minutes(15)))
struct RoundTripCountTests {
  @Test func aPipelineIsOneRoundTripAlsoWithItsFirstUse() throws {
    let bench = try WireBench()
    _ = try bench.connectWithItems()
    let counter = try TurnCounter(to: bench.database)
    let connection = try WireBench.connect(to: counter.address)
    let before = counter.turns
    for round in 1...3 {
      var pipeline = Pipeline()
      for item in 0..<50 { pipeline.insert([Int32(100 * round + item)]) }
      pipeline.add(.countItems)
      let answers = try connection.run(pipeline, within: .patient)
      #expect(answers[50][0].integer(0) == Int64(50 * round))
      #expect(counter.turns - before == round)
    }
    try connection.execute("SELECT 1; SELECT 2", within: .patient)
    #expect(counter.turns - before == 4)
    connection.close()
  }

  @Test func connectingWithSettingsIsTwo() throws {
    let bench = try WireBench()
    let counter = try TurnCounter(to: bench.database)
    let connection = try WireBench.connect(to: counter.address, settings: ["work_mem": "3MB", "jit": "off"])
    #expect(counter.turns == 2)
    connection.close()
  }
}
