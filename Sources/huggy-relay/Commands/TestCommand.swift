import ArgumentParser
import RelayAdmin
import RelayCore
import RelayPipeline
import RelayText

struct TestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "test",
    abstract: "Send one request to a destination, outside its queue, and show it with the answer.",
    discussion: discussion(
      """
      It goes to the destination's present URL, in its format, with its credentials, signature and time limits, and the \
      header huggy-relay-test: true. Nothing of the queue notices it: neither its circuit, nor its counts. Exits 1 if the \
      answer was not a 2xx.
      """,
      examples: "# A receivedMessage that is made up:\nhuggy-relay test crm",
      "# One of another documented type:\nhuggy-relay test crm --type closedChat",
      "# An envelope's second event:\nhuggy-relay test crm envelope.json --event 2",
      "# An event that stands alone in its file:\nhuggy-relay test crm event.json --type myType"))

  @Argument(help: "The destination.", completion: .destinations)
  var destination: String

  @Argument(
    help: "A file with an envelope, or with --type a lone event; - for standard input.",
    completion: .file(extensions: ["json"]))
  var file: String?

  @Option(name: .long, help: "Which event of the envelope, from 1. Default: the first.")
  var event: Int?

  @Option(name: .long, help: "The event's type. Default without a file: receivedMessage.")
  var type: String?

  @OptionGroup var why: ReasonOptions
  @OptionGroup var options: AdminOptions

  func validate() throws {
    guard event == nil || (file != nil && type == nil) else {
      throw ValidationError("--event says which of an envelope's: it takes a FILE, and no --type")
    }
    guard event ?? 1 > 0 else { throw ValidationError("--event is above 0") }
  }

  func run() throws {
    let client = options.client(why)
    let json = try client.post(
      "/api/v1/destinations/\(destination.percentEncoded)/test", try input())
    let answer = try client.decode(TestAnswer.self, from: json)
    try options.show(json) { pen in TestText.render(answer, now: SystemWallClock().now(), pen: pen) }
    if !answer.delivered { throw ExitCode.failure }
  }

  private func input() throws -> TestInput {
    var input = TestInput()
    guard let file else {
      input.type = type ?? "receivedMessage"
      return input
    }
    let text = try InputFile.text(file)
    if let type {
      input.event = text
      input.type = type
    } else {
      input.envelope = text
      input.number = event
    }
    return input
  }
}

struct Publish: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Put an envelope in by hand, as its source would have sent it.",
    discussion: discussion(
      """
      The running relay takes it as if its source had posted it: it is routed, stored and delivered, and the answer is the \
      one that a sender gets. What token the file holds is no matter, and its bytes are kept as they are.
      """,
      examples: "huggy-relay publish huggy envelope.json",
      "# Also where the same bytes have come before:\nhuggy-relay publish huggy envelope.json --again"))

  @Argument(help: "The source: its name in routes.yaml.")
  var source: String

  @Argument(
    help: "A file with an envelope, or - for standard input.", completion: .file(extensions: ["json"]))
  var file: String

  @Flag(name: .long, help: "Store it also where its bytes are known already.")
  var again = false

  @OptionGroup var why: ReasonOptions
  @OptionGroup var options: AdminOptions

  func run() throws {
    let client = options.client(why)
    var input = PublishInput()
    input.envelope = try InputFile.text(file)
    if again { input.again = true }
    let json = try client.post("/api/v1/sources/\(source.percentEncoded)/publish", input)
    try options.show(json) { _ in Self.text(try client.decode(PublishAnswer.self, from: json)) }
  }

  private static func text(_ answer: PublishAnswer) -> String {
    let ids = answer.events.map { "  \($0)" }
    if answer.duplicate {
      let rerouted =
        answer.rerouted.map {
          "; \($0.count.counted("that went nowhere before now does", "that went nowhere before now do"))"
        } ?? ""
      return (["known already, so nothing was stored\(rerouted) (--again stores it anew); its events:"] + ids)
        .joined(separator: "\n")
    }
    let counts = [
      "\(answer.accepted) accepted", answer.deliveries.counted("delivery", "deliveries"),
      "\(answer.dropped) dropped",
      "\(answer.unrouted) unrouted",
    ].joined(separator: ", ")
    let rejected = (answer.rejected ?? []).map {
      "  not taken: \($0.event.forTerminal()) \($0.index): \($0.reason.forTerminal())"
    }
    return ([counts] + ids + rejected).joined(separator: "\n")
  }
}
