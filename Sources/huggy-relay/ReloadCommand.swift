import ArgumentParser
import RelayAdmin

struct ReloadCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reload",
    abstract: "Have a running relay read its configuration again. A wrong one changes nothing.",
    discussion: "Exits 78 if the configuration is wrong, with its errors as `check` prints them.")

  @OptionGroup var options: AdminOptions

  func run() throws {
    let client = options.client()
    let json = try client.post("/api/v1/reload")
    if !options.json {
      for warning in try client.decode(ReloadAnswer.self, from: json).warnings { printError(warning) }
    }
    try options.show(json) { _ in ChangeText.reloaded(try client.decode(ReloadAnswer.self, from: json)) }
  }
}
