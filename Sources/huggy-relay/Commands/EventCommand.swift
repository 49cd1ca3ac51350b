import ArgumentParser
import RelayAdmin
import RelayCore
import RelayPipeline
import RelayText

struct EventCommand: ParsableCommand {
  enum Format: String, CaseIterable, ExpressibleByArgument {
    case text, markdown
  }

  static let configuration = CommandConfiguration(
    commandName: "event",
    abstract: "Say what became of an event: which destinations got it, and why the others did not.",
    discussion: discussion(
      """
      Without an id, `huggy-relay events` finds the event: by a phone number, a conversation, a type. Which condition of a route it did not \
      meet: `huggy-relay explain` with its id.
      """,
      examples: "huggy-relay event evt_019e5ca1-2d30-7c22-b0cb-31f6e1a2b3c4",
      "huggy-relay event evt_… --format markdown >> ticket.md", "huggy-relay event evt_… --raw | jq ."))

  @Argument(help: "The event's id: evt_…, as the answer to the sender and the webhook-id header have it.")
  var id: String

  @Option(
    name: .long,
    help:
      "text, or markdown for a ticket: facts, a table of its deliveries and what failed, without the body.")
  var format = Format.text

  @Flag(name: .long, help: "With --format markdown: also the body and the destinations' answers.")
  var withBody = false

  @Flag(name: .long, help: "Print the event's bytes as they came, and nothing else.")
  var raw = false

  @OptionGroup var why: ReasonOptions
  @OptionGroup var options: AdminOptions

  func validate() throws {
    guard EventID(id) != nil else { throw ValidationError(Self.noID(id)) }
    guard !withBody || format == .markdown else {
      throw ValidationError("--with-body goes with --format markdown")
    }
    guard !raw || (format == .text && !options.json) else {
      throw ValidationError("--raw prints the event's bytes alone: it goes with no other form")
    }
    guard format == .text || !options.json else {
      throw ValidationError("--json and --format exclude each other")
    }
  }

  func run() throws {
    let client = options.client(why)
    let path = "/api/v1/events/\(id.percentEncoded)"
    if raw {
      return StandardStream.output.write(try client.get(path + "/body"))
    }
    let json = try client.get(path)
    let now = SystemWallClock().now()
    try options.show(json) { pen in
      let event = try client.decode(EventAnswer.self, from: json)
      switch format {
      case .text: return EventText.render(event, now: now, pen: pen)
      case .markdown:
        let hasBody = withBody && event.bodyRemoved == nil
        return EventMarkdown.render(
          event, body: hasBody ? try client.get(path + "/body") : nil, showsAnswers: withBody, now: now)
      }
    }
  }

  /// What to say of a text that is no event's id.
  static func noID(_ text: String) -> String {
    let number = text.allSatisfy(\.isNumber) ? ", or a conversation's: huggy-relay events --chat \(text)" : ""
    return
      "'\(text)' is not an event's id: evt_ and a UUID. If it is something that the event holds: huggy-relay events --text '\(text)'"
      + number
  }

  static func show(_ id: String, _ options: AdminOptions, _ why: ReasonOptions) throws {
    let client = options.client(why)
    let json = try client.get("/api/v1/events/\(id.percentEncoded)")
    try options.show(json) { pen in
      EventText.render(
        try client.decode(EventAnswer.self, from: json), now: SystemWallClock().now(), pen: pen)
    }
  }
}
