import Glibc
import Logging
import NIOPosix
import RelayAdmin
import RelayAttachments
import RelayCore
import RelayFiles
import RelayIngest
import RelayPipeline
import RelayThreads
import ServiceLifecycle

/// Each part lives until the shutdown reaches it.
struct StoreService: Service {
  let opened: OpenedStore

  /// Beyond the drain. What a store that hangs holds up, the next start finds as it is there.
  static let closingTime = Duration.seconds(5)

  func run() async throws {
    try? await gracefulShutdown()
    guard await onThread(named: "close", { opened.close(within: Self.closingTime) }) else {
      throw StoreError(
        code: .hanging,
        message: "it does not answer, so it was left as it is; the next start delivers what is pending")
    }
  }
}

/// Ends the relay once its store is lost in a way that another start mends, so that whoever runs it starts it again: another relay has taken
/// over, or a standby has become the primary, and what is in memory is no longer true.
struct LossService: Service {
  let watch: StoreWatch
  let drain: DrainTime

  func run() async throws {
    let loss = await cancelWhenGracefulShutdown { () -> StoreError? in
      for await error in watch.losses { return error }
      return nil
    }
    guard let loss else { return }
    // What an attempt comes to can't be recorded any more: whoever has taken over makes it again, and waits for this relay's end.
    drain.skip()
    throw loss
  }
}

/// Fetches and keeps files from the start of the delivery on, until nothing more is received. It ends before the store, which it asks.
struct AttachmentService: Service {
  let keeper: AttachmentKeeper

  /// For fetches under way, which go on at the next start.
  private static let endingTime = Duration.seconds(3)

  func run() async throws {
    try? await gracefulShutdown()
    await onThread(named: "files end") { keeper.stop(within: Self.endingTime) }
  }
}

struct DeliveryService: Service {
  let controller: RelayController
  let engine: DeliveryEngine
  let stored: [StoredDestination]
  let drain: DrainTime

  func run() async throws {
    await controller.start(stored)
    try? await gracefulShutdown()
    let limit = drain.remaining
    await onThread(named: "stop") { engine.stop(within: limit) }
  }
}

/// The listeners, which listen already.
struct IngestService: Service {
  let server: IngestServer
  let address: ListenAddress
  let admin: AdminServer?
  let files: FileServer
  let eventLoopGroup: MultiThreadedEventLoopGroup
  let controller: RelayController
  let opened: OpenedStore
  let drain: DrainTime
  let started: ContinuousClock.Instant
  let logger: Logger

  func run() async throws {
    // Told only now that signals are listened to as well.
    logger.notice(
      "listening",
      metadata: [
        "address": "\(address)", "version": "\(RelayVersion.number)", "process": .number(getpid()),
        "started_in_ms": .number(Int(started.duration(to: .now).inSeconds * 1_000)),
      ])
    ServiceManager.notify(.ready(address: "\(address)"))
    try? await gracefulShutdown()
    logger.notice("stopping", metadata: ["drain": "\(drain.limit)"])
    ServiceManager.notify(.stopping(drain: drain.limit))
    drain.begin()
    controller.drain()
    await server.shutdown(drain: drain.limit)
    await admin?.shutdown(within: drain.remaining)
    await files.shutdown(within: drain.remaining)
    // What was handed to the store is answered on the event loops: they must outlive it. If it does not come back, they
    // stay until the process ends.
    let patience = max(StoreService.closingTime / 2, drain.remaining)
    guard await opened.answers(within: patience) else { return }
    try? await eventLoopGroup.shutdownGracefully()
  }
}

/// Tells people how the relay is, until it stops: then it looks no more, since what ends looks as if it were well.
struct NoticeService: Service {
  let notices: Notices

  /// For a notice that is under way: one whose answer is not recorded is sent again by the next start.
  private static let endingTime = Duration.seconds(1)

  func run() async throws {
    Task { await notices.run() }
    try? await gracefulShutdown()
    // Waits for the run as well, but not for a disk that hangs.
    await notices.stop(within: Self.endingTime)
  }
}

/// `server.drain` for the whole of a shutdown: the ingest's part and the attempts' together.
final class DrainTime: Sendable {
  private struct State {
    var limit: Duration
    var end: ContinuousClock.Instant?
  }

  private let state: Locked<State>

  init(limit: Duration) {
    state = Locked(State(limit: limit))
  }

  var limit: Duration { state.withLock { $0.limit } }

  /// Nothing is waited for.
  func skip() {
    state.withLock { $0.limit = .zero }
  }

  func begin() {
    state.withLock { $0.end = .now.advanced(by: $0.limit) }
  }

  /// What is left of it; all, if it has not begun.
  var remaining: Duration {
    state.withLock { state in
      state.end.map { max(.zero, ContinuousClock.now.duration(to: $0)) } ?? state.limit
    }
  }
}

/// Has a sample taken at the end of each ten seconds, and a last one when the relay stops; and at these times it is looked whether a
/// credential has come to its end.
struct SeriesService: Service {
  let recorder: SeriesRecorder
  let endings: EndingLog

  func run() async throws {
    endings.look()
    await recorder.begin()
    try? await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        try await Task.sleep(for: recorder.untilNext)
        endings.look()
        await recorder.sample()
      }
    }
    await recorder.end()
  }
}

/// Tells systemd's watchdog that the relay lives: only after the store's and the curl thread have answered.
///
/// Beside the store's sign of life and the charts' samples the one timer of an idle relay, and only where `WATCHDOG_USEC` asks for it.
struct WatchdogService: Service {
  let store: any DeliveryStore
  let engine: DeliveryEngine
  let interval: Duration

  /// Nil where no watchdog listens.
  init?(store: any DeliveryStore, engine: DeliveryEngine, environment: [String: String]) {
    guard let microseconds = environment["WATCHDOG_USEC"].flatMap({ Int64($0) }), microseconds > 0,
      environment["WATCHDOG_PID"].map({ $0 == "\(getpid())" }) ?? true
    else { return nil }
    self.store = store
    self.engine = engine
    // Half the time that systemd allows, as its manual advises.
    interval = .microseconds(microseconds / 2)
  }

  func run() async throws {
    try? await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        // A thread that hangs never answers: then no ping is sent, and systemd restarts the relay.
        await withCheckedContinuation { continuation in store.ping { continuation.resume() } }
        await withCheckedContinuation { continuation in engine.ping { continuation.resume() } }
        ServiceManager.notify(.alive)
        try await Task.sleep(for: interval)
      }
    }
  }
}
