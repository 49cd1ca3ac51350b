import Foundation
import RelayPipeline
import RelaySQLite
import ServiceLifecycle

/// Tells systemd's watchdog that the relay lives: only after the store's and the curl thread have answered.
///
/// The one timer of an idle relay, and only where `WATCHDOG_USEC` asks for it.
struct WatchdogService: Service {
  let store: SQLiteStore
  let engine: DeliveryEngine
  let interval: Duration

  /// Nil where no watchdog listens.
  init?(store: SQLiteStore, engine: DeliveryEngine, environment: [String: String]) {
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
