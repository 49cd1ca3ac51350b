import Foundation
import Logging
import NIOPosix
import RelayCore
import RelayIngest
import RelayPipeline
import RelaySQLite
import RelayThreads
import ServiceLifecycle

/// Each part lives until the shutdown reaches it.
struct StoreService: Service {
  let store: SQLiteStore

  func run() async throws {
    try? await gracefulShutdown()
    await offPool { store.close() }
  }
}

struct DeliveryService: Service {
  let engine: DeliveryEngine
  let destinations: [Destination]
  let drain: DrainTime

  func run() async throws {
    engine.start(destinations)
    try? await gracefulShutdown()
    let limit = drain.remaining
    await offPool { engine.stop(within: limit) }
  }
}

/// The ingest, which listens already.
struct IngestService: Service {
  let server: IngestServer
  let address: ListenAddress
  let eventLoopGroup: MultiThreadedEventLoopGroup
  let engine: DeliveryEngine
  let store: SQLiteStore
  let drain: DrainTime
  let started: ContinuousClock.Instant
  let logger: Logger

  func run() async throws {
    // Told only now that signals are listened to as well.
    logger.notice(
      "listening",
      metadata: [
        "address": "\(address)", "version": "\(RelayVersion.number)", "process": "\(getpid())",
        "started_in_ms": "\(Int(started.duration(to: .now).inSeconds * 1_000))",
      ])
    ServiceManager.notify("READY=1")
    try? await gracefulShutdown()
    logger.notice("stopping", metadata: ["drain": "\(drain.limit)"])
    ServiceManager.notify("STOPPING=1")
    drain.begin()
    engine.drain()
    await server.shutdown(drain: drain.limit)
    // What was handed to the store is answered on the event loops: they must outlive it.
    await withCheckedContinuation { continuation in store.ping { continuation.resume() } }
    try? await eventLoopGroup.shutdownGracefully()
  }
}

/// `server.drain` for the whole of a shutdown: the ingest's part and the attempts' together.
final class DrainTime: Sendable {
  let limit: Duration
  private let end = Locked<ContinuousClock.Instant?>(nil)

  init(limit: Duration) {
    self.limit = limit
  }

  func begin() {
    end.withLock { $0 = .now.advanced(by: limit) }
  }

  /// What is left of it; all, if it has not begun.
  var remaining: Duration {
    end.withLock { end in end.map { max(.zero, ContinuousClock.now.duration(to: $0)) } ?? limit }
  }
}

/// Runs what blocks on a thread of its own.
func offPool(_ body: @escaping @Sendable () -> Void) async {
  await withCheckedContinuation { continuation in
    Thread.detachNewThread {
      body()
      continuation.resume()
    }
  }
}
