import RelayCore
import RelayTestSupport
import Testing

@testable import RelaySQLite

/// What retention does with events that were sent again.
struct ReplayRetentionTests {
  private let bench: SessionBench
  private let envelope: NewEnvelope
  private let replay: Delivery

  /// An event that was delivered, and then queued by a replay; another came after both.
  init() throws {
    bench = try SessionBench()
    var configuration = StoreConfiguration.test
    configuration.retention = .seconds(100)
    configuration.dedupe = .zero
    try bench.configure(configuration)
    envelope = bench.make.envelope()
    _ = bench.settle(try bench.stored(envelope)[0].settled(.delivered))
    bench.clock.set(.second(30))
    let event = envelope.events[0].event
    let step = ReplayStep(
      replay: try bench.begin(at: .second(30)).id,
      entries: [
        ReplayStep.Entry(
          event: event.id, source: "huggy", chat: nil, bytes: event.footprint,
          targets: [ReplayStep.Target(destination: "crm")])
      ])
    _ = bench.queue(step)
    _ = try bench.stored(bench.make.envelope(to: ["bi"], at: .second(30)))
    let request = ClaimRequest(
      destination: "crm", queue: .replay, kind: .fresh, now: .second(30), limit: 9, byteLimit: .max)
    replay = try bench.session.claims.claim(request).deliveries.only
  }

  private func keep(at second: Int) throws -> Int64 {
    bench.clock.set(.second(second))
    bench.keeper.committed(appendedEvents: 0)
    while bench.keeper.step() {}
    return try bench.count("event")
  }

  @Test func anEventStaysWhileAReplayOfItIsPending() throws {
    #expect(try keep(at: 5_000) == 2)
  }

  @Test func anEventStaysWhileAReplayOfItIsDead() throws {
    _ = bench.settle(replay.settled(.dead(.expired)))
    #expect(try keep(at: 5_000) == 2)
  }

  @Test func itGoesWithItsReplaysOnceTheLastIsSettledLongEnough() throws {
    // The walk along the events passes it, since the replay is pending.
    #expect(try keep(at: 31) == 2)
    bench.clock.set(.second(40))
    // Within a minute of its receipt: a live one would make no entry, and the walk does not come again.
    _ = bench.settle(replay.settled(.delivered))
    #expect(try keep(at: 139) == 2)
    #expect(try keep(at: 141) == 1)
    #expect(try bench.count("replayed") == 0 && bench.count("delivery") == 1)
  }

  @Test func itGoesAlsoWhereTheWalkHadPassedIt() throws {
    #expect(try keep(at: 5_000) == 2)
    _ = bench.settle(replay.settled(.delivered))
    #expect(try keep(at: 5_101) == 1)
    #expect(try bench.count("replayed") == 0)
  }

  @Test func replaysAreForgottenOnceTheyAreOldAndNothingOfThemIsLeft() throws {
    let bench = try SessionBench()
    // Of the first, something is dead; the third has not ended; the last thousand are kept whatever their age.
    try bench.session.connection.execute(
      """
      WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < 1005)
      INSERT INTO replay (id, plan, started, walk, ended, queued, dead)
        SELECT id, 'to=crm', 0, iif(id = 3, 0, 2), 0, id = 1, id = 1 FROM n
      """)
    try bench.reopen()
    let later = Timestamp.epoch.advanced(by: ReplayTable.retention)
    #expect(try bench.begin(at: later.advanced(by: .microseconds(-1))).id == 1_006)
    #expect(try bench.count("replay") == 1_006)
    #expect(try bench.begin(at: later).id == 1_007)
    let left = try bench.session.connection.texts("SELECT id FROM replay ORDER BY id LIMIT 3")
    #expect(left == ["1", "3", "7"])
  }
}
