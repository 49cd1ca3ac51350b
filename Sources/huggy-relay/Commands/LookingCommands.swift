import ArgumentParser
import Foundation
import RelayAdmin
import RelayCore
import RelayPipeline
import RelayText

struct Status: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show how a running relay is: its destinations, routes, store and configuration.",
    discussion: discussion(
      "It also says what fails at each destination, of which types, and what to do about it.",
      examples: "huggy-relay status", "huggy-relay status --json | jq '.destinations[] | select(.dead > 0)'"))

  @Flag(name: .long, help: "Again every two seconds, until you end it (^C): on a terminal in the same place.")
  var watch = false

  @OptionGroup var options: AdminOptions

  func run() throws {
    let client = options.client()
    guard watch else { return try show(try client.get("/api/v1/status"), client) }
    var screen = WatchScreen(isTerminal: !options.json && isatty(STDOUT_FILENO) == 1)
    while true {
      screen.begin()
      // While the relay restarts it can't be asked; that is said, and it is asked again.
      do {
        try show(try client.get("/api/v1/status"), client)
        screen.succeeded()
      } catch let code as ExitCode where code == .unreachable && screen.hasShown {
        // Said already.
      }
      screen.end()
      Thread.sleep(forTimeInterval: 2)
    }
  }

  private func show(_ json: [UInt8], _ client: AdminClient) throws {
    try options.show(json) { pen in
      StatusText.render(
        try client.decode(StatusAnswer.self, from: json), now: SystemWallClock().now(), pen: pen)
    }
  }
}

struct EventCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "event",
    abstract: "Say what became of an event: which destinations got it, and why the others did not.",
    discussion: discussion(examples: "huggy-relay event evt_0193b0a0-7c1d-7abc-8def-0123456789ab"))

  @Argument(help: "The event's id: evt_…, as the answer to the sender and the webhook-id header have it.")
  var id: String

  @OptionGroup var why: ReasonOptions
  @OptionGroup var options: AdminOptions

  func validate() throws {
    guard EventID(id) != nil else { throw ValidationError("'\(id)' is not an event's id: evt_ and a UUID") }
  }

  func run() throws { try Self.show(id, options, why) }

  static func show(_ id: String, _ options: AdminOptions, _ why: ReasonOptions) throws {
    let client = options.client(why)
    let json = try client.get("/api/v1/events/\(id.percentEncoded)")
    try options.show(json) { pen in
      EventText.render(
        try client.decode(EventAnswer.self, from: json), now: SystemWallClock().now(), pen: pen)
    }
  }
}
