import ArgumentParser
import RelayAdmin
import RelayCore
import RelayPipeline

struct ReplayCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Send stored events again: to named destinations, or to where the routes send them now.",
    discussion: discussion(
      """
      Each is a delivery of its own, with the same webhook-id and the header huggy-relay-replay: true. Bots answer customers \
      again: count first, with --dry-run. What is live goes first.

      A new destination must be in routes.yaml, and read by `huggy-relay reload`, before anything can be sent to it.
      """,
      examples:
        "# The last hour's events, to a destination that is new:\nhuggy-relay replay --since 1h --to bi --dry-run",
      "huggy-relay replay --since 1h --to bi",
      "# One event, where it has been already:\nhuggy-relay replay evt_… --to crm --again",
      "# What crm never got of the last day:\nhuggy-relay replay --since 24h --to crm --missing"))

  @Argument(help: "Ids of events: evt_…")
  var ids: [String] = []

  @OptionGroup(title: "Instead of ids") var filter: EventFilterOptions

  @Flag(name: .long, help: "All events that the store has.")
  var all = false

  @Option(
    name: .long, help: "To this destination, whatever the routes say. Several: with commas.",
    completion: .destinations)
  var to: [String] = []

  @Flag(name: .long, help: "To where the routes, as they are now, send each.")
  var asRouted = false

  @Flag(name: .long, help: "Also where an event has a delivery already.")
  var again = false

  @Flag(
    name: .long,
    help:
      "Where a destination never got the event: it has no delivery there, or only discarded or overflowed ones."
  )
  var missing = false

  @Option(name: .long, help: "At most so many deliveries in a time: 50/s, 600/m, 5000/h.")
  var rate: String?

  @Flag(name: .long, help: "Count by destination, and send nothing.")
  var dryRun = false

  @Flag(name: .long, help: "Don't ask. Without it, a person at a terminal is asked before more than 100.")
  var yes = false

  @Flag(name: .long, help: "Wait until it is done, also where nobody looks; exit 1 unless it is.")
  var wait = false

  @OptionGroup var why: ReasonOptions
  @OptionGroup var options: AdminOptions

  func validate() throws {
    try TextList.refuseEmpty(["to": to])
    // What the API says of these is in its own terms, JSON.
    let isNarrowed = !ids.isEmpty || filter.input() != EventFilterInput()
    guard all || isNarrowed else {
      throw ValidationError("say which events: ids, a condition such as --since 1h, or --all")
    }
    guard !all || !isNarrowed else {
      throw ValidationError("--all and ids or conditions exclude each other")
    }
    guard to.isEmpty == asRouted else {
      throw ValidationError(
        "say where to: --to crm, or --as-routed for where the routes send each; one of them")
    }
    guard !again || !missing else { throw ValidationError("--again and --missing exclude each other") }
    if let problem = input().problem(now: SystemWallClock().now()) { throw ValidationError(problem) }
  }

  private func input() -> ReplayInput {
    var input = ReplayInput()
    input.filter = filter.input()
    input.filter.ids = TextList(splitting: ids)
    input.all = all ? true : nil
    input.to = TextList(splitting: to)
    input.asRouted = asRouted ? true : nil
    input.again = again ? true : nil
    input.missing = missing ? true : nil
    input.rate = rate
    return input
  }

  private static let path = "/api/v1/events/replay"

  func run() throws {
    let client = options.client(why)
    if dryRun {
      let json = try count(client)
      return try options.show(json) { _ in
        ReplayText.wouldBe(try client.decode(ReplayCountAnswer.self, from: json))
      }
    }
    if !yes && Person.isThere { try ask(client) }
    let json = try client.post(Self.path, input())
    let begun = try client.decode(ReplayBegunAnswer.self, from: json)
    try options.show(json) { _ in ReplayText.begun(begun) }
    if wait || Person.isThere && !options.json {
      try ReplayProgress(
        options.client(), replay: begun.replay, shows: Person.isThere, tells: !options.json
      ).follow()
    }
  }

  private func count(_ client: AdminClient) throws -> [UInt8] {
    var input = input()
    input.dryRun = true
    return try client.post(Self.path, input)
  }

  /// - Throws: `ExitCode`: the answer was no.
  private func ask(_ client: AdminClient) throws {
    let answer = try client.decode(ReplayCountAnswer.self, from: try count(client))
    guard let question = ReplayText.question(answer) else { return }
    try Person.mustAgree(to: question, otherwise: "nothing was sent")
  }
}

