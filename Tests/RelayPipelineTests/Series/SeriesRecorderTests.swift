import RelayCore
import RelayHarness
import RelayTestSupport
import Testing

@testable import RelayPipeline

/// What a relay's samples say of what goes through it: real parts but for the transport and the time.
@Suite(.timeLimit(.minutes(15))) final class SeriesRecorderTests {
  private let middle: Middle

  init() async throws {
    // The store is waited for, however late its thread comes.
    middle = try await Middle(.middle(), at: .series(0))
    await middle.controller.recorder.begin()
  }

  deinit { middle.end() }

  /// To the end of the step, and the sample.
  private func sample(after time: Duration = .milliseconds(10_020)) async throws {
    await middle.pass(time)
    try await middle.during { [recorder = middle.controller.recorder] in await recorder.sample().value }
    await middle.rest()
  }

  private func report(_ request: SeriesRequest = SeriesRequest(since: .series(0))) throws -> SeriesReport {
    try middle.controller.series(request)
  }

  @Test func itCountsWhatComesAndWhatBecomesOfIt() async throws {
    await middle.receive(3)
    await middle.answer(try middle.request(), 200)
    await middle.answer(try middle.request(), 503)
    await middle.pass(.milliseconds(500))
    try await sample(after: .milliseconds(9_520))
    await middle.answerAll()
    try await sample(after: .seconds(10))
    let report = try report()
    let crm = try #require(report.destination())
    #expect(report.since == .series(0) && report.until == .series(20))
    #expect(crm.attempts.shown.first == 2)
    #expect(crm.failed.shown == [1, 0])
    #expect(crm.delivered.shown == [1, 2])
    #expect(crm.pending.shown == [2, 0])
    #expect(crm.inFlight.shown.last == 0)
    #expect(crm.oldestPendingSeconds.shown == [10, nil])
    #expect(crm.latencyMedianMilliseconds.shown.allSatisfy { $0 != nil })
    #expect(report.destination("bi")?.attempts.shown == [0, 0])
    #expect(report.sources.first?.accepted.shown == [3, 0])
    #expect(report.sources.first?.events.shown == [3, 0])
    #expect(report.storeBytes.shown.allSatisfy { ($0 ?? 0) > 0 })
  }

  @Test func whatHappenedBeforeTheFirstSampleIsInIt() async throws {
    await middle.receive(2)
    try await sample()
    #expect(try report().sources.first?.accepted.shown == [2])
  }

  @Test func aReloadsDestinationHasSamplesFromThenOn() async throws {
    try await sample()
    let changed = Configuration.middle {
      $0.destinations.append(Destination(name: "new", url: Secret("http://new/")))
      $0.hash = "c2"
    }
    middle.source.state.withLock { $0.configuration = changed }
    _ = try await carryOut(middle) { controller throws(OperationError) in try await controller.reload() }
    try await sample(after: .seconds(10))
    #expect(try report().destination("new")?.attempts.shown == [nil, 0])
  }

  @Test func aDestinationThatThereIsNotIsToldAsOne() throws {
    let error = #expect(throws: OperationError.self) { try report(SeriesRequest(destinations: ["cmr"])) }
    #expect(error?.code == .notFound && error?.message.contains("crm") == true)
  }

  /// Broken by a first sample that is written by the new names into a file that is laid out by the old ones.
  @Test func anotherDestinationOverARestartKeepsTheOldSamples() async throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/relay.db.series"
    let first = try await Middle(
      .middle(), in: folder, at: .series(0),
      seriesFile: SeriesFile(path: path))
    await first.controller.recorder.begin()
    await first.receive(3)
    await first.answerAll()
    for _ in 0..<2 {
      await first.pass(.milliseconds(10_020))
      try await first.during { [recorder = first.controller.recorder] in await recorder.sample().value }
      await first.rest()
    }
    first.end()
    let changed = Configuration.middle {
      $0.destinations.insert(Destination(name: "aa", url: Secret("http://aa/")), at: 0)
    }
    let second = try await Middle(
      changed, in: folder, at: .series(25),
      seriesFile: SeriesFile(path: path))
    await second.controller.recorder.begin()
    await second.pass(.milliseconds(5_020))
    try await second.during { [recorder = second.controller.recorder] in await recorder.sample().value }
    await second.rest()
    let kept = try #require(SeriesFormat.read(try SeriesFile(path: path).read()))
    #expect(kept.names.destinations.contains("aa"))
    let samples = kept.samples(.tenSeconds).sorted { $0.number < $1.number }
    #expect(samples.map { $0.sources[0].accepted } == [3, 0, 0])
  }
}
