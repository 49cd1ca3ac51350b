import ArgumentParser
import RelayAdmin
import RelayCore
import RelayPipeline
import RelayText

/// How much of a list is shown, and how.
struct ListOptions: ParsableArguments {
  @Option(name: .long, help: "At most so many. Default: 50.")
  var limit: Int?

  @Flag(name: .long, help: "All that there are.")
  var all = false

  @Option(
    name: .long,
    help: ArgumentHelp("Go on where a list has ended: its last line says how.", valueName: "place"))
  var after: String?

  @Flag(name: .long, help: "Print an object a line, as each page comes.")
  var jsonl = false

  @Flag(name: .long, help: "Show times in UTC instead of this machine's time zone.")
  var utc = false

  func validate() throws {
    guard limit ?? 1 > 0 else { throw ValidationError("--limit is above 0") }
    guard limit == nil || !all else { throw ValidationError("--limit and --all exclude each other") }
    guard after?.isEmpty != true else { throw ValidationError("--after is empty") }
  }

  /// How many are shown.
  var count: Int { all ? .max : limit ?? 50 }
  var zone: TimeZoneRules? { utc ? nil : .current }
}

/// Says on a terminal how far a search has come, over and over in one line of standard error.
struct SearchProgress {
  private let isShown = StandardStream.error.isTerminal
  private var isThere = false

  mutating func show(_ reached: Timestamp, zone: TimeZoneRules?) {
    guard isShown else { return }
    isThere = true
    write("\rsearched to \(reached.clockText(in: zone)) …")
  }

  mutating func clear() {
    guard isThere else { return }
    isThere = false
    write("\r\u{1B}[K")
  }

  private func write(_ text: String) { StandardStream.error.write(text) }
}

