import ArgumentParser
import RelayAdmin
import RelayCore
import RelayPipeline

/// Conditions on deliveries.
struct FilterOptions: ParsableArguments {
  @Option(name: .long, help: "Those for this destination.", completion: .destinations)
  var destination: String?

  @Option(name: .long, help: "Those of events of this type.")
  var type: String?

  @Option(
    name: .long,
    help:
      "Those of events received at or after this: 24h (ago), 2026-01-02, \"2026-01-02 03:04\", 03:04 (local time)."
  )
  var since: String?

  @Option(
    name: .long,
    help: "Those of events received before this: the same forms, so 10m is older than ten minutes.")
  var until: String?

  func validate() throws {
    for (name, text) in [("since", since), ("until", until)] { try Self.check(name, text) }
    for (name, text) in [("destination", destination), ("type", type)] where text?.isEmpty ?? false {
      throw ValidationError("--\(name) \(TextList.emptyProblem)")
    }
  }

  /// As the API has them. Local times become UTC here: the relay may run in another zone.
  func input() -> DeliveryFilterInput {
    var input = DeliveryFilterInput()
    input.destination = destination
    input.type = type
    input.since = since.flatMap(Self.time)
    input.until = until.flatMap(Self.time)
    return input
  }

  /// - Throws: `ValidationError`: it is there, and no time.
  static func check(_ name: String, _ text: String?) throws {
    guard let text, time(text) == nil else { return }
    throw ValidationError("--\(name) is '\(text)', which is no time; write \(TimeInput.localForms)")
  }

  /// nil: it is none.
  static func time(_ text: String) -> String? {
    let now = SystemWallClock().now()
    if TimeInput.time(text, now: now) != nil { return text }
    return TimeInput.wallTime(text, now: now, zone: .current).map { "\($0)" }
  }
}

/// What to retry or discard: ids, or conditions, or all. Never all by leaving something out.
struct SelectionOptions: ParsableArguments {
  @Argument(
    help: "Ids of deliveries, as `deliveries` and `event` show them; evt_…: all dead deliveries of the event."
  )
  var ids: [String] = []

  @OptionGroup(title: "Instead of ids") var filter: FilterOptions

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Dead ones that were given up for this reason: permanent, exhausted, expired.", valueName: "reason"),
    completion: .list(DeathReason.allCases.map(\.description)))
  var deathReason: [String] = []

  @Option(
    name: .long,
    help: "Those whose last attempt was answered so: 422, 5xx; none: not answered; unattempted.")
  var status: [String] = []

  @Flag(name: .long, help: "All of every destination.")
  var all = false

  @Flag(name: .long, help: "Count by destination and state, and change nothing.")
  var dryRun = false

  @Flag(name: .long, help: "Don't ask. Without it, a person at a terminal is asked before more than 100.")
  var yes = false

  func input(states: [DeliveryFilter.State]) throws -> SelectionInput {
    try TextList.refuseEmpty(["death-reason": deathReason, "status": status])
    var input = SelectionInput()
    input.filter = filter.input()
    input.deathReason = TextList(splitting: deathReason)
    input.status = TextList(splitting: status)
    let ways = [!ids.isEmpty, input.isFiltered, all].filter { $0 }.count
    guard ways > 0 || !states.isEmpty else {
      throw ValidationError("say which deliveries: ids, a filter such as --destination crm, or --all")
    }
    guard ways <= 1 else { throw ValidationError("ids, a filter and --all exclude each other") }
    guard ids.isEmpty || states.isEmpty else { throw ValidationError("ids and --state exclude each other") }
    let selected = try ids.map { text in
      guard let id = SelectedID(text) else {
        throw ValidationError(
          "'\(text)' is not the id of a delivery (a number from 1) or of an event (evt_…); a destination is named with "
            + "--destination \(text)")
      }
      return id
    }
    input.ids = selected.isEmpty ? nil : selected
    input.state = states.isEmpty ? nil : OneOrMany(states)
    input.all = all ? true : nil
    input.dryRun = dryRun ? true : nil
    return input
  }

  /// How many deliveries are named one by one; nil: not so.
  var asked: Int? {
    ids.isEmpty || ids.contains { $0.hasPrefix("evt_") } ? nil : Set(ids).count
  }
}

extension DeliveryFilter.State: ExpressibleByArgument {}

/// `--state` of a verb: the help and the completion list what the verb takes, not every state.
extension ChangeVerb {
  var stateNames: CompletionKind { .list(states.map(\.rawValue)) }

  func state(_ text: String) throws -> DeliveryFilter.State {
    guard let state = DeliveryFilter.State(rawValue: text), states.contains(state) else {
      throw ValidationError("write \(states.map(\.rawValue).joined(separator: " or "))")
    }
    return state
  }
}
