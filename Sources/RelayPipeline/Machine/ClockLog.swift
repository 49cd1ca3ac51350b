import Logging
import RelayCore
import RelayThreads

/// A line for each step of the wall clock; many are summed up.
package final class ClockLog: Sendable {
  private let logger: Logger
  private let summary = Locked(LogSummary())

  package init(logger: Logger) {
    self.logger = logger
  }

  /// - Parameter now: The steady time.
  package func stepped(_ step: ClockStep, at now: Timestamp) {
    guard let leftOut = summary.withLock({ $0.admit("\(step.moment)", at: now) }) else { return }
    var metadata: Logger.Metadata = ["by": "\(step.by.signedSeconds)", "shows": "\(step.wall)"]
    if leftOut > 0 { metadata["alike_since"] = "\(leftOut)" }
    switch step.moment {
    case .running:
      logger.warning("the wall clock was set: nothing waits or grows old by it", metadata: metadata)
    case .stopped:
      logger.warning(
        "the wall clock was set while the relay was stopped: nothing waits or grows old by it",
        metadata: metadata)
    case .off:
      logger.warning(
        "the wall clock shows an earlier time than before the machine's restart; is it right?",
        metadata: metadata)
    }
  }
}

extension Duration {
  /// With its sign, to the tenth: `+86400.0s`, `-3600.0s`.
  var signedSeconds: String {
    let tenths = (microseconds + (microseconds < 0 ? -50_000 : 50_000)) / 100_000
    return "\(tenths < 0 ? "-" : "+")\(abs(tenths) / 10).\(abs(tenths) % 10)s"
  }
}
