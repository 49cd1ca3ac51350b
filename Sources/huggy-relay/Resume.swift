import ArgumentParser
import RelayAdmin
import RelayText

struct Resume: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "End a destination's pause, or its hold (Retry-After); begin anew with fresh connections.")

  @Argument(help: "The destination.", completion: .destinations)
  var destination: String

  @OptionGroup var options: AdminOptions

  func run() throws {
    let client = options.client()
    let json = try client.post("/api/v1/destinations/\(destination.percentEncoded)/resume")
    try options.show(json) { _ in ChangeText.resumed(try client.decode(ResumeAnswer.self, from: json)) }
  }
}
