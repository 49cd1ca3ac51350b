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

  /// Beyond the drain. What a disk that hangs holds up, the next start finds as it is on disk.
  static let closingTime = Duration.seconds(5)

  func run() async throws {
    try? await gracefulShutdown()
    let isClosed = await onThread(named: "close") {
      let end = ContinuousClock.now.advanced(by: Self.closingTime)
      guard lookup.close(within: Self.closingTime) else { return false }
      return store.close(within: max(.zero, ContinuousClock.now.duration(to: end)))
    }
    guard isClosed else {
      throw StoreError(
        code: .hanging,
        message: "its disk does not answer, so it was left as it is; the next start delivers what is pending")
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
    await onThread(named: "stop") { engine.stop(within: limit) }
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
    // What was handed to the store is answered on the event loops: they must outlive it. If it does not come back, they
    // stay until the process ends.
    let patience = max(StoreService.closingTime / 2, drain.remaining)
    guard await store.answers(within: patience) else { return }
    try? await eventLoopGroup.shutdownGracefully()
  }
}

extension SQLiteStore {
  /// Whether all that was asked of it so far is answered within that time.
  fileprivate func answers(within limit: Duration) async -> Bool {
    let answered = Monitor(false)
    ping { answered.update { $0 = true } }
    return await onThread { answered.wait(timeout: limit, until: { $0 ? true : nil }) != nil }
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
