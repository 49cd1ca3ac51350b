import RelayCore
import RelayJSON
import RelayPipeline

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
  package var verifier: WebhookVerifier?
  /// Makes `failRate` choose the same requests each time.
  package var seed: UInt64?

  package init(
    listen: ListenAddress = ListenAddress(host: "127.0.0.1", port: 9000), status: Int = 200,
    failRate: Double = 0,
    failStatus: Int = 503, delay: Duration = .zero, verifier: WebhookVerifier? = nil, seed: UInt64? = nil
  ) {
    self.listen = listen
    self.status = status
    self.failRate = failRate
    self.failStatus = failStatus
    self.delay = delay
    self.verifier = verifier
    self.seed = seed
  }

  func answeredStatus(using randomness: inout some RandomNumberGenerator) -> Int {
    guard (200..<300).contains(status), failRate > 0 else { return status }
    return Double.random(in: 0..<1, using: &randomness) < failRate ? failStatus : status
  }
}

/// What a sink sends back.
struct SinkAnswer: Sendable, Equatable {
  var status: Int
  var body: [UInt8]
  var delay = Duration.zero

  /// For browsers and health checks.
  static let greeting = SinkAnswer(
    status: 200, body: Array("This is a huggy-relay sink. POST webhooks here.\n".utf8))

  static let tooLarge = SinkAnswer(
    status: 413, body: Array("The sink takes bodies of 16 MiB at most.\n".utf8))

  /// What goes with a status. Huggy's handshake is confirmed, so that a sink can stand in a relay's place.
  static func body(for status: Int, request: [UInt8]) -> [UInt8] {
    guard (200..<300).contains(status) else { return Array("The sink answers \(status), as told.\n".utf8) }
    return handshakeToken(in: request) ?? Array("ok\n".utf8)
  }

  /// T of `{"token":T,"validToken":true}`.
  private static func handshakeToken(in body: [UInt8]) -> [UInt8]? {
    // Longer bodies are envelopes: not worth a second scan.
    guard body.count < 1_024, let document = try? EnvelopeScanner(fields: FieldTree(paths: [])).scan(body),
      !document.hasMessages, document.validToken?.kind == .true, let token = document.token,
      token.kind == .string
    else { return nil }
    return Array(token.text(in: body).utf8)
  }
}
