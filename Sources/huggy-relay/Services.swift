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
  let drain: Duration

  func run() async throws {
    engine.start(destinations)
    try? await gracefulShutdown()
    await offPool { engine.stop(within: drain) }
  }
}

struct IngestService: Service {
  let settings: ServerSettings
  let receiver: Receiver
  let logger: Logger
  let started: ContinuousClock.Instant

  func run() async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: ProcessInfo.processInfo.activeProcessorCount)
    let server = IngestServer(
      settings: settings, receiver: receiver, eventLoopGroup: group)
    let address = try await server.start()
    let elapsed = started.duration(to: .now).inSeconds
    logger.notice(
      "listening",
      metadata: [
        "address": "\(address)", "version": "\(RelayVersion.number)", "process": "\(getpid())",
        "started_in_ms": "\(Int(elapsed * 1_000))",
      ])
    ServiceManager.notify("READY=1")
    try? await gracefulShutdown()
    logger.notice("stopping", metadata: ["drain": "\(settings.drain)"])
    ServiceManager.notify("STOPPING=1")
    await server.shutdown(drain: settings.drain)
    try? await group.shutdownGracefully()
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
