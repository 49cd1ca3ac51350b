import Logging
import RelayCore
import RelayThreads

/// Refused requests: one line each in the log, a flood of like ones summed up; and the last fifty, to look at.
final class RefusalLog: Sendable {
  private struct Kept {
    var summary = LogSummary()
    /// In order of arrival, the oldest at `next` once it is full.
    var last: [Rejection] = []
    var next = 0
  }

  private let logger: Logger
  private let clock: any WallClock
  private let kept = Locked(Kept())

  static let maxKept = 50
  static let maxBodyBytes = 4 << 10

  init(logger: Logger, clock: any WallClock) {
    self.logger = logger
    self.clock = clock
  }

  /// - Parameters:
  ///   - body: As it came; nil: it never came whole.
  ///   - secrets: What must not be seen wherever it stands.
  func note(path: String, _ reply: IngestReply, body: [UInt8]?, secrets: [Secret] = []) {
    let now = clock.now()
    let rejection = Rejection(
      at: now, path: path, status: reply.status, code: reply.code, reason: reply.reason,
      bodyBytes: body?.count,
      body: body.map { SecretMask.mask($0, upTo: Self.maxBodyBytes, secrets: secrets) } ?? [])
    let leftOut = kept.withLock { kept in
      if kept.last.count < Self.maxKept {
        kept.last.append(rejection)
      } else {
        kept.last[kept.next] = rejection
        kept.next = (kept.next + 1) % Self.maxKept
      }
      return kept.summary.admit("\(reply.status) \(reply.reason)", at: now)
    }
    guard let leftOut else { return }
    var metadata: Logger.Metadata = [
      "path": "\(path)", "status": .number(reply.status), "reason": "\(reply.reason)",
    ]
    if leftOut > 0 { metadata["alike_since"] = .number(leftOut) }
    logger.warning("request refused", metadata: metadata)
  }

  /// Newest first.
  var rejections: [Rejection] {
    kept.withLock { kept in (kept.last[kept.next...] + kept.last[..<kept.next]).reversed() }
  }
}
