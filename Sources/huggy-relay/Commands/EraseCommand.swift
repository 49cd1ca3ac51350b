import ArgumentParser
import RelayAdmin
import RelayCore
import RelayPipeline
import RelayText

struct Erase: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Erase what events say about a person, for good: the right to be forgotten.",
    discussion: discussion(
      """
      Removes the bodies of all events that match and the answers that were kept of their attempts, cancels what is \
      pending of them, and overwrites both in the store's files; where the audit or a replay names a value of --where, \
      [erased] stands then. Ids, times and what became of them stay. Several \
      conditions must all hold. It counts first, and asks; copies of the store (backups) are not touched.
      """,
      examples: "huggy-relay erase --where customer.mobile=5575999990000 --dry-run",
      "huggy-relay erase --where customer.mobile=5575999990000 --reason 'ticket 4'"))

  @Option(
    name: .customLong("where"),
    help: ArgumentHelp(
      "Events whose body holds this value at this place, as in a route's where. May be repeated: all must hold.",
      valueName: "path=value"))
  var conditions: [String] = []

  @Option(name: .long, help: "Events of this conversation, by the id that the chat has in Huggy.")
  var chat: [String] = []

  @Option(name: .long, help: "This event.")
  var event: [String] = []

  @OptionGroup var why: ReasonOptions

  @Flag(name: .long, help: "Count what would be erased, and change nothing.")
  var dryRun = false

  @Flag(name: .shortAndLong, help: "Do not ask.")
  var yes = false

  @OptionGroup var options: AdminOptions

  func validate() throws {
    guard !conditions.isEmpty || !chat.isEmpty || !event.isEmpty else {
      throw ValidationError(
        "say which events: --where PATH=VALUE, --chat or --event; without one it would be all")
    }
    try TextList.refuseEmpty(["chat": chat, "event": event])
    if let problem = input().problem(now: SystemWallClock().now()) {
      throw ValidationError(problem)
    }
    guard dryRun || why.reason?.isEmpty == false else {
      throw ValidationError("say why with --reason: it is all that stays to tell")
    }
    guard dryRun || yes || Person.isThere else {
      throw ValidationError("this is no terminal: nobody can be asked; --yes erases without a question")
    }
  }

  private func input() -> ErasureInput {
    var input = ErasureInput()
    input.where = conditions.isEmpty ? nil : conditions
    input.chat = TextList(splitting: chat)
    input.ids = TextList(splitting: event)
    return input
  }

  func run() throws {
    let client = options.client(why)
    if dryRun || !yes {
      let (count, json) = try carryOut(client, dryRun: true)
      if dryRun { return try options.show(json) { _ in ErasureText.wouldBe(count) } }
      guard count.matched > 0 else { return try options.show(json) { _ in ErasureText.wouldBe(count) } }
      try Person.mustAgree(to: ErasureText.question(count), otherwise: "nothing was erased")
    }
    let (answer, json) = try carryOut(client, dryRun: false)
    try options.show(json) { _ in ErasureText.done(answer) }
    if answer.state == "failed" || answer.inFlight > 0 { throw ExitCode.failure }
  }

  /// Begins it, and waits for its end.
  private func carryOut(_ client: AdminClient, dryRun: Bool) throws -> (ErasureAnswer, [UInt8]) {
    var body = input()
    body.dryRun = dryRun ? true : nil
    var json = try client.post("/api/v1/erase", body)
    var answer = try client.decode(ErasureAnswer.self, from: json)
    let showsProgress = StandardStream.error.isTerminal
    while answer.state == "running" {
      pause(for: .milliseconds(200))
      json = try client.get("/api/v1/erase/\(answer.id.percentEncoded)")
      answer = try client.decode(ErasureAnswer.self, from: json)
      if showsProgress {
        StandardStream.error.write("\r\u{1B}[K\(ErasureText.progress(answer))")
      }
    }
    if showsProgress { StandardStream.error.write("\r\u{1B}[K") }
    return (answer, json)
  }
}
