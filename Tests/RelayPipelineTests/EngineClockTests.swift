import Foundation
import Logging
import RelayCore
import RelaySQLite
import RelayTestSupport
import RelayThreads
import Testing

@testable import RelayPipeline

/// The engine where the wall clock and the steady one differ. Its turns are taken by the test.
@Suite final class EngineClockTests {
  private let clock = ManualClock()
  private let recorder = LineRecorder()
  private let folder: URL
  private let store: SQLiteStore
  private let engine: DeliveryEngine

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "relay-engine-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    store = try SQLiteStore(path: "\(folder.path)/relay.db", clock: clock)
    engine = DeliveryEngine(
      store: store, transport: SilentTransport(), clock: clock, logger: recorder.logger,
      metrics: RelayMetrics(Configuration()))
    engine.start([Self.destination], stored: [])
    _ = engine.turn(finished: [])
  }

  deinit {
    store.close()
    try? FileManager.default.removeItem(at: folder)
  }

  private static var destination: Destination {
    var destination = Destination(name: "crm", url: Secret("http://crm"))
    destination.signingSecrets = [SigningSecret(key: Array(0..<24))]
    return destination
  }

  private func delivery(_ id: Int64) -> Delivery {
    let context = EnvelopeContext(source: "huggy", receivedAt: clock.now(), time: nil, token: nil)
    let event = Event(
      id: EventID(high: 1, low: UInt64(id)), envelope: context, type: "t", rawType: Array("t".utf8),
      company: nil,
      channel: nil, chat: nil, body: Array("{}".utf8))
    return Delivery(
      id: DeliveryID(rawValue: id), event: event, destination: "crm", since: clock.now())
  }

  private func attempt(_ id: Int64, _ status: Int, clock offset: Duration?) -> FinishedAttempt {
    FinishedAttempt(
      delivery: DeliveryID(rawValue: id), destination: "crm",
      result: AttemptResult(
        startedAt: clock.now(), duration: .zero, response: .status(status, body: [], retryAfter: nil),
        clockOffset: offset))
  }

  /// Has a delivery attempted; the store, which has nothing, has answered all claims by then.
  private func start(_ id: Int64) async -> AttemptRequest? {
    await store.ping()
    _ = engine.turn(finished: [])
    engine.arrived([delivery(id)])
    return engine.turn(finished: []).requests.first
  }

  @Test func requestsAreSignedWithTheWallClocksTime() async throws {
    clock.setWall(ahead: .seconds(-7_200))
    let request = try #require(await start(1))
    let time = Timestamp.second(-7_200).seconds
    #expect(request.headers.lines.contains("webhook-timestamp: \(time)"))
  }

  @Test func aClockThatIsNotItsDestinationsIsTold() async {
    _ = await start(1)
    #expect(engine.clockOffset == nil)
    _ = engine.turn(finished: [attempt(1, 200, clock: .seconds(312))])
    #expect(engine.clockOffset == .seconds(312))
    let line = recorder.lines.first { $0.level == .error }
    #expect(line?.message.contains("clock") == true && line?.metadata["ahead"] == "+312.0s")
  }

  @Test func whenItIsSetRightThatIsKnownAtOnce() async {
    _ = await start(1)
    _ = engine.turn(finished: [attempt(1, 200, clock: .seconds(312))])
    clock.setWall(ahead: .seconds(-312))
    _ = engine.turn(finished: [])
    #expect(engine.clockOffset == .zero)
  }

  @Test func aRefusalOfAWrongClockIsTriedAgain() async {
    _ = await start(1)
    _ = engine.turn(finished: [attempt(1, 400, clock: .seconds(-312))])
    #expect(!recorder.lines.contains { $0.message == "dead letter" })
    #expect(recorder.lines.contains { $0.message == "attempt failed" })
    _ = await start(2)
    _ = engine.turn(finished: [attempt(2, 400, clock: .zero)])
    #expect(recorder.lines.contains { $0.message == "dead letter" })
  }

  @Test func theNextAttemptIsToldByTheWallClock() async {
    clock.setWall(ahead: .seconds(1_000))
    _ = await start(1)
    _ = engine.turn(finished: [attempt(1, 503, clock: nil)])
    let next = recorder.lines.first { $0.message == "attempt failed" }?.metadata["next"] ?? ""
    #expect(next >= "\(Timestamp.second(1_001))" && next <= "\(Timestamp.second(1_002))")
  }

  @Test func aPauseEndsByTheWallClockAlsoWhenThatIsSet() async {
    engine.pause("crm", until: .second(100))
    _ = engine.turn(finished: [])
    #expect(await start(1) == nil)
    clock.setWall(ahead: .seconds(100))
    #expect(engine.turn(finished: []).requests.count == 1)
  }

  @Test func aDestinationThatIsGoneTellsNoTime() async {
    _ = await start(1)
    _ = engine.turn(finished: [attempt(1, 200, clock: .seconds(312))])
    engine.configure([])
    _ = engine.turn(finished: [])
    #expect(engine.clockOffset == nil)
  }

  @Test func aStepOfTheWallClockIsALine() {
    let log = ClockLog(logger: recorder.logger)
    log.stepped(ClockStep(by: .seconds(-3_600), wall: .second(5), moment: .running), at: .second(0))
    log.stepped(ClockStep(by: .milliseconds(86_400_040), wall: .second(5), moment: .stopped), at: .second(0))
    log.stepped(ClockStep(by: .seconds(1), wall: .second(5), moment: .running), at: .second(9))
    #expect(recorder.lines.map(\.metadata["by"]) == ["-3600.0s", "+86400.0s"])
    #expect(recorder.lines.allSatisfy { $0.metadata["shows"] == "\(Timestamp.second(5))" })
  }
}

/// Runs nothing: the test takes the turns.
private final class SilentTransport: Transport {
  func start(driver: any TransportDriver) {}
  func wake() {}
  func stop() {}
}