struct Events: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Look for events of a running relay, newest first: by what they are, what became of them, what they hold.",
    discussion: discussion(
      """
      Conditions are met together; patterns are as in routes. With --json each page of the API is a line. `huggy-relay event` and \
      `huggy-relay explain`, with an id of the list, say what became of one, and why.
      """,
      examples:
        "# Why is something of this person missing?\nhuggy-relay events --text 5575999990000 --since 24h",
      "# What went nowhere?\nhuggy-relay events --outcome dropped,unrouted --count-by route",
      "# All of a conversation:\nhuggy-relay events --chat 4711 --all",
      "# What is late, the oldest first?\nhuggy-relay events --outcome pending --until 5m --oldest-first"))

  enum Kind: String, CaseIterable, ExpressibleByArgument {
    case type, company, channel, source, route, destination, outcome, reason
  }

  @Argument(help: "An event's id, evt_…: the same as `event` with it.")
  var id: String?

  @OptionGroup(title: "Conditions") var filter: EventFilterOptions

  @Flag(name: .long, help: "In order of arrival.")
  var oldestFirst = false

  @Option(
    name: .long,
    help: ArgumentHelp("Count all that match by this, instead of listing them.", valueName: "kind"))
  var countBy: Kind?

  @OptionGroup var list: ListOptions
  @OptionGroup var why: ReasonOptions
  @OptionGroup var options: AdminOptions

  func validate() throws {
    guard let id else { return }
    guard EventID(id) != nil else { throw ValidationError(EventCommand.noID(id)) }
    guard filter.input() == EventFilterInput(), countBy == nil else {
      throw ValidationError("an id and conditions exclude each other")
    }
  }

  func run() throws {
    if let id { return try EventCommand.show(id, options, why) }
    var input = EventsInput()
    input.filter = filter.input()
    input.order = oldestFirst ? .oldestFirst : nil
    input.page.after = list.after
    if let countBy { return try count(by: countBy, input) }
    try show(input)
  }

  private func show(_ start: EventsInput) throws {
    let client = options.client(why)
    var (input, left, shown) = (start, list.count, 0)
    var progress = SearchProgress()
    var reached: Timestamp?
    repeat {
      input.page.limit = min(left, 500)
      let json = try client.get("/api/v1/events", input)
      let page = try client.decode(EventsAnswer.self, from: json)
      progress.clear()
      try print(page, json, isFirst: shown == 0)
      shown += page.events.count
      left -= page.events.count
      (input.page.after, reached) = (page.next, page.searchedTo)
      if let reached, left > 0 { progress.show(reached, zone: list.zone) }
    } while left > 0 && input.page.after != nil
    progress.clear()
    if options.json || list.jsonl { return }
    if shown == 0 { printError(EventsText.nothing(start.filter)) }
    guard let next = input.page.after else { return }
    let way = oldestFirst ? "on" : "back"
    let place = reached.map { ", from \($0.clockText(in: list.zone)) \(way)" } ?? ""
    printError("there may be more\(place): go on with --after \(next), or see --all")
  }

  private func print(_ page: EventsAnswer, _ json: [UInt8], isFirst: Bool) throws {
    if list.jsonl { return StandardStream.output.write(try JSONLines.of(page.events)) }
    // A page may be empty and yet not be the last.
    guard options.json || !page.events.isEmpty else { return }
    try options.show(json) { pen in
      EventsText.render(page.events, zone: list.zone, pen: pen, showsTitles: isFirst)
    }
  }

  private func count(by kind: Kind, _ start: EventsInput) throws {
    let client = options.client(why)
    var (input, table) = (start, CountTable())
    var progress = SearchProgress()
    input.page.limit = 500
    repeat {
      let page = try client.decode(EventsAnswer.self, from: try client.get("/api/v1/events", input))
      for event in page.events { table.add(Self.values(event, kind)) }
      input.page.after = page.next
      if let reached = page.searchedTo { progress.show(reached, zone: list.zone) }
    } while input.page.after != nil
    progress.clear()
    try options.show(table.json(kind.rawValue)) { pen in
      table.text(kind.rawValue, "event", "events", pen: pen)
    }
  }

  private static func values(_ event: ListedEventAnswer, _ kind: Kind) -> [String] {
    switch kind {
    case .type: [event.type]
    case .company: [event.company].compactMap(\.self)
    case .channel: [event.channel].compactMap(\.self)
    case .source: [event.source]
    case .route: Array(Set(event.routes))
    case .destination: Array(Set(event.deliveries.map(\.destination)))
    case .outcome: event.outcomes
    case .reason: Array(Set(event.deliveries.compactMap(\.reason)))
    }
  }
}

