import ArgumentParser
import RelayAdmin
import RelayCore

struct AuditCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit",
    abstract: "Show who changed what, and who saw contents of events, newest first.",
    discussion: discussion(
      "Kept for 400 days. The role operator is shown what operators may change, admin all. With --json each page of the API is a line.",
      examples: "huggy-relay audit --who ana --since 7d"))

  @Option(name: .long, help: "What this one did, as server.admin_tokens calls them.")
  var who: String?

  @Option(name: .long, help: "Those of this kind: deliveries/retry.")
  var what: String?

  @Option(
    name: .long,
    help: "Those begun at or after this: 24h (ago), 2026-01-02, \"2026-01-02 03:04\" (local time).")
  var since: String?

  @Option(name: .long, help: "Those begun before this.")
  var until: String?

  @Option(name: .long, help: "At most so many. Default: 50.")
  var limit: Int?

  @Flag(name: .long, help: "All that there are.")
  var all = false

  @OptionGroup var options: AdminOptions

  func validate() throws {
    guard limit ?? 1 > 0 else { throw ValidationError("--limit is above 0") }
    guard limit == nil || !all else { throw ValidationError("--limit and --all exclude each other") }
    for (name, text) in [("since", since), ("until", until)] {
      if let text, FilterOptions.time(text) == nil {
        throw ValidationError("--\(name) is '\(text)', which is no time; write \(TimeInput.localForms)")
      }
    }
  }

  func run() throws {
    let client = options.client()
    var left = all ? Int.max : limit ?? 50
    var shown = 0
    var input = AuditInput()
    (input.who, input.what) = (who, what)
    (input.since, input.until) = (since.flatMap(FilterOptions.time), until.flatMap(FilterOptions.time))
    repeat {
      input.page.limit = min(left, 500)
      let json = try client.get("/api/v1/audit", input)
      let page = try client.decode(AuditAnswer.self, from: json)
      if options.json || !page.entries.isEmpty {
        try options.show(json) { AuditText.render(page.entries, pen: $0, showsTitles: shown == 0) }
      }
      shown += page.entries.count
      left -= page.entries.count
      input.page.after = page.next
    } while left > 0 && input.page.after != nil
    if options.json { return }
    if shown == 0 { printError("nothing of that is recorded") }
    if input.page.after != nil { printError("there may be more: see --limit and --all") }
  }
}
