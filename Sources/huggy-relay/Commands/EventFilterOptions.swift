import ArgumentParser
import RelayAdmin
import RelayCore
import RelayPipeline

/// Conditions on events: each that is given must hold. An option that is given several times, or with several values with
/// commas between them, holds if one of them does.
struct EventFilterOptions: ParsableArguments {
  @Option(
    name: .long,
    help: "Those of this type; as in routes, * and ? are wildcards: '*Message'. Several: with commas.")
  var type: [String] = []

  @Option(name: .long, help: "Those of this company.")
  var company: [String] = []

  @Option(name: .long, help: "Those of this channel: 'whatsapp*'; null: those without one.")
  var channel: [String] = []

  @Option(name: .long, help: "Those of this conversation, by the id that the chat has in Huggy.")
  var chat: [String] = []

  @Option(name: .long, help: "Those that came from this source.")
  var source: [String] = []

  @Option(name: .long, help: "Those that this route matched.")
  var route: [String] = []

  @Option(name: .long, help: "Those with a delivery to this destination.", completion: .destinations)
  var destination: [String] = []

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Those of which this became (of their deliveries to --destination, where that is given): "
        + "\(EventOutcome.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "outcome"),
    completion: .list(EventOutcome.allCases.map(\.rawValue)))
  var outcome: [String] = []

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Those whose body holds this text in a value, in whatever case; or PATH=VALUE, as in a route's where: "
        + "customer.mobile='5575*'.", valueName: "text"))
  var text: String?

  @Option(
    name: .long,
    help: "Those received at or after this: 24h (ago), 2026-01-02, \"2026-01-02 03:04\", 03:04 (local time).")
  var since: String?

  @Option(name: .long, help: "Those received before this: the same forms, so 10m is older than ten minutes.")
  var until: String?

  func validate() throws {
    try TextList.refuseEmpty([
      "type": type, "company": company, "channel": channel, "chat": chat, "source": source, "route": route,
      "destination": destination, "outcome": outcome,
    ])
    for (name, text) in [("since", since), ("until", until)] { try FilterOptions.check(name, text) }
    if let problem = input().problem(now: SystemWallClock().now()) {
      throw ValidationError(problem)
    }
  }

  /// As the API has them, in an address as in a body. Local times become UTC here: the relay may run in another zone.
  func input() -> EventFilterInput {
    var input = EventFilterInput()
    input.type = TextList(splitting: type)
    input.company = TextList(splitting: company)
    input.channel = TextList(splitting: channel)
    input.chat = TextList(splitting: chat)
    input.source = TextList(splitting: source)
    input.route = TextList(splitting: route)
    input.destination = TextList(splitting: destination)
    input.outcome = TextList(splitting: outcome)
    input.text = text
    input.since = since.map { FilterOptions.time($0) ?? $0 }
    input.until = until.map { FilterOptions.time($0) ?? $0 }
    return input
  }
}

extension TextList {
  /// An option that is given and says nothing, as by a script's variable that is not set, would be no condition at all: then more is
  /// meant than was.
  ///
  /// - Parameter options: What each was given.
  static func refuseEmpty(_ options: KeyValuePairs<String, [String]>) throws {
    for (name, given) in options where given.contains(where: { TextList(splitting: [$0]).texts.isEmpty }) {
      throw ValidationError("--\(name) \(emptyProblem)")
    }
  }
}