struct Deliveries: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List deliveries of a running relay, newest first: the dead letters with --state dead.",
    discussion: discussion(
      """
      With --json each page of the API is a line. By what events hold (a phone number, a conversation) they are found with \
      `huggy-relay events`.
      """,
      examples: "# Why do deliveries die?\nhuggy-relay deliveries --state dead --count-by reason",
      "# All dead that were answered 422:\nhuggy-relay deliveries --state dead --status 422 --all",
      "# What is late: still owed five minutes after it came?\nhuggy-relay deliveries --state pending --until 5m"
    ))

  enum Kind: String, CaseIterable, ExpressibleByArgument {
    case reason, status, route, type, destination, state, error
  }

  @Option(name: .long, help: "Those in this state.")
  var state: DeliveryFilter.State?

  @OptionGroup var filter: FilterOptions

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Those that are dead or discarded for this reason: \(DeliverySearch.knownReasons.joined(separator: ", ")).",
      valueName: "reason"), completion: .list(DeliverySearch.knownReasons))
  var reason: [String] = []

  @Option(
    name: .long,
    help:
      "Those whose last attempt was answered so: 422, 5xx; none: an attempt that got no answer; unattempted: no attempt yet. Several: with commas."
  )
  var status: [String] = []

  @Option(name: .long, help: "Those that this route sent; * and ? are wildcards.")
  var route: [String] = []

  @Option(
    name: .long,
    help: ArgumentHelp("Count all that match by this, instead of listing them.", valueName: "kind"))
  var countBy: Kind?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Why (--reason is a condition here): it stands in the relay's audit, with --json and --jsonl, which show what was answered.",
      valueName: "text"))
  var why: String?

  @OptionGroup var list: ListOptions
  @OptionGroup var options: AdminOptions

  func validate() throws {
    try TextList.refuseEmpty(["reason": reason, "status": status, "route": route])
    for reason in input.reason.texts where Int(reason) != nil {
      throw ValidationError(
        "there is no reason '\(reason)'; deliveries that were answered so: --status \(reason)")
    }
    if let problem = input.problem { throw ValidationError(problem) }
    guard why == nil || input.answers != false else {
      throw ValidationError(
        "--why is for the audit, which remembers who saw what was answered, and this shows none of it; add --json or --jsonl"
      )
    }
  }

  private var input: DeliveriesInput {
    var input = DeliveriesInput()
    input.state = state
    input.filter = filter.input()
    input.reason = TextList(splitting: reason)
    input.status = TextList(splitting: status)
    input.route = TextList(splitting: route)
    input.page.after = list.after
    // A table has no room for them: nobody looks at contents.
    if countBy != nil || !(options.json || list.jsonl) { input.answers = false }
    return input
  }

  private var client: AdminClient { options.client(reason: why) }

  func run() throws {
    if let countBy { return try count(by: countBy) }
    let client = client
    var (input, left, shown, isTold) = (input, list.count, 0, false)
    repeat {
      input.page.limit = min(left, 500)
      let json = try client.get("/api/v1/deliveries", input)
      let page = try client.decode(DeliveriesAnswer.self, from: json)
      try print(page, json, isFirst: shown == 0)
      // The lines have no place for it.
      if list.jsonl, !isTold { isTold = options.tellsMasked(json) }
      shown += page.deliveries.count
      left -= page.deliveries.count
      input.page.after = page.next
    } while left > 0 && input.page.after != nil
    if options.json || list.jsonl { return }
    if shown == 0 { printError("no delivery matches") }
    if let next = input.page.after {
      printError("there may be more: go on with --after \(next), or see --all")
    }
  }

  private func print(_ page: DeliveriesAnswer, _ json: [UInt8], isFirst: Bool) throws {
    if list.jsonl { return StandardStream.output.write(try JSONLines.of(page.deliveries)) }
    // A page may be empty and yet not be the last.
    guard options.json || !page.deliveries.isEmpty else { return }
    try options.show(json, showsContents: false) { pen in
      DeliveriesText.render(
        page.deliveries, now: SystemWallClock().now(), zone: list.zone, pen: pen, showsTitles: isFirst)
    }
  }

  private func count(by kind: Kind) throws {
    let client = client
    var (input, table) = (input, CountTable())
    input.page.limit = 500
    repeat {
      let page = try client.decode(
        DeliveriesAnswer.self, from: try client.get("/api/v1/deliveries", input))
      for delivery in page.deliveries { table.add(Self.values(delivery, kind)) }
      input.page.after = page.next
    } while input.page.after != nil
    try options.show(table.json(kind.rawValue)) { pen in
      table.text(kind.rawValue, "delivery", "deliveries", pen: pen)
    }
  }

  private static func values(_ delivery: DeliveryAnswer, _ kind: Kind) -> [String] {
    switch kind {
    case .reason: [delivery.reason].compactMap(\.self)
    case .status: delivery.lastAttempt.map { [$0.status.map(String.init) ?? "none"] } ?? ["unattempted"]
    case .route: [delivery.route]
    case .type: [delivery.type]
    case .destination: [delivery.destination]
    case .state: [delivery.state]
    case .error: [delivery.lastAttempt?.error].compactMap(\.self)
    }
  }
}
