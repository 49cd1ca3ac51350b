import RelayCore
import RelayPipeline

/// An origin of which nothing is known.
final class Nobody: RequestOrigin {
  var peer: String? { nil }
  var client: ClientAddress { .unknown }
  var forwardedFor: String? { nil }
  var userAgent: String? { nil }
  var trace: TraceParent? { nil }
}

/// An origin of which only the trace is known.
final class Traced: RequestOrigin {
  let trace: TraceParent?

  init(_ text: String) {
    trace = TraceParent(header: text.utf8)
  }

  var peer: String? { nil }
  var client: ClientAddress { .unknown }
  var forwardedFor: String? { nil }
  var userAgent: String? { nil }
}

extension IngestReply {
  /// What stands for one that does not come.
  static let noReply = IngestReply(status: 0, body: [])
}
