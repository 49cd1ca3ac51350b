import ArgumentParser
import RelayAdmin
import RelayPipeline

struct Status: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show how a running relay is: its destinations, routes, store and configuration.")

  @OptionGroup var options: AdminOptions

  func run() throws {
    let client = options.client()
    let json = try client.get("/api/v1/status")
    try options.show(json) { pen in
      StatusText.render(
        try client.decode(StatusAnswer.self, from: json), now: SystemWallClock().now(), pen: pen)
    }
  }
}
