import Logging
import RelayCore
import RelayHarness
import RelaySQLite
import RelayTestSupport
import RelayThreads
import Testing

@testable import RelayPipeline

/// A relay's middle, real but for the transport, while its store does not come back.
@Suite(.timeLimit(.minutes(15)))
struct HangingStoreTests {
  private static let body = Array(#"{"messages":{"closedChat":[{"id":1}]}}"#.utf8)

  private let folder: TemporaryFolder
  private let store: SQLiteStore
  private let lookup: SQLiteLookup
  private let watch: StoreWatch
  private let observer = RecordingObserver()
  private let receiver: Receiver
  private let controller: RelayController
  private let engine: DeliveryEngine
  private let gate = Gate()

  init() async throws {
    folder = try TemporaryFolder()
    let clock = ManualClock()
    var configuration = Configuration()
    configuration.sources = [Source(name: "huggy")]
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let metrics = RelayMetrics(configuration)
    watch = StoreWatch(metrics: metrics, clock: clock, logger: logger)
    // Longer than a commit takes on a busy machine.
    store = try SQLiteStore(
      path: "\(folder.path)/relay.db", clock: clock, hangAfter: .milliseconds(400),
      observer: Observers(first: watch, then: observer))
    lookup = SQLiteLookup(store, clock: clock)
    engine = DeliveryEngine(
      store: store, transport: IdleTransport(), clock: clock, logger: logger, metrics: metrics)
    receiver = Receiver(
      configuration: configuration, store: store, engine: engine, clock: clock, logger: logger,
      metrics: metrics)
    controller = RelayController(
      configuration,
      parts: RelayController.Parts(
        store: store, lookup: lookup, engine: engine, receiver: receiver, metrics: metrics, watch: watch,
        clock: clock, logger: logger, prober: ScriptedProber(), samples: OneSample()),
      source: ScriptedSource(Configuration()))
    await controller.start(try await controller.prepare())
  }

  private func end() {
    engine.stop(within: .zero)
    lookup.close()
    store.close()
  }

  private func post() -> Promise<IngestReply> {
    let promise = Promise<IngestReply>("the reply", otherwise: .noReply)
    receiver.receive(path: "/huggy", body: Self.body, origin: Nobody()) { promise.keep($0) }
    return promise
  }

  private func hang() async -> IngestReply {
    gate.hold(store)
    return await post().value
  }

  private func goOn() async {
    gate.open()
    observer.wait(untilItHangs: false)
    #expect(!watch.isHanging)
  }

  @Test func aSenderIsAnsweredInTimeAndIsToldThatNobodyKnows() async throws {
    let reply = await hang()
    #expect(reply.status == 503)
    #expect(reply.headers.contains { $0.name == "retry-after" })
    #expect(String(decoding: reply.body, as: UTF8.self).contains("is not known"))
    #expect(receiver.refusedRequests.first?.reason.contains("disk does not answer") == true)
    // At once, from now on.
    let next = post()
    #expect(next.isKept)
    await goOn()
    #expect(await post().value.status == 200)
    end()
  }

  @Test func itIsNotReadyUntilTheStoreIsBack() async throws {
    #expect(await controller.readiness == .ready)
    _ = await hang()
    guard case .notReady(let reason) = await controller.readiness else {
      Issue.record("it is ready")
      return
    }
    #expect(reason.contains("does not answer"))
    #expect(watch.current.holdsSettlements, "no attempt starts whose outcome can't be written")
    await goOn()
    #expect(await controller.readiness == .ready)
    end()
  }

  @Test func statusAndMetricsAreAnsweredWithoutTheStore() async throws {
    _ = await hang()
    // The store's thread is held: these would wait for ever if they asked it.
    let status = try await controller.status()
    #expect(status.store.unreadFor != nil && status.store.refusal != nil)
    let metrics = String(decoding: await controller.metrics(), as: UTF8.self)
    #expect(metrics.contains("\nhuggy_relay_build_info{"))
    #expect(!metrics.contains("\nhuggy_relay_store_bytes "))
    await goOn()
    #expect(try await controller.status().store.unreadFor == nil)
    end()
  }

  @Test func whatWouldChangeManyThingsIsNotBegunMeanwhile() async throws {
    _ = await hang()
    let error = await #expect(throws: OperationError.self) {
      _ = try await controller.discard(.filter(DeliveryFilter()))
    }
    #expect(error?.code == .unavailable)
    await #expect(throws: OperationError.self) { _ = try await controller.reload() }
    await goOn()
    end()
  }

  @Test func aCloseThatDoesNotComeBackIsNotWaitedFor() async throws {
    gate.hold(store)
    #expect(!store.close(within: .milliseconds(20)))
    gate.open()
    end()
    #expect(store.close(within: .zero))
  }
}

/// Tells two, one after the other.
private struct Observers: StoreObserver {
  let first: any StoreObserver
  let then: any StoreObserver

  private func tell(_ body: (any StoreObserver) -> Void) {
    body(first)
    body(then)
  }

  func storeCommitted(operations: Int, duration: Duration) {
    tell { $0.storeCommitted(operations: operations, duration: duration) }
  }

  func storeOverflowed(destination: String, count: Int) {
    tell { $0.storeOverflowed(destination: destination, count: count) }
  }

  func storeConditionChanged(_ condition: StoreCondition) { tell { $0.storeConditionChanged(condition) } }

  func storeHangs(_ isHanging: Bool) { tell { $0.storeHangs(isHanging) } }

  func storeReadFailed(_ error: StoreError) { tell { $0.storeReadFailed(error) } }
}
