/// A downstream service: where deliveries go, and how.
package struct Destination: Sendable, Equatable {
  package enum Format: String, Hashable, Sendable, CaseIterable {
    /// `{"time":…,"messages":{TYPE:[EVENT]}}`, as Huggy would have posted it.
    case huggy
    /// The event alone.
    case event
    /// The event in an envelope of CloudEvents 1.0: `CloudEvent`.
    case cloudevents

    /// Whether it has a place for the sender's token.
    package var carriesToken: Bool {
      switch self {
      case .huggy: true
      case .event, .cloudevents: false
      }
    }

    /// - Parameter isBatch: A body may hold several events (`batch`).
    package func contentType(isBatch: Bool) -> String {
      switch self {
      case .huggy, .event: "application/json"
      case .cloudevents: "application/cloudevents\(isBatch ? "-batch" : "")+json"
      }
    }
  }

  package enum Authorization: Hashable, Sendable {
    case bearer(Secret)
    case basic(username: String, password: Secret)
    /// A bearer token that is got, and renewed.
    case oauth2(OAuth2Client)
  }

  package struct Header: Hashable, Sendable {
    package var name: String
    package var value: Secret

    package init(name: String, value: Secret) {
      self.name = name
      self.value = value
    }
  }

  package struct TLS: Hashable, Sendable {
    /// A PEM file of the only authorities to believe; nil: the system's.
    package var authorityFile: String?
    /// What that file held when the configuration was read: with other contents it is another destination. nil: whoever
    /// uses it reads it.
    package var authorities: [UInt8]?
    /// What is shown of the relay where the server asks for it; nil: nothing.
    package var client: ClientCertificate?
    package var verifies = true

    package init(
      authorityFile: String? = nil, authorities: [UInt8]? = nil, client: ClientCertificate? = nil,
      verifies: Bool = true
    ) {
      self.authorityFile = authorityFile
      self.authorities = authorities
      self.client = client
      self.verifies = verifies
    }
  }

  package var name: String
  /// Absolute, `http` or `https`. May hold credentials: never printed whole.
  package var url: Secret
  package var format = Format.huggy
  package var forwardsToken = false
  package var headers: [Header] = []
  package var authorization: Authorization?
  package var signingSecrets: [SigningSecret] = []
  package var usesHTTP2 = false
  /// For one attempt as a whole.
  package var timeout = Duration.seconds(10)
  package var connectTimeout = Duration.seconds(5)
  /// A kept connection that has been idle for so long is closed.
  package var maxIdle = Duration.seconds(60)
  /// Attempts in flight at once.
  package var concurrency = 16
  package static let concurrencyBounds = 1...1_000
  /// Attempts at most; nil: unlimited.
  package var rate: Rate?
  package var ordering = Ordering.none
  /// How many events a request may hold; nil: one, in the format's own shape.
  package var batch: BatchPolicy?
  /// What becomes of the platform's links to files in what is sent.
  package var attachments = AttachmentLinks.off
  package var retry = RetryPolicy()
  package var circuit = CircuitPolicy()
  /// How much its pending and dead deliveries may take together.
  package var maxBacklog = BacklogLimit.share(0.5)
  /// Something due that has waited for so long is late.
  package var lateAfter = Duration.seconds(15 * 60)
  /// Where the file says `paused: true`, as `FILE:LINE`; nil: it does not.
  package var pausedAt: String?
  /// Statuses that are never tried again.
  package var permanentStatuses: Set<Int> = [400, 410, 413, 414, 415, 422]
  package var tls = TLS()
  package var network = NetworkPolicy()

  package init(name: String, url: Secret) {
    self.name = name
    self.url = url
  }
}

extension Destination {
  /// Several events may stand in a request.
  package var takesSeveral: Bool { batch.map { $0.maxEvents > 1 } ?? false }

  /// What its `rate` lets through at once is what it lets through in this time: a tenth of a second, and where batches may wait for
  /// longer, so long.
  package var burstTime: Duration { max(TokenBucket.shortestBurst, batch?.maxWait ?? .zero) }

  /// Whether it differs at most in where the file pauses it.
  package func differsAtMostInPause(from other: Destination) -> Bool {
    var (mine, theirs) = (self, other)
    mine.pausedAt = nil
    theirs.pausedAt = nil
    // It is for who looks: nothing is sent otherwise by it.
    mine.lateAfter = theirs.lateAfter
    return mine == theirs
  }
}