/// Shows how far a replay is, until it is over. Whoever leaves it (^C) leaves the replay alone.
struct ReplayProgress {
  private let client: AdminClient
  private let replay: Int
  private let shows: Bool
  private let tells: Bool

  /// - Parameters:
  ///   - shows: How far it is, on a terminal.
  ///   - tells: What came of it, in the end.
  init(_ client: AdminClient, replay: Int, shows: Bool, tells: Bool) {
    self.tells = tells
    self.client = client
    self.replay = replay
    self.shows = shows
  }

  private static let interval = Duration.milliseconds(500)

  /// - Throws: `ExitCode`: it failed, or was cancelled.
  func follow() throws {
    if shows { printError("^C leaves this line; the replay goes on") }
    var last: (settled: Int, at: ContinuousClock.Instant)?
    while true {
      let answer = try client.decode(ReplayAnswer.self, from: try client.get("/api/v1/replays/\(replay)"))
      let settled = answer.delivered + answer.dead + answer.discarded
      let now = ContinuousClock.now
      let pace = last.map { Double(settled - $0.settled) / $0.at.duration(to: now).inSeconds }
      last = (settled, now)
      if shows {
        let line = "\r\u{1B}[K\(ReplayText.progress(answer, pace: pace))\(answer.isOver ? "\n" : "")"
        StandardStream.error.write(line)
      }
      if answer.isOver {
        if tells { print(ReplayText.end(answer)) }
        guard answer.state == Replay.State.done.rawValue else {
          printError("replay \(replay) \(answer.state)\(answer.failure.map { ": \($0)" } ?? "")")
          throw ExitCode.failure
        }
        return
      }
      pause(for: Self.interval)
    }
  }
}

struct ReplaysCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replays",
    abstract: "Show the replays of a running relay, newest first; one of them; or cancel it.",
    discussion: discussion(
      "A cancelled replay queues nothing more, and what it has queued and nobody has begun to send is discarded.",
      examples: "huggy-relay replays", "huggy-relay replays 7 --cancel"))

  @Argument(help: "A replay's number: that one alone.")
  var id: Int?

  @Flag(name: .long, help: "End it.")
  var cancel = false

  @Flag(name: .long, help: "Wait until it is done.")
  var wait = false

  @Option(name: .long, help: "At most so many. Default: 50.")
  var limit = 50

  @OptionGroup var why: ReasonOptions
  @OptionGroup var options: AdminOptions

  func validate() throws {
    guard limit > 0 && limit <= 500 else { throw ValidationError("--limit is from 1 to 500") }
    guard id != nil || !(cancel || wait) else {
      throw ValidationError("say which replay: `replays` shows them")
    }
    guard id ?? 1 > 0 else { throw ValidationError("a replay's number is above 0") }
  }

  func run() throws {
    let client = options.client()
    guard let id else { return try list(client) }
    if wait && !cancel {
      try ReplayProgress(client, replay: id, shows: StandardStream.error.isTerminal, tells: false).follow()
    }
    let json =
      cancel
      ? try options.client(why).post("/api/v1/replays/\(id)/cancel")
      : try client.get("/api/v1/replays/\(id)")
    try options.show(json) { pen in
      ReplayText.one(
        try client.decode(ReplayAnswer.self, from: json), now: SystemWallClock().now(), pen: pen)
    }
  }

  private func list(_ client: AdminClient) throws {
    var input = ReplaysInput()
    input.page.limit = limit
    let json = try client.get("/api/v1/replays", input)
    try options.show(json) { pen in
      let answer = try client.decode(ReplaysAnswer.self, from: json)
      guard !answer.replays.isEmpty else { return "there was no replay yet" }
      return ReplayText.table(answer.replays, now: SystemWallClock().now(), pen: pen, showsTitles: true)
    }
  }
}
