import Foundation
import Logging
import RelayCore
import RelaySQLite
import RelayStoring
import RelayTestSupport
import RelayThreads
import Testing

@testable import RelayPipeline

/// The engine over a store that says whether an attempt may start. Its turns are taken by the test.
@Suite final class EngineLeaseTests {
  private let clock = HaltingClock()
  private let folder: URL
  private let store: LeasedStore
  private let engine: DeliveryEngine

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "relay-lease-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    store = LeasedStore(try SQLiteStore(path: "\(folder.path)/relay.db", clock: clock))
    engine = DeliveryEngine(
      store: store, transport: SilentTransport(), clock: clock, logger: Logger(label: "test"),
      metrics: RelayMetrics(Configuration()))
    var destination = Destination(name: "crm", url: Secret("http://crm"))
    destination.signingSecrets = [SigningSecret(key: Array(0..<24))]
    engine.start([destination], stored: [])
    _ = engine.turn(finished: [])
  }

  deinit {
    store.close()
    try? FileManager.default.removeItem(at: folder)
  }

  /// A delivery arrives; the store, which has nothing, has answered all claims by then.
  private func arrive() async {
    await store.ping()
    _ = engine.turn(finished: [])
    let context = EnvelopeContext(source: "huggy", receivedAt: clock.now(), time: nil, token: nil)
    let event = Event(
      id: EventID(high: 1, low: 1), envelope: context, type: "t", rawType: Array("t".utf8), company: nil,
      channel: nil, chat: nil, body: Array("{}".utf8))
    engine.arrived([
      Delivery(id: DeliveryID(rawValue: 1), event: event, destination: "crm", since: clock.now())
    ])
  }

  @Test func whileTheStoreSaysNoNothingStartsAndItIsAskedAgain() async {
    store.isHeld.withLock { $0 = false }
    await arrive()
    let turn = engine.turn(finished: [])
    #expect(turn.requests.isEmpty)
    #expect(turn.deadline == clock.now().advanced(by: .milliseconds(100)))
    store.isHeld.withLock { $0 = true }
    #expect(engine.turn(finished: []).requests.count == 1)
  }

  /// As the process goes on that was stopped for a while, before anything has told it so.
  @Test func theStoreIsAskedInEachTurnBeforeAnythingStarts() async {
    _ = engine.turn(finished: [])
    await arrive()
    store.isHeld.withLock { $0 = false }
    #expect(engine.turn(finished: []).requests.isEmpty)
  }

  @Test func aTurnThatStoodStillForLongerThanTheLeaseStartsNothing() async {
    _ = engine.turn(finished: [])
    await arrive()
    store.end.withLock { $0 = clock.now().advanced(by: .seconds(3)) }
    clock.halt(for: .seconds(4))
    #expect(engine.turn(finished: []).requests.isEmpty)
    store.end.withLock { $0 = clock.now().advanced(by: .seconds(3)) }
    #expect(engine.turn(finished: []).requests.count == 1)
  }

  @Test func aLeaseDoesNotLetStartWhatWaitsForOutcomes() async {
    store.isHeld.withLock { $0 = false }
    engine.storeHolds(true)
    await arrive()
    _ = engine.turn(finished: [])
    store.isHeld.withLock { $0 = true }
    #expect(engine.turn(finished: []).requests.isEmpty)
    engine.storeHolds(false)
    #expect(engine.turn(finished: []).requests.count == 1)
  }
}

/// A store that says no when a test wants it to.
private final class LeasedStore: ThreadedStore {
  let isHeld = Locked(true)
  /// From then on it says no.
  let end = Locked(Timestamp(microseconds: .max))
  private let store: SQLiteStore

  init(_ store: SQLiteStore) {
    self.store = store
  }

  var kind: String { store.kind }
  var thread: StoreThread { store.thread }
  var downTime: Gap? { store.downTime }

  func mayStart(at now: Timestamp) -> Bool { isHeld.withLock { $0 } && now < end.withLock { $0 } }
  func close() { store.close() }
  func close(within limit: Duration) -> Bool { store.close(within: limit) }
}

/// The process can be stopped just after it has read both clocks, as a turn begins.
private final class HaltingClock: SteadyClock {
  private let clock = ManualClock()
  private let halt = Locked(Duration.zero)

  /// With the next reading, once.
  func halt(for time: Duration) { halt.withLock { $0 = time } }

  func reading() -> ClockReading {
    let reading = clock.reading()
    clock.advance(
      by: halt.withLock { halt in
        defer { halt = .zero }
        return halt
      })
    return reading
  }

  func now() -> Timestamp { clock.now() }
  var history: ClockHistory { clock.history }
  func resume(from kept: KeptClock?) { clock.resume(from: kept) }
  func kept() -> KeptClock { clock.kept() }
}

private final class SilentTransport: Transport {
  func start(driver: any TransportDriver) {}
  func wake() {}
  func stop() {}
}
