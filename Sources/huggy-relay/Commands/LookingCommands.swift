import ArgumentParser
import RelayAdmin
import RelayCore
import RelayPipeline
import RelayText

struct Status: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show how a running relay is: its destinations, routes, store and configuration.",
    discussion: discussion(
      "It also says what fails at each destination, of which types, and what to do about it.",
      examples: "huggy-relay status", "huggy-relay status --watch",
      "huggy-relay status --json | jq '.destinations[] | select(.dead > 0)'"))

  @Flag(name: .long, help: "Again every two seconds, until you end it (^C): on a terminal in the same place.")
  var watch = false

  @OptionGroup var options: AdminOptions

  func run() throws {
    let client = options.client()
    guard watch else { return try show(try client.get("/api/v1/status"), client) }
    var screen = WatchScreen(isTerminal: !options.json && StandardStream.output.isTerminal)
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
      pause(for: .seconds(2))
    }
  }

  private func show(_ json: [UInt8], _ client: AdminClient) throws {
    try options.show(json) { pen in
      StatusText.render(
        try client.decode(StatusAnswer.self, from: json), now: SystemWallClock().now(), pen: pen)
    }
  }
}
