import Logging
import RelayCore
import RelayHarness
import RelaySQLite
import RelayTestSupport
import RelayThreads
import Testing

@testable import RelayPipeline

/// What people are told, and what is done, when the store takes longer than they wait.
@Suite(.timeLimit(.minutes(15)))
final class ControllerPatienceTests {
  private final class EmptyCopy: StoreCopy {
    let format = StoreCopyFormat(contentType: "application/x-copy", name: "copy") { _ in nil }
    var byteCount: Int { 0 }
    func read(at offset: Int, upTo count: Int) throws(StoreError) -> [UInt8] { [] }
  }

  /// A relay's middle over a store and a lookup that a test holds.
  private final class Bench {
    let folder: TemporaryFolder
    let store: HeldStore
    let engine: DeliveryEngine
    let controller: RelayController
    let metrics: RelayMetrics
    let source: ScriptedSource
    let machine = ManualMachine()
    private let real: SQLiteStore

    /// - Parameter copy: Of the store.
    init(
      lookup: ScriptedLookup = ScriptedLookup(), patience: Patience,
      copy: Result<any StoreCopy, StoreError> = .success(EmptyCopy())
    ) async throws {
      folder = try TemporaryFolder()
      var configuration = Configuration()
      configuration.destinations = [Destination(name: "crm", url: Secret("http://crm"))]
      configuration.hash = "first"
      source = ScriptedSource(configuration)
      let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
      metrics = RelayMetrics(configuration)
      let watch = StoreWatch(metrics: metrics, clock: machine, logger: logger)
      real = try SQLiteStore(path: "\(folder.path)/relay.db", clock: machine, observer: watch)
      store = HeldStore(real, copy: copy)
      engine = DeliveryEngine(
        store: store, transport: IdleTransport(), clock: machine, logger: logger, metrics: metrics)
      let receiver = Receiver(
        configuration: configuration, store: store, engine: engine, clock: machine, logger: logger,
        metrics: metrics)
      controller = RelayController(
        configuration,
        parts: RelayController.Parts(
          store: store, lookup: lookup, engine: engine, receiver: receiver, metrics: metrics, watch: watch,
          clock: machine, logger: logger, prober: ScriptedProber(), samples: OneSample(), patience: patience),
        source: source)
      await controller.start(try await controller.prepare())
    }

    var isPaused: Bool {
      get async { await engine.snapshot().first { $0.name == "crm" }?.isPaused == true }
    }

    func end() {
      engine.stop(within: .zero)
      store.close()
    }
  }

  /// Everybody's patience ends when the test says so, and from then on at once.
  private let time = Promise<Void>("the end of the patience")
  private var patience: Patience { Patience(sleep: { [time] _ in await time.value }) }

  @Test func aCopyThatTakesLongerThanAnybodyWaitsIsMade() async throws {
    let bench = try await Bench(patience: patience)
    bench.store.hold(.backup)
    let copy = Task { [controller = bench.controller] in try await controller.backup() }
    await bench.store.hasCome.value
    time.keep(())
    bench.store.letGo()
    #expect(try await copy.value.byteCount == 0)
    bench.end()
  }

  @Test(arguments: [.full, .inUse, .failing] as [StoreError.Code])
  func thatThereIsNoRoomForACopyIsNoFailureToRead(code: StoreError.Code) async throws {
    let error = StoreError(code: code, message: "no copy")
    let bench = try await Bench(patience: patience, copy: .failure(error))
    let told = await #expect(throws: OperationError.self) { _ = try await bench.controller.backup() }
    #expect(told?.message == "no copy")
    #expect(bench.metrics.storeReadErrors.value == (code == .failing ? 1 : 0))
    time.keep(())
    bench.end()
  }

  @Test func aReloadThatTheStoreTakesLongForIsDoneWholeAndSaysSo() async throws {
    let bench = try await Bench(patience: patience)
    bench.source.write {
      $0.hash = "second"
      $0.store.retention = .seconds(60)
    }
    bench.store.hold(.configure)
    let report = Task { [controller = bench.controller] in try await controller.reload() }
    await bench.store.hasCome.value
    time.keep(())
    bench.store.letGo()
    // Nobody's patience is left for what is only told of it.
    #expect(try await report.value.hash == "second")
    #expect(bench.store.configurations.last?.retention == .seconds(60))
    #expect(bench.controller.active.configuration.hash == "second")
    bench.end()
  }

