import Logging
import RelayCore

/// Waits for another relay to let go of the store: the old one of a rolling update, which drains.
struct StoreWait {
  let limit: Duration
  let logger: Logger

  private static let interval = Duration.milliseconds(200)

  /// Opens it as soon as it is free.
  ///
  /// - Throws: What `open` throws; `inUse` only when the time is over.
  func open<Store>(_ open: () throws(StoreError) -> Store) async throws -> Store {
    let end = ContinuousClock.now.advanced(by: limit)
    var isFirst = true
    while true {
      do throws(StoreError) {
        return try open()
      } catch {
        guard error.code == .inUse, ContinuousClock.now < end else { throw error }
        if isFirst {
          logger.notice("waiting for the store", metadata: ["reason": "\(error)", "at_most": "\(limit)"])
        }
        isFirst = false
      }
      try await Task.sleep(for: Self.interval)
    }
  }
}
