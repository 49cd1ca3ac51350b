import Logging
import RelayCore
import RelayThreads

/// Refused requests: one line each in the log, a flood of like ones summed up; and the last fifty kinds, to look at.
final class RefusalLog: Sendable {
  private struct Kept {
    var summary = LogSummary()
    var rejections = RejectionList()
  }

  private let logger: Logger
  private let clock: any SteadyClock
  private let kept = Locked(Kept())

  static let maxBodyBytes = 4 << 10

  init(logger: Logger, clock: any SteadyClock) {
    self.logger = logger
    self.clock = clock
  }

  /// Where a body shows that it is no JSON, nothing of it is kept but its size: it may hold secrets in a form that no mask
  /// finds (UTF-16, compressed, percent-encoded), and the reason says what it is.
  ///
  /// - Parameters:
  ///   - body: As it came, decoded; nil: it never came whole.
  ///   - isOfSource: The path is that of a source.
  ///   - mask: Of what must not be seen wherever it stands.
  func record(
    _ refusal: Refusal, path: String, origin: any RequestOrigin, body: [UInt8]?, isOfSource: Bool,
    mask: SecretMask = SecretMask([])
  ) {
    let now = clock.reading()
    let (peer, forwardedFor) = (origin.peer, origin.forwardedFor)
    var rejection = Rejection(
      at: now.wall, path: path, status: refusal.reason.status, code: refusal.reason.rawValue,
      reason: refusal.explanation,
      bodyBytes: body?.count, body: Self.excerpt(of: body, mask))
    rejection.offset = refusal.offset
    rejection.peer = peer
    rejection.forwardedFor = forwardedFor
    rejection.userAgent = origin.userAgent
    let leftOut = kept.withLock { [rejection] kept in
      kept.rejections.note(rejection, isOfSource: isOfSource, mask: mask)
      return kept.summary.admit(
        "\(refusal.reason.status) \(isOfSource ? path : "") \(refusal.explanation)", at: now.steady)
    }
    guard let leftOut else { return }
    var metadata = refusal.logFields
    metadata["path"] = "\(mask.masked(path))"
    if let peer { metadata["peer"] = "\(peer)" }
    if let forwardedFor { metadata["forwarded_for"] = "\(mask.masked(forwardedFor))" }
    if leftOut > 0 { metadata["alike_since"] = .number(leftOut) }
    logger.warning("request refused", metadata: metadata)
  }

  /// Newest first.
  var rejections: [Rejection] {
    // Event loops must not wait while they are masked.
    kept.withLock { $0.rejections.newestFirst }.map { rejection, mask in
      var rejection = rejection
      rejection.path = mask.masked(rejection.path)
      rejection.forwardedFor = rejection.forwardedFor.map(mask.masked)
      rejection.userAgent = rejection.userAgent.map(mask.masked)
      rejection.body = mask.masked(rejection.body, upTo: Self.maxBodyBytes)
      return rejection
    }
  }

  /// What is to be masked before it is shown.
  private static func excerpt(of body: [UInt8]?, _ mask: SecretMask) -> [UInt8] {
    guard let body, ForeignBody(body) == nil, !body.contains(0) else { return [] }
    return mask.excerpt(of: body, upTo: maxBodyBytes)
  }
}
