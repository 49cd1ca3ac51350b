import ArgumentParser
import RelayAdmin
import RelayPipeline

struct Rejections: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show the last requests that a running relay refused: what was sent, from where, and why not.",
    discussion: discussion(
      """
      The last fifty since the relay started; those that are alike stand as one. Secrets are masked. `huggy-relay gaps` has what was \
      refused before, as times and counts (401 and 503).
      """,
      examples: "huggy-relay rejections", "huggy-relay rejections --json | jq -r '.rejections[].body'"))

  @OptionGroup var why: ReasonOptions
  @OptionGroup var options: AdminOptions

  func run() throws {
    let client = options.client(why)
    let json = try client.get("/api/v1/rejections")
    try options.show(json) { pen in
      RefusalsText.render(
        try client.decode(RefusalsAnswer.self, from: json), now: SystemWallClock().now(), pen: pen)
    }
  }
}
