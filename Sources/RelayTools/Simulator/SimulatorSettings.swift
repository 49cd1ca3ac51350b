import RelaySystem

/// What a simulator plays, to whom, and how fast.
package struct SimulatorSettings: Sendable {
  /// Absolute, `http` or `https`: a source's path on the relay's ingest address.
  package var url: String
  /// The source's token; nil: a made-up one, which a source without tokens believes.
  package var token: String?
  /// nil is the same as `all`.
  package var scenario: Scenario?
  /// Envelopes a second, above 0. `infinity`: as fast as the answers come.
  package var ratePerSecond: Double
  /// How many envelopes; nil: until it is stopped.
  package var count: Int?
  /// Below 90,000,000, so that no other run has the same ids.
  package var seed: UInt64
  /// How many requests may wait for their answers at once.
  package var concurrency: Int
  /// For one request as a whole.
  package var timeout: Duration

  package init(
    url: String, token: String? = nil, scenario: Scenario? = nil, ratePerSecond: Double = 10,
    count: Int? = nil,
    seed: UInt64 = SimulatorSettings.randomSeed(), concurrency: Int = 4, timeout: Duration = .seconds(30)
  ) {
    self.url = url
    self.token = token
    self.scenario = scenario
    self.ratePerSecond = ratePerSecond
    self.count = count
    self.seed = seed
    self.concurrency = concurrency
    self.timeout = timeout
  }

  /// A seed that hardly any other run has.
  package static func randomSeed() -> UInt64 { .random(in: 0..<Draws.seedCount) }

  /// The token to send: the given one, or 32 digits as Huggy's have.
  var effectiveToken: String {
    if let token { return token }
    var randomness = SplitMix64(seed: seed)
    let digits = Array("0123456789abcdef")
    return String((0..<32).map { _ in digits.randomElement(using: &randomness)! })
  }
}