  @Test func whatARelayHasLiftedThatHasTheLaneIsTold() async throws {
    let bench = try await Bench(patience: patience)
    bench.store.laneIsElsewhere(.done(until: .second(99)))
    let there = try await bench.controller.resume("crm")
    bench.store.laneIsElsewhere(.own)
    let here = try await bench.controller.resume("crm")
    #expect(there == ResumeReport(wasPaused: false, liftedHold: .second(99)) && here.liftedHold == nil)
    time.keep(())
    bench.end()
  }

  @Test func aPauseThatComesTooLateForWhoAskedHoldsTheLaneAllTheSame() async throws {
    let bench = try await Bench(patience: patience)
    bench.store.hold(.pause)
    let paused = Task { [controller = bench.controller] in try await controller.pause("crm", until: nil) }
    await bench.store.hasCome.value
    #expect(await !bench.isPaused)
    time.keep(())
    let error = await #expect(throws: OperationError.self) { try await paused.value }
    #expect(error?.message.contains("may yet be done") == true)
    bench.store.letGo()
    await bench.store.pauses.reach(1)
    #expect(await bench.isPaused)
    bench.end()
  }

  /// Each patience ends once three pages have been answered in it.
  @Test(arguments: [DeliveryFilter(), DeliveryFilter(type: "unheard of")])
  func eachPageIsWaitedForByItself(filter: DeliveryFilter) async throws {
    let pages = Tally()
    let lookup = ScriptedLookup(pages: 20_000) { pages.add() }
    let patience = Patience(sleep: { _ in await pages.reach(pages.count + 3) })
    let bench = try await Bench(lookup: lookup, patience: patience)
    do {
      let counts = try await bench.controller.count(.discard, .filter(filter))
      #expect(counts.total == 20_000)
    } catch {
      // No delivery is of such a type: it has looked through all of them.
      #expect(filter.type != nil && error.code == .notFound, "\(error)")
    }
    bench.end()
  }

  /// Broken by a count before the change: what is discarded stands in no index, and each walk is along all there is.
  @Test func aRetryOfWhatWasDiscardedAsksForNoWalkBesideItsOwn() async throws {
    let lookup = ScriptedLookup()
    let bench = try await Bench(
      lookup: lookup, patience: Patience(sleep: { _ in try? await Task.sleep(for: .seconds(60)) }))
    let before = lookup.questions.count
    let outcome = try await bench.controller.retry(.filter(DeliveryFilter(state: .discarded)))
    #expect(outcome == RetryOutcome(changed: 0))
    #expect(lookup.questions.count == before)
    bench.end()
  }

  @Test func aLookupThatIsSilentIsAskedNothingMoreUntilItHasAnswered() async throws {
    let lookup = ScriptedLookup()
    let bench = try await Bench(lookup: lookup, patience: Patience(.zero, sleep: { _ in }))
    lookup.hang()
    let before = lookup.questions.count
    for _ in 0..<20 {
      guard case .notReady = await bench.controller.readiness else {
        Issue.record("it is ready")
        return
      }
      await #expect(throws: OperationError.self) {
        _ = try await bench.controller.event(EventID(high: 0, low: 1))
      }
    }
    await lookup.questions.reach(before + 1)
    #expect(lookup.questions.count == before + 1)
    lookup.goOn()
    while lookup.questions.count < before + 2 {
      try Task.checkCancellation()
      _ = await bench.controller.readiness
    }
    bench.end()
  }

  @Test func theLanesTimesAreTheWallClocksAlsoJustAfterItWasSet() async throws {
    let bench = try await Bench(patience: patience)
    let until = bench.machine.reading().wall.advanced(by: .seconds(3_600))
    try await bench.controller.pause("crm", until: until)
    // Nobody has looked at the clock since.
    bench.machine.setWall(by: .seconds(60))
    let lane = await bench.controller.statusReader.lanes()["crm"]
    #expect(lane?.pausedUntil == until)
    time.keep(())
    bench.end()
  }
}
