import Logging
import RelayCore
import RelayTestSupport
import RelayThreads
import Testing

@testable import RelayPipeline

/// The engine where the wall clock and the steady one differ. Its turns are taken by the test.
@Suite struct EngineClockTests {
  private let clock = ManualClock()
  private let recorder = LineRecorder()
  private let engine: DeliveryEngine

  init() {
    engine = DeliveryEngine(
      store: SilentStore(), transport: SilentTransport(), clock: clock, logger: recorder.logger,
      metrics: RelayMetrics(Configuration()))
    engine.start([Self.destination], stored: [])
    _ = engine.turn(finished: [])
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

  /// Has a delivery attempted.
  private func start(_ id: Int64) -> AttemptRequest? {
    // Its store is empty.
    engine.answerClaims()
    engine.arrived([delivery(id)])
    return engine.turn(finished: []).requests.first
  }

  @Test func requestsAreSignedWithTheWallClocksTime() throws {
    clock.setWall(ahead: .seconds(-7_200))
    let request = try #require(start(1))
    let time = Timestamp.second(-7_200).seconds
    #expect(request.headers.lines.contains("webhook-timestamp: \(time)"))
  }

  @Test func aClockThatIsNotItsDestinationsIsTold() {
    _ = start(1)
    #expect(engine.clockOffset == nil)
    _ = engine.turn(finished: [attempt(1, 200, clock: .seconds(312))])
    #expect(engine.clockOffset == .seconds(312))
    let line = recorder.lines.first { $0.level == .error }
    #expect(line?.message.contains("clock") == true && line?.metadata["ahead"] == "+312.0s")
  }

  @Test func whenItIsSetRightThatIsKnownAtOnce() {
    _ = start(1)
    _ = engine.turn(finished: [attempt(1, 200, clock: .seconds(312))])
    clock.setWall(ahead: .seconds(-312))
    _ = engine.turn(finished: [])
    #expect(engine.clockOffset == .zero)
  }

  @Test func aRefusalOfAWrongClockIsTriedAgain() {
    _ = start(1)
    _ = engine.turn(finished: [attempt(1, 400, clock: .seconds(-312))])
    #expect(!recorder.lines.contains { $0.message == "dead letter" })
    #expect(recorder.lines.contains { $0.message == "attempt failed" })
    _ = start(2)
    _ = engine.turn(finished: [attempt(2, 400, clock: .zero)])
    #expect(recorder.lines.contains { $0.message == "dead letter" })
  }

  @Test func theNextAttemptIsToldByTheWallClock() {
    clock.setWall(ahead: .seconds(1_000))
    _ = start(1)
    _ = engine.turn(finished: [attempt(1, 503, clock: nil)])
    let next = recorder.lines.first { $0.message == "attempt failed" }?.metadata["next"] ?? ""
    #expect(next >= "\(Timestamp.second(1_001))" && next <= "\(Timestamp.second(1_002))")
  }

  @Test func aPauseEndsByTheWallClockAlsoWhenThatIsSet() {
    engine.pause("crm", until: .second(100))
    _ = engine.turn(finished: [])
    #expect(start(1) == nil)
    clock.setWall(ahead: .seconds(100))
    #expect(engine.turn(finished: []).requests.count == 1)
  }

  @Test func aDestinationThatIsGoneTellsNoTime() {
    _ = start(1)
    _ = engine.turn(finished: [attempt(1, 200, clock: .seconds(312))])
    engine.configure([])
    _ = engine.turn(finished: [])
    #expect(engine.clockOffset == nil)
  }

  @Test func aStepOfTheWallClockIsALine() {
    let log = ClockLog(logger: recorder.logger)
    log.note(ClockStep(by: .seconds(-3_600), wall: .second(5), moment: .running), at: .second(0))
    log.note(ClockStep(by: .milliseconds(86_400_040), wall: .second(5), moment: .stopped), at: .second(0))
    log.note(ClockStep(by: .seconds(1), wall: .second(5), moment: .running), at: .second(9))
    #expect(recorder.lines.map(\.metadata["by"]) == ["-3600.0s", "+86400.0s"])
    #expect(recorder.lines.allSatisfy { $0.metadata["shows"] == "\(Timestamp.second(5))" })
  }
}

extension DeliveryEngine {
  /// The store has nothing.
  fileprivate func answerClaims() { _ = turn(finished: []) }
}

/// Runs nothing: the test takes the turns.
private final class SilentTransport: Transport {
  func start(driver: any TransportDriver) {}
  func wake() {}
  func stop() {}
}

/// Has nothing, and records nothing: claims are answered at once, everything else never.
private final class SilentStore: DeliveryStore {
  func append(
    _ envelope: NewEnvelope, completion: @escaping @Sendable (Result<AppendOutcome, StoreError>) -> Void
  ) {}
  func settle(
    _ settlements: [Settlement], isUrgent: Bool, completion: @escaping @Sendable ([Delivery]) -> Void
  ) {}
  func claim(_ request: ClaimRequest, completion: @escaping @Sendable (Claim) -> Void) {
    completion(
      Claim(destination: request.destination, kind: request.kind, deliveries: [], isExhausted: true))
  }
  func release(_ deliveries: [DeliveryID]) {}
  func configure(
    _ configuration: StoreConfiguration, completion: @escaping @Sendable (Result<Void, StoreError>) -> Void
  ) {}
  func destinations(completion: @escaping @Sendable (Result<[StoredDestination], StoreError>) -> Void) {}
  func size(completion: @escaping @Sendable (Result<Int, StoreError>) -> Void) {}
  func withhold(_ destinations: [String], completion: @escaping @Sendable () -> Void) {}
  func handOut(_ destinations: [String]) {}
  func reorder(
    _ destination: String, by ordering: Ordering,
    completion: @escaping @Sendable (Result<Void, StoreError>) -> Void
  ) {}
  func change(
    _ change: DeliveryChange, _ selection: DeliverySelection, of destination: String,
    completion: @escaping @Sendable (Int, StoreError?) -> Void
  ) {}
  func pause(
    _ destination: String, until: Timestamp?,
    completion: @escaping @Sendable (Result<Void, StoreError>) -> Void
  ) {}
  func note(_ suspended: SuspendedTime, of destination: String) {}
  func close() {}
}
