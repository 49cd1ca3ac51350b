import RelayCore

/// How a sink answers.
package struct SinkSettings: Sendable, Equatable {
  /// Port 0 lets the system choose.
  package var listen: ListenAddress
  /// Every answer's status, unless `failRate` says otherwise.
  package var status = 200
  /// The share of requests, 0 to 1, that get `failStatus` instead. Counts only where `status` is 2xx.
  package var failRate = 0.0
  package var failStatus = 503
  /// From a request's last byte to its answer.
  package var delay = Duration.zero
  /// What signatures are checked with; nil: they are not.
  package var secret: SigningSecret?
  /// Makes `failRate` choose the same requests each time.
  package var seed: UInt64?

  package init(
    listen: ListenAddress = ListenAddress(host: "127.0.0.1", port: 9000), status: Int = 200,
    failRate: Double = 0,
    failStatus: Int = 503, delay: Duration = .zero, secret: SigningSecret? = nil, seed: UInt64? = nil
  ) {
    self.listen = listen
    self.status = status
    self.failRate = failRate
    self.failStatus = failStatus
    self.delay = delay
    self.secret = secret
    self.seed = seed
  }

  func answeredStatus(using randomness: inout some RandomNumberGenerator) -> Int {
    guard (200..<300).contains(status), failRate > 0 else { return status }
    return Double.random(in: 0..<1, using: &randomness) < failRate ? failStatus : status
  }
}
