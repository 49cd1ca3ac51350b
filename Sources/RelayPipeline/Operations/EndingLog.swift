import Logging
import RelayCore
import RelayThreads

/// Tells in the log of each credential with an end when that is near, and when it has come. For any thread.
///
/// What is so at the start, or at a reload, the configuration's warnings have told already.
package final class EndingLog: Sendable {
  private let active: ActiveConfiguration
  private let clock: any SteadyClock
  private let logger: Logger
  private let stages = Locked<[CredentialEnd: CredentialEnd.Stage]>([:])

  init(active: ActiveConfiguration, clock: any SteadyClock, logger: Logger) {
    self.active = active
    self.clock = clock
    self.logger = logger
  }

  /// To be called again and again: what has changed since is told once.
  package func look() {
    let ends = active.configuration.credentialEnds
    let now = clock.reading().wall
    let changed = stages.withLock { stages in
      let known = stages
      stages = Dictionary(ends.map { ($0, $0.stage(at: now)) }, uniquingKeysWith: { first, _ in first })
      return ends.filter { end in known[end].map { $0 < end.stage(at: now) } ?? false }
    }
    for end in changed { tell(of: end, at: now) }
  }

  private func tell(of end: CredentialEnd, at now: Timestamp) {
    let metadata: Logger.Metadata = ["key": "\(end.path)", "until": "\(end.until)"]
    if end.stage(at: now) == .over {
      logger.warning(
        end.isLast
          ? "a credential has ended, and no other of its key is left (nobody is let in, nothing is signed): add one"
          : "a credential has ended; take it out of the configuration", metadata: metadata)
    } else {
      logger.warning("a credential ends soon", metadata: metadata)
    }
  }
}
