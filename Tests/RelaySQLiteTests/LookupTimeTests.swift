import RelayCore
import RelayTestSupport
import Testing

@testable import RelaySQLite

/// Times that people ask for and are told are the wall clock's, and rows are in order of another.
struct LookupTimeTests {
  private let bench: KeepingBench
  /// The wall clock was set back by a minute, and an hour forward later.
  private let clock = ManualClock(.second(0))
  private let session: LookupSession

  init() throws {
    bench = try KeepingBench()
    clock.set(.second(200))
    clock.setWall(ahead: .seconds(-60))
    clock.set(.second(400))
    clock.setWall(ahead: .seconds(3_600))
    session = try LookupSession(path: bench.path, clock: clock)
  }

  /// What the wall clock showed then.
  private func wall(_ second: Int) -> Int {
    second < 200 ? second : second < 400 ? second - 60 : second + 3_600
  }

  private func events(_ since: Int?, _ until: Int?, _ session: LookupSession) throws -> [Int64] {
    let filter = EventFilter(since: since.map { .second($0) }, until: until.map { .second($0) })
    let page = try session.events(
      EventPageRequest(filter: filter, order: .oldestFirst, limit: 500),
      budget: LookupBudget(rows: .max, time: .seconds(60)))
    return page.events.map { $0.place.rawValue }
  }

  private func deliveries(_ since: Int?, _ until: Int?, _ session: LookupSession) throws -> [Int64] {
    let filter = DeliveryFilter(since: since.map { .second($0) }, until: until.map { .second($0) })
    return try session.deliveries(filter, after: nil, limit: 500).deliveries.map(\.id.rawValue).reversed()
  }

  @Test func whatIsAskedForIsWhatTheWallClockShowed() throws {
    let received = Array(stride(from: 0, to: 600, by: 5))
    for second in received { try bench.add(at: second, [.delivered(second)]) }
    let times = [nil, 30, 145, 180, 199, 200, 260, 339, 400, 3_990, 4_000, 4_111, 4_300]
    for since in times {
      for until in times {
        let expected = received.indices.filter {
          since ?? 0 <= wall(received[$0]) && wall(received[$0]) < until ?? .max
        }.map { Int64($0 + 1) }
        #expect(try events(since, until, session) == expected, "events \(since ?? -1) to \(until ?? -1)")
        #expect(
          try deliveries(since, until, session) == expected, "deliveries \(since ?? -1) to \(until ?? -1)")
      }
    }
  }

  @Test func howFarASearchHasComeIsToldByTheWallClock() throws {
    for second in [100, 300, 500] { try bench.add(at: second, []) }
    var request = EventPageRequest(limit: 1)
    #expect(try session.events(request).reached == .second(wall(500)))
    request.after = EventCursor(rawValue: 3)
    #expect(try session.events(request).reached == .second(wall(300)))
  }

  @Test func aReplaysTimesAreToldByTheWallClockAndWhoGoesOnWithItHasItsOwn() throws {
    try bench.execute(
      """
      INSERT INTO replay (id, plan, started, walk, ended) VALUES
        (1, 'to=crm', \(Timestamp.second(300).microseconds), 1, \(Timestamp.second(500).microseconds)),
        (2, 'to=crm', \(Timestamp.second(300).microseconds), 0, NULL)
      """)
    let replay = try #require(try session.replay(1))
    #expect(replay.new.startedAt == .second(240) && replay.endedAt == .second(4_100))
    #expect(try session.replays(before: 2, limit: 9) == [replay])
    let unfinished = try session.unfinishedReplays()
    #expect(unfinished.map(\.id) == [2] && unfinished.map(\.new.startedAt) == [.second(300)])
  }

  /// What comes in takes up to ten seconds to its commit: rows are not quite in order of receipt.
  @Test func whatWasReceivedBeforeOthersAndCommittedAfterThemIsFound() throws {
    let received = (0..<120).map { $0 % 2 == 0 ? 10 * $0 : 10 * $0 - 18 }
    for second in received { try bench.add(at: second, [.delivered(second)]) }
    let session = try LookupSession(path: bench.path)
    for bound in stride(from: 395, to: 620, by: 3) {
      let later = received.indices.filter { received[$0] >= bound }.map { Int64($0 + 1) }
      let earlier = received.indices.filter { received[$0] < bound }.map { Int64($0 + 1) }
      #expect(try events(bound, nil, session) == later && events(nil, bound, session) == earlier)
      #expect(try deliveries(bound, nil, session) == later && deliveries(nil, bound, session) == earlier)
    }
  }

  /// An envelope that was taken in later than it came stands anywhere behind; so do deliveries that came of new rules.
  @Test func whatWasStoredMuchLaterThanItCameIsFoundByWhenItCame() throws {
    for second in stride(from: 0, to: 500, by: 10) { try bench.add(at: second, [.delivered(second)]) }
    let late = try bench.add(at: 100, [.delivered(600)], hasHash: false)[0]
    for second in stride(from: 700, to: 1_200, by: 10) { try bench.add(at: second, [.delivered(second)]) }
    try bench.execute(
      "UPDATE delivery SET arrived = \(Timestamp.second(600).microseconds) WHERE event = \(late)")
    // And a replay has sent one of the first again.
    try bench.execute(
      """
      INSERT INTO delivery (event, destination, route, run, state, attempts, since, arrived)
        VALUES (11, 2, 1, 1, 3, 1, 0, \(Timestamp.second(1_300).microseconds));
      INSERT INTO replayed VALUES (11, 102);
      """)
    let session = try LookupSession(path: bench.path)
    #expect(try events(95, 105, session) == [11, late])
    #expect(try deliveries(95, 105, session) == [11, late, 102])
    // Those around it are found all the same.
    for bound in [490, 550, 650, 700, 800] {
      let expected = (0..<50).map { $0 * 10 } + [100] + (0..<50).map { 700 + $0 * 10 }
      let later = expected.indices.filter { expected[$0] >= bound }.map { Int64($0 + 1) }
      #expect(try events(bound, nil, session) == later)
      #expect(try deliveries(bound, nil, session) == later)
    }
  }
}
