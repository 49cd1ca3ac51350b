import RelayText

/// What a path stands for.
enum AdminRoute: Equatable {
  case health
  case readiness
  case metrics
  case status
  case event(String)
  case deliveries
  case retry
  case discard
  case pause(String)
  case resume(String)
  case reload
  case refusals
  case backup

  /// - Parameter path: As it came, without its query.
  init?(path: String) {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false).map { String($0).percentDecoded }
    guard parts.first == "" else { return nil }
    switch (parts.count, parts.dropFirst()) {
    case (_, ["healthz"]): self = .health
    case (_, ["readyz"]): self = .readiness
    case (_, ["metrics"]): self = .metrics
    case (_, ["api", "v1", "status"]): self = .status
    case (_, ["api", "v1", "deliveries"]): self = .deliveries
    case (_, ["api", "v1", "deliveries", "retry"]): self = .retry
    case (_, ["api", "v1", "deliveries", "discard"]): self = .discard
    case (_, ["api", "v1", "reload"]): self = .reload
    case (_, ["api", "v1", "rejections"]): self = .refusals
    case (_, ["api", "v1", "store", "backup"]): self = .backup
    case (5, ["api", "v1", "events", parts[4]]): self = .event(parts[4])
    case (6, ["api", "v1", "destinations", parts[4], "pause"]): self = .pause(parts[4])
    case (6, ["api", "v1", "destinations", parts[4], "resume"]): self = .resume(parts[4])
    default: return nil
    }
  }

  /// It changes something, or makes a copy that takes room on the disk: by POST, with a JSON content type.
  var isChange: Bool {
    switch self {
    case .retry, .discard, .pause, .resume, .reload, .backup: true
    case .health, .readiness, .metrics, .status, .event, .deliveries, .refusals: false
    }
  }

  var methods: [String] { isChange ? ["POST"] : ["GET", "HEAD"] }

  /// Probes come from orchestrators and load balancers, which have no token.
  var needsToken: Bool { self != .health && self != .readiness }

  /// A longer body is refused; in bytes.
  var maxBodyBytes: Int { isChange ? 1 << 20 : 1 << 10 }
}
