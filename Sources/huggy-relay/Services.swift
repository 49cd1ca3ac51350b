import Foundation
import Logging
import NIOPosix
import RelayAdmin
import RelayCore
import RelayIngest
import RelayPipeline
import RelaySQLite
import RelayThreads
import ServiceLifecycle

/// Each part lives until the shutdown reaches it.
struct StoreService: Service {
  let store: SQLiteStore
  let lookup: SQLiteLookup

  func run() async throws {
    try? await gracefulShutdown()
    await offPool {
      lookup.close()
      store.close()
    }
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
    await offPool { engine.stop(within: limit) }
  }
}

/// The listeners, which listen already.
struct IngestService: Service {
  let server: IngestServer
  let address: ListenAddress
  let admin: AdminServer?
  let eventLoopGroup: MultiThreadedEventLoopGroup
  let controller: RelayController
  let store: SQLiteStore
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
