import Foundation
import Logging
import RelayCore
import RelaySQLite
import RelayTestSupport
import RelayThreads
import Testing

@testable import RelayPipeline

/// The engine as what a store that relays share tells of destinations. Its turns are taken by the test.
@Suite final class EngineLanesTests {
  private let clock = ManualClock()
  private let folder: URL
  private let store: SQLiteStore
  private let engine: DeliveryEngine
  private let make = TestEnvelopes()

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "relay-lanes-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    store = try SQLiteStore(path: "\(folder.path)/relay.db", clock: clock)
    engine = DeliveryEngine(
      store: store, transport: SilentTransport(), clock: clock, logger: Logger(label: "test"),
      metrics: RelayMetrics(Configuration()))
  }

  deinit {
    store.close()
    try? FileManager.default.removeItem(at: folder)
  }

  private func begin() async throws {
    try await store.posted(StoreConfiguration.test).value.get()
    engine.start([Destination(name: "crm", url: Secret("http://crm"))], stored: [])
    _ = await turn()
  }

  /// The store has answered all that was asked of it.
  private func turn() async -> Int {
    let before = engine.turn(finished: []).requests.count
    await store.ping()
    return before + engine.turn(finished: []).requests.count
  }

  @Test func whatIsHeldIsGivenBackAndComesAgainOnceItIsResumed() async throws {
    try await begin()
    let deliveries = try await store.stored(make.envelope())
    engine.holdLanes(["crm"])
    engine.arrived(deliveries)
    #expect(await turn() == 0)
    engine.resumeLanes(["crm"])
    #expect(await turn() == 1)
  }

  @Test func aLaneThatWentAndCameBackLooksIntoTheStore() async throws {
    try await begin()
    engine.holdLanes(["crm"])
    _ = await turn()
    // Another relay has stored this.
    store.release(try await store.stored(make.envelope()).map(\.id))
    var stored = StoredDestination(name: "crm")
    stored.pausedUntil = .distantFuture
    engine.lanesWent(["crm"])
    engine.lanesCame([stored])
    #expect(await turn() == 0)
    engine.pauseLane("crm", until: nil)
    #expect(await turn() == 1)
  }

  @Test func aLaneIsQuietOnceItHasGivenBackWhatIsNotInFlight() async throws {
    try await begin()
    let deliveries = try await store.stored(make.envelope())
    let isQuiet = Promise<Void>("a lane's rest")
    engine.quieten("crm") { isQuiet.keep(()) }
    engine.arrived(deliveries)
    #expect(await turn() == 0)
    await isQuiet.value
    // A second change ends first.
    engine.quieten("crm") {}
    engine.changed("crm", areRetried: false)
    #expect(await turn() == 0)
    engine.changed("crm", areRetried: true)
    #expect(await turn() == 1)
  }

  @Test func aRetryAfterEndsAndUntilWhenItWasIsTold() async throws {
    try await begin()
    engine.arrived(try await store.stored(make.envelope()))
    let request = try #require(engine.turn(finished: []).requests.first)
    let result = AttemptResult(
      startedAt: clock.now(), duration: .zero, response: .status(503, body: [], retryAfter: .seconds(100)))
    _ = engine.turn(
      finished: [FinishedAttempt(delivery: request.delivery, destination: "crm", result: result)])
    #expect(await endOfRetryAfter() == clock.reading().wall.advanced(by: .seconds(100)))
    #expect(await endOfRetryAfter() == nil)
  }

  private func endOfRetryAfter() async -> Timestamp? {
    let answer = Monitor<Timestamp??>(nil)
    engine.endRetryAfter(of: "crm") { until in answer.update { $0 = .some(until) } }
    while true {
      _ = engine.turn(finished: [])
      if let until = answer.wait(timeout: .milliseconds(1), until: { $0 }) { return until }
    }
  }

  @Test func whatOthersHaveStoredIsAskedFor() async throws {
    try await begin()
    store.release(try await store.stored(make.envelope()).map(\.id))
    #expect(await turn() == 0)
    engine.deliveriesCame(for: ["crm", "nobody"], replayed: false)
    #expect(await turn() == 1)
  }
}

private final class SilentTransport: Transport {
  func start(driver: any TransportDriver) {}
  func wake() {}
  func stop() {}
}
