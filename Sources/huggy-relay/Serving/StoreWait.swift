import Logging
import RelayCore
import RelayThreads

/// Waits for another relay to let go of the store: the old one of a rolling update, which drains. Or for the store's server to be there.
struct StoreWait {
  let limit: Duration
  let logger: Logger

  private static let interval = Duration.milliseconds(200)

  /// Opens it as soon as it is free, on a thread of its own: a store of an old schema, or one with a long log, takes a while.
  ///
  /// - Returns: nil, once the process is told to end. What an unfinished opening has changed so far the next one finds as
  ///   after a crash.
  /// - Throws: What `open` throws; `inUse` and `unreachable` only when the time is over.
  func open<Store: Sendable>(
    unless terminations: Terminations, _ open: @escaping @Sendable () throws(StoreError) -> Store
  ) async throws -> Store? {
    let (results, result) = AsyncStream.makeStream(of: Result<Store, StoreError>.self)
    let isOver = Monitor(false)
    let attempts: @Sendable () -> Void = {
      result.yield(self.attempts(isOver, open))
      result.finish()
    }
    if !WorkerThread.start(name: "open", attempts) { attempts() }
    let ending = Task {
      await terminations.wait()
      result.finish()
    }
    defer {
      ending.cancel()
      isOver.update { $0 = true }
    }
    for await result in results { return try result.get() }
    return nil
  }

  private func attempts<Store>(
    _ isOver: Monitor<Bool>, _ open: () throws(StoreError) -> Store
  ) -> Result<Store, StoreError> {
    let end = ContinuousClock.now.advanced(by: limit)
    var isFirst = true
    while true {
      do throws(StoreError) {
        return .success(try open())
      } catch {
        guard error.code == .inUse || error.code == .unreachable, ContinuousClock.now < end else {
          return .failure(error)
        }
        if isFirst {
          logger.notice("waiting for the store", metadata: ["reason": "\(error)", "at_most": "\(limit)"])
        }
        isFirst = false
        if isOver.wait(timeout: Self.interval, until: { $0 ? true : nil }) != nil { return .failure(error) }
      }
    }
  }
}
