import NIOCore
import RelayCore
import RelayPipeline

/// What one connection may cost, in time and in bytes.
struct ConnectionLimits: Sendable, Equatable {
  var maxBodyBytes: Int
  /// From a request's first byte to its last.
  var requestTimeout: TimeAmount
  /// Between requests.
  var idleTimeout: TimeAmount
  /// For a reply that the client doesn't read.
  var replyTimeout: TimeAmount
  /// How much of a refused request is read and thrown away. Many clients write all of a request before they read
  /// anything, and closing with unread bytes would reset the connection: what they had not read yet would be lost, so
  /// that a refusal for good looked like a fault of the network.
  var lingerBytes: Int
  /// How long a client whose request was refused may go on sending.
  var lingerTimeout: TimeAmount { requestTimeout }
  /// How long such a client may be silent.
  var lingerSilence = TimeAmount.seconds(5)
  /// How long a client whose request was complete may go on sending, and any client while the relay shuts down.
  var lastLingerTimeout = TimeAmount.seconds(2)
  /// A refused body up to this size is read and thrown away, and the connection lives on.
  var skippedBodyBytes = 64 << 10

  /// How long a shutdown waits for a new connection's request, from its beginning, and for the rest of a request's head.
  var firstRequestPatience: TimeAmount

  init(_ settings: ServerSettings, firstRequestPatience: TimeAmount = .seconds(1)) {
    self.firstRequestPatience = firstRequestPatience
    maxBodyBytes = settings.maxBodyBytes
    requestTimeout = TimeAmount(settings.requestTimeout)
    idleTimeout = TimeAmount(settings.idleTimeout)
    replyTimeout = min(idleTimeout, .seconds(75))
    lingerBytes = max(64 << 20, 4 * settings.maxBodyBytes)
  }
}

/// What all connections share.
struct IngestContext: Sendable {
  var limits: ConnectionLimits
  var receiver: any EnvelopeReceiver
  var budget: InflightBudget
  var trust = ProxyTrust()
  /// Each connection begins with a PROXY header, and comes from a proxy that is trusted.
  var readsProxyHeaders = false
}
