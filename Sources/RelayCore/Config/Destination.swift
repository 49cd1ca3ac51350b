/// A downstream service: where deliveries go, and how.
public struct Destination: Sendable, Equatable {
  public enum Format: String, Hashable, Sendable, CaseIterable {
    /// `{"time":…,"messages":{TYPE:[EVENT]}}`, as Huggy would have posted it.
    case huggy
    /// The event alone.
    case event
  }

  public enum Authorization: Hashable, Sendable {
    case bearer(Secret)
    case basic(username: String, password: Secret)
  }

  public struct Header: Hashable, Sendable {
    public var name: String
    public var value: Secret

    public init(name: String, value: Secret) {
      self.name = name
      self.value = value
    }
  }

  public struct TLS: Hashable, Sendable {
    /// A PEM file of the only authorities to believe; nil: the system's.
    public var authorityFile: String?
    /// What that file held when the configuration was read: with other contents it is another destination. nil: whoever
    /// uses it reads it.
    public var authorities: [UInt8]?
    public var verifies = true

    public init(authorityFile: String? = nil, authorities: [UInt8]? = nil, verifies: Bool = true) {
      self.authorityFile = authorityFile
      self.authorities = authorities
      self.verifies = verifies
    }
  }

  public var name: String
  /// Absolute, `http` or `https`. May hold credentials: never printed whole.
  public var url: Secret
  public var format = Format.huggy
  public var forwardsToken = false
  public var headers: [Header] = []
  public var authorization: Authorization?
  public var signingSecrets: [SigningSecret] = []
  public var usesHTTP2 = false
  /// For one attempt as a whole.
  public var timeout = Duration.seconds(10)
  public var connectTimeout = Duration.seconds(5)
  /// A kept connection that has been idle for so long is closed.
  public var maxIdle = Duration.seconds(60)
  /// Attempts in flight at once.
  public var concurrency = 16
  /// Attempts at most; nil: unlimited.
  public var rate: Rate?
  public var ordering = Ordering.none
  public var retry = RetryPolicy()
  public var circuit = CircuitPolicy()
  /// Of pending and dead deliveries together.
  public var maxBacklog = BacklogLimit.share(0.5)
  /// Where the file says `paused: true`, as `FILE:LINE`; nil: it does not.
  public var pausedAt: String?
  /// Statuses that are never tried again.
  public var permanentStatuses: Set<Int> = [400, 410, 413, 414, 415, 422]
  public var tls = TLS()

  public init(name: String, url: Secret) {
    self.name = name
    self.url = url
  }
}
