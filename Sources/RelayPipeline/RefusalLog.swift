import Logging
import RelayCore
import RelayThreads

/// One line for a refused request, with the reason; a flood of like ones is summed up.
final class RefusalLog: Sendable {
  private let logger: Logger
  private let clock: any WallClock
  private let summary = Locked(LogSummary())

  init(logger: Logger, clock: any WallClock) {
    self.logger = logger
    self.clock = clock
  }

  func note(path: String, _ reply: IngestReply) {
    let reason = reply.reason
    let kind = "\(reply.status) \(reason)"
    guard let leftOut = summary.withLock({ $0.admit(kind, at: clock.now()) }) else { return }
    var metadata: Logger.Metadata = [
      "path": "\(path)", "status": "\(reply.status)", "reason": "\(reason)",
    ]
    if leftOut > 0 { metadata["alike_since"] = "\(leftOut)" }
    logger.warning("request refused", metadata: metadata)
  }
}
