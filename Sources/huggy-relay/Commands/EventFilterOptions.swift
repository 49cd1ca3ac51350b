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

  @Option(name: .long, help: "Those received before this.")
  var until: String?

  func validate() throws {
    if let problem = EventFilterReader.problem(with: items(), now: SystemWallClock().now()) {
      throw ValidationError(problem)
    }
  }

  /// As the API has them, in an address as in a body. Local times become UTC here: the relay may run in another zone.
  func items() -> [FilterItem] {
    let lists = [
      ("type", type), ("company", company), ("channel", channel), ("chat", chat), ("source", source),
      ("route", route), ("destination", destination), ("outcome", outcome),
    ]
    let ones = [
      ("text", text), ("since", since.map { FilterOptions.time($0) ?? $0 }),
      ("until", until.map { FilterOptions.time($0) ?? $0 }),
    ]
    return lists.filter { !$0.1.isEmpty }.map { FilterItem($0.0, $0.1.joined(separator: ",")) }
      + ones.compactMap { name, value in value.map { FilterItem(name, $0) } }
  }
}
