import RelayPipeline

/// An origin of which nothing is known.
final class Nobody: RequestOrigin {
  var peer: String? { nil }
  var forwardedFor: String? { nil }
  var userAgent: String? { nil }
}

extension IngestReply {
  /// What stands for one that does not come.
  static let noReply = IngestReply(status: 0, body: [])
}
