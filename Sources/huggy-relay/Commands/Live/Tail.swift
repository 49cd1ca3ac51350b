import ArgumentParser
import RelayAdmin
import RelayCore
import RelayPipeline

/// What both `tail` and `listen` begin with.
extension AdminOptions {
  func follower(_ input: StreamInput, _ why: ReasonOptions) -> StreamFollower {
    StreamFollower(connection, json: json, reason: why.reason, input)
  }
}

struct Tail: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show live what a running relay receives, and what becomes of it.",
    discussion: discussion(
      """
      One line for each event that comes in and for each attempt. It goes on over restarts of the relay and of what is between, \
      and says where something is missing. With --json each line is an object, as GET /api/v1/stream has it.
      """,
      examples: "huggy-relay tail --destination crm --outcome dead",
      "huggy-relay tail --company 15691 --type '*Message' --kinds received",
      "huggy-relay tail --since 10m --json --bodies | jq .body"))

  @OptionGroup(title: "Which events") var filter: EventFilterOptions

  @Option(
    name: .long,
    help: ArgumentHelp(
      "received: what comes in; settled: what attempts come to. Default: both.", valueName: "kinds"),
    completion: .list(LiveKind.allCases.map(\.rawValue)))
  var kinds: [String] = []

  @Flag(name: .long, help: "With the events' bodies (in --json, or each on a line of its own).")
  var bodies = false

  @OptionGroup var why: ReasonOptions
  @OptionGroup var options: AdminOptions

  func validate() throws {
    guard filter.until == nil else {
      throw ValidationError("--until says nothing here: this goes on until you end it")
    }
    for kind in kinds.flatMap({ $0.split(separator: ",") }) where LiveKind(rawValue: String(kind)) == nil {
      throw ValidationError("there is no kind '\(kind)': write received or settled")
    }
  }

  func run() throws {
    var input = StreamInput()
    input.filter = filter.input()
    input.kinds = TextList(splitting: kinds)
    if bodies { input.bodies = true }
    var lines = StreamLines(pen: AdminOptions.pen, zone: .current, showsBodies: bodies)
    try options.follower(input, why).follow { message in
      if options.json {
        write(message.line)
      } else if let text = lines.line(message, now: SystemWallClock().now()) {
        write(Array(text.utf8))
      }
    }
  }

  private func write(_ line: [UInt8]) { StandardStream.output.write(line + [0x0A]) }
}
