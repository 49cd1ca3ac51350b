import ArgumentParser
import RelayCore
import RelayPipeline
import RelayText

/// The executable: its subcommands stand beside this file.
struct HuggyRelay: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "huggy-relay",
    abstract: "Receives Huggy's webhooks, splits them into events, and forwards each where routes.yaml says.",
    discussion: discussion(
      "Nothing is answered 200 before it is on disk; nothing is forgotten before it is delivered.",
      examples: "huggy-relay serve --config routes.yaml", "huggy-relay status"),
    version: RelayVersion.number,
    subcommands: [
      Serve.self, Check.self, ConfigCommand.self, Explain.self, Backtest.self,
      Simulate.self, SinkCommand.self, SecretCommand.self,
      Status.self, Events.self, Deliveries.self, EventCommand.self, Gaps.self,
      Retry.self, Discard.self, ReplayCommand.self, ReplaysCommand.self, Pause.self, Resume.self,
      Tail.self, Listen.self,
      AuditCommand.self,
      ReloadCommand.self, StoreCommand.self, Erase.self, ManualCommand.self,
      TestCommand.self, Publish.self, TokenCommand.self, DoctorCommand.self, InitCommand.self,
    ])

  static func main() async {
    let arguments = Array(CommandLine.arguments.dropFirst())
    if let slip = unknownCommand(arguments) {
      Failure(code: "usage", message: slip).tell(json: arguments.contains("--json"))
      exit(withError: ExitCode.validationFailure)
    }
    do {
      var command = try parseAsRoot(arguments)
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch let failure as Failure {
      failure.tell(json: arguments.contains("--json"))
      exit(withError: ExitCode.failure)
    } catch {
      let code = exitCode(for: error)
      // What a command itself found wrong it has told.
      guard arguments.contains("--json"), code == .validationFailure, !(error is ExitCode) else {
        exit(withError: error)
      }
      Failure(code: "usage", message: message(for: error)).tell(json: true)
      exit(withError: code)
    }
  }

  /// What to say of a command that there is not; nil: there is.
  private static func unknownCommand(_ arguments: [String]) -> String? {
    guard let name = arguments.first, !name.hasPrefix("-"), name != "help" else { return nil }
    let known = configuration.subcommands.filter { $0.configuration.shouldDisplay || $0._commandName == name }
      .map { $0._commandName }
    guard !known.contains(name) else { return nil }
    let hint =
      NearestName.question(name, among: known) ?? "; the commands are: \(known.joined(separator: ", "))"
    return "there is no command '\(name)'\(hint) (huggy-relay --help says what each does)"
  }
}
