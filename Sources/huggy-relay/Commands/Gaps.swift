import ArgumentParser
import RelayAdmin
import RelayCore
import RelayPipeline

struct Gaps: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say when a running relay was down, or refused envelopes (503, 401), and how many.",
    discussion: discussion(
      """
      Huggy publishes no retry policy: count what was refused, and what was sent while the relay was down, as lost. After a kill \
      a gap begins at the relay's last sign of life: some seconds before its end, on an idle relay up to a minute.
      """,
      examples: "huggy-relay gaps", "huggy-relay gaps --since 7d"))

  @Option(
    name: .long,
    help:
      "Those that ended at or after this: 24h (ago), 2026-01-02, \"2026-01-02 03:04\", 03:04 (local time).")
  var since: String?

  @Option(name: .long, help: "Those that began before this.")
  var until: String?

  @OptionGroup var options: AdminOptions

  func validate() throws {
    for (name, text) in [("since", since), ("until", until)] {
      if let text, FilterOptions.time(text) == nil {
        throw ValidationError("--\(name) is '\(text)', which is no time; write \(TimeInput.localForms)")
      }
    }
  }

  func run() throws {
    let client = options.client()
    var input = GapsInput()
    input.since = since.flatMap(FilterOptions.time)
    input.until = until.flatMap(FilterOptions.time)
    let json = try client.get("/api/v1/gaps", input)
    try options.show(json) { pen in
      GapsText.render(
        try client.decode(GapsAnswer.self, from: json), now: SystemWallClock().now(),
        isOfAllTime: since == nil && until == nil, pen: pen)
    }
  }
}
