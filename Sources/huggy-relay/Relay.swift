import Foundation
import Logging
import NIOPosix
import RelayCore
import RelayCurl
import RelayIngest
import RelayPipeline
import RelaySQLite
import ServiceLifecycle

/// The parts, put together: the only place that knows them all.
///
/// They start in the order store, delivery, ingest, and stop in the reverse: first nothing more comes in, then
/// the attempts in flight end, then the store closes.
struct Relay {
  private let configuration: Configuration
  private let logger: Logger
  private let clock = SystemWallClock()

  init(_ configuration: Configuration, logger: Logger) {
    self.configuration = configuration
    self.logger = logger
  }

  func run() async throws {
    let started = ContinuousClock.now
    ProcessLimits.prepare(for: configuration, logger: logger)
    let hangups = Hangups(logger: logger)
    defer { hangups.cancel() }
    let store = try openStore()
    let engine = DeliveryEngine(
      store: store, transport: CurlTransport(clock: clock), clock: clock, logger: logger)
    let receiver = Receiver(
      configuration: configuration, store: store, engine: engine, clock: clock, logger: logger)
    let eventLoopGroup = MultiThreadedEventLoopGroup(
      numberOfThreads: ProcessInfo.processInfo.activeProcessorCount)
    let server = IngestServer(
      settings: configuration.server, receiver: receiver, eventLoopGroup: eventLoopGroup)
    let address: ListenAddress
    do {
      try await register(in: store)
      logPending(try await pendingCounts(of: store))
      // Before anything is attempted: a relay that can't listen must not send.
      address = try await server.start()
    } catch {
      await offPool { store.close() }
      throw error
    }
    let drain = DrainTime(limit: configuration.server.drain)
    var services: [any Service] = [
      StoreService(store: store),
      DeliveryService(engine: engine, destinations: configuration.destinations, drain: drain),
      IngestService(
        server: server, address: address, eventLoopGroup: eventLoopGroup, engine: engine, store: store,
        drain: drain, started: started, logger: logger),
    ]
    if let watchdog = WatchdogService(
      store: store, engine: engine, environment: ProcessInfo.processInfo.environment)
    {
      services.append(watchdog)
    }
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: services.map { .init(service: $0) }, gracefulShutdownSignals: [.sigterm, .sigint],
        logger: Logger(label: "services") { _ in SwiftLogNoOpLogHandler() }))
    try await group.run()
    logger.notice("stopped")
  }

  private func openStore() throws(StoreError) -> SQLiteStore {
    switch configuration.store.location {
    case .sqlite(let path): try SQLiteStore(path: path, clock: clock)
    }
  }

  private func register(in store: SQLiteStore) async throws {
    try await withCheckedThrowingContinuation { continuation in
      store.register(StoreNames(configuration)) { continuation.resume(with: $0) }
    }
  }

  private func pendingCounts(of store: SQLiteStore) async throws -> [String: DeliveryCounts] {
    try await withCheckedThrowingContinuation { continuation in
      store.pendingCounts { continuation.resume(with: $0) }
    }
  }

  private func logPending(_ counts: [String: DeliveryCounts]) {
    let known = Set(configuration.destinations.map(\.name))
    for (destination, count) in counts.sorted(by: { $0.key < $1.key }) {
      var metadata: Logger.Metadata = [
        "destination": "\(destination)", "pending": "\(count.pending)", "dead": "\(count.dead)",
      ]
      if !known.contains(destination) { metadata["orphaned"] = "true" }
      logger.notice("found in the store", metadata: metadata)
    }
  }
}
