import Logging
import RelayCore
import RelayThreads

/// Refused requests: one line each in the log, a flood of like ones summed up; and the last fifty kinds, to look at.
final class RefusalLog: Sendable {
  private struct Kept {
    var summary = LogSummary()
    var refusedRequests = RefusedRequestList()
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
    var request = RefusedRequest(
      at: now.wall, path: path, status: refusal.reason.status, code: refusal.reason.rawValue,
      reason: refusal.explanation,
      bodyBytes: body?.count, body: Self.excerpt(of: body, mask))
    request.offset = refusal.offset
    request.peer = peer
    request.client = Self.client(of: origin)
    request.forwardedFor = forwardedFor
    request.userAgent = origin.userAgent
    let leftOut = kept.withLock { [request] kept in
      kept.refusedRequests.add(request, isOfSource: isOfSource, mask: mask)
      return kept.summary.admit(
        "\(refusal.reason.status) \(isOfSource ? path : "") \(refusal.explanation)", at: now.steady)
    }
    guard let leftOut else { return }
    var metadata = refusal.logFields
    metadata["path"] = "\(mask.masked(path))"
    if let peer { metadata["peer"] = "\(peer)" }
    if let client = request.client { metadata["client"] = "\(client)" }
    if let forwardedFor { metadata["forwarded_for"] = "\(mask.masked(forwardedFor))" }
    if leftOut > 0 { metadata["alike_since"] = .number(leftOut) }
    logger.warning("request refused", metadata: metadata)
  }

  /// Newest first.
  var refusedRequests: [RefusedRequest] {
    // Event loops must not wait while they are masked.
    kept.withLock { $0.refusedRequests.newestFirst }.map { request, mask in
      var request = request
      request.path = mask.masked(request.path)
      request.forwardedFor = request.forwardedFor.map(mask.masked)
      request.userAgent = request.userAgent.map(mask.masked)
      request.body = mask.masked(request.body, upTo: Self.maxBodyBytes)
      return request
    }
  }

  /// Forgets those whose bodies hold one of these texts, or may hold it.
  ///
  /// - Returns: How many entries went.
  func forget(holding texts: [String]) -> Int { kept.withLock { $0.refusedRequests.forget(holding: texts) } }

  /// Whom it counts as, where that is not the peer.
  private static func client(of origin: any RequestOrigin) -> String? {
    guard case .known(let address) = origin.client, let client = Optional("\(address)"), client != origin.peer
    else { return nil }
    return client
  }

  /// What is to be masked before it is shown.
  private static func excerpt(of body: [UInt8]?, _ mask: SecretMask) -> [UInt8] {
    guard let body, ForeignBody(body) == nil, !body.contains(0) else { return [] }
    return mask.excerpt(of: body, upTo: maxBodyBytes)
  }
}
