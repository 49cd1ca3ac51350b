import RelayCore

/// What may happen in a simulation.
struct Scenario: Sendable, CustomStringConvertible {
  var name: String
  var destinations = ["a", "b", "c"]
  /// Attempts at once; 0: changes at random.
  var concurrency = 0
  var bodies = [0, 100]
  /// Envelopes that arrive, and the most deliveries of one.
  var envelopes = 40
  var envelopeSize = 8
  /// In percent.
  var successes = 60
  var claimFailures = 20
  /// How often the relay restarts, destinations are removed, one goes down or up, refuses one kind or takes it again, is
  /// paused or resumed, is operated upon, the store fills up or drains, a replay queues something: in per mille of the steps.
  var restarts = 0
  var removals = 0
  var outages = 0
  var refusals = 0
  var pauses = 0
  var operations = 0
  var fillings = 0
  var replays = 0
  var ordering = Ordering.none
  var chats = 3
  var kinds = 1
  var rate: Rate?
  /// Attempts of destination "a" do not end.
  var hangs = false
  var maxAge = Duration.seconds(72 * 3_600)
  var maxAttempts: Int? = 6
  var steps = 800

  var description: String { name }

  /// One order key's failures alone must open circuits.
  var hasFewHeads: Bool { name.hasSuffix("head") || name.hasSuffix("heads") }

  /// Others must be looked for behind a window full of refused ones.
  var refusesBeyondTheWindow: Bool { name.hasPrefix("refusing while down") }

  static let all = [
    Scenario(name: "mixed"),
    Scenario(name: "spilling", bodies: [0, 1 << 20, 4 << 20, 12 << 20]),
    Scenario(name: "failing", bodies: [0, 4 << 20], successes: 10),
    Scenario(name: "all succeed", concurrency: 1, bodies: [0, 4 << 20, 12 << 20], successes: 100),
    Scenario(name: "restarting", bodies: [0, 4 << 20], restarts: 8),
    Scenario(name: "removing", bodies: [0, 4 << 20], removals: 15, pauses: 15),
    Scenario(name: "hanging", concurrency: 3, bodies: [0, 12 << 20], hangs: true),
    Scenario(name: "single", destinations: ["a"], bodies: [4 << 20, 12 << 20, 12 << 20], envelopeSize: 4),
    Scenario(name: "outages", successes: 95, outages: 20),
    Scenario(name: "outages of one slot", concurrency: 1, successes: 95, outages: 30),
    Scenario(name: "pausing", successes: 80, outages: 10, pauses: 40, maxAge: .seconds(100)),
    Scenario(name: "aging", successes: 20, outages: 10, maxAge: .seconds(30), maxAttempts: nil),
    Scenario(name: "rated", successes: 80, outages: 5, rate: Rate(count: 30, per: .seconds(1))),
    Scenario(name: "chats", bodies: [0, 4 << 20], restarts: 3, outages: 10, ordering: .chat),
    Scenario(name: "one at a time", successes: 80, outages: 10, ordering: .destination),
    Scenario(
      name: "operating", bodies: [0, 4 << 20], successes: 40, outages: 5, operations: 30, ordering: .chat,
      chats: 2, maxAttempts: 2, steps: 1_200),
    Scenario(
      name: "all at once", bodies: [0, 4 << 20], restarts: 2, removals: 4, outages: 10, pauses: 10,
      operations: 20, fillings: 10, ordering: .chat, rate: Rate(count: 100, per: .seconds(1)), maxAttempts: 3,
      steps: 1_200),
    Scenario(name: "filling", outages: 10, fillings: 30),
    Scenario(name: "refusing", successes: 98, refusals: 20, kinds: 3, maxAttempts: 12, steps: 1_200),
    Scenario(
      name: "refusing while down now and then", bodies: [0, 4 << 20], successes: 98, restarts: 2, outages: 10,
      refusals: 15, pauses: 5, kinds: 3, maxAge: .seconds(60), maxAttempts: nil, steps: 1_200),
    Scenario(
      name: "refusing in order", successes: 98, outages: 8, refusals: 20, operations: 5, ordering: .chat,
      kinds: 2, maxAge: .seconds(60), maxAttempts: nil, steps: 1_200),
    Scenario(
      name: "one head", destinations: ["a"], envelopes: 20, successes: 98, outages: 12, refusals: 8,
      pauses: 5,
      ordering: .destination, kinds: 2, maxAge: .seconds(100), maxAttempts: nil, steps: 1_500),
    Scenario(
      name: "few heads", destinations: ["a", "b"], successes: 97, outages: 12, ordering: .chat, chats: 2,
      maxAge: .seconds(100), maxAttempts: nil, steps: 1_500),
    Scenario(
      name: "retried head", destinations: ["a", "b"], successes: 98, outages: 12, operations: 4,
      ordering: .destination, maxAge: .seconds(100), maxAttempts: nil, steps: 3_000),
    Scenario(name: "replaying", bodies: [0, 4 << 20], successes: 70, outages: 8, replays: 30),
    Scenario(
      name: "replaying in order", successes: 80, restarts: 3, outages: 5, operations: 8, replays: 30,
      ordering: .chat, steps: 1_200),
    Scenario(
      name: "replaying at a rate", concurrency: 3, successes: 80, removals: 3, pauses: 8, fillings: 5,
      replays: 30, rate: Rate(count: 100, per: .seconds(1)), steps: 1_200),
    Scenario(
      name: "replaying what is refused", successes: 97, refusals: 20, replays: 25, kinds: 3, steps: 1_200),
  ]
}
