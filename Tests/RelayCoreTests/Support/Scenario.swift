/// What may happen in a simulation.
struct Scenario: Sendable, CustomStringConvertible {
  var name: String
  var destinations = ["a", "b", "c"]
  /// Attempts at once; 0: changes at random.
  var concurrency = 0
  var bodies = [0, 100]
  /// Envelopes that arrive, and the most deliveries of one.
  var envelopes = 30
  var envelopeSize = 8
  /// In percent.
  var successes = 60
  var claimFailures = 20
  var restarts = 0
  var removals = 0
  /// Attempts of destination "a" do not end.
  var hangs = false
  var steps = 250

  var description: String { name }

  static let all = [
    Scenario(name: "mixed"),
    Scenario(name: "spilling", bodies: [0, 1 << 20, 4 << 20, 12 << 20]),
    Scenario(name: "failing", bodies: [0, 4 << 20], successes: 10),
    Scenario(name: "all succeed", concurrency: 1, bodies: [0, 4 << 20, 12 << 20], successes: 100),
    Scenario(name: "restarting", bodies: [0, 4 << 20], restarts: 2),
    Scenario(name: "removing", bodies: [0, 4 << 20], removals: 5),
    Scenario(name: "hanging", concurrency: 3, bodies: [0, 12 << 20], hangs: true),
    Scenario(name: "single", destinations: ["a"], bodies: [4 << 20, 12 << 20, 12 << 20], envelopeSize: 4),
  ]
}
