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
      """
      Nothing is answered 200 before it is on disk; nothing is forgotten before it is delivered.

      Commands that ask a running relay find it by --admin, or $HUGGY_RELAY_ADMIN, at http://127.0.0.1:8081 otherwise; what each \
      takes, and examples, say huggy-relay COMMAND --help.
      """,
      examples: "huggy-relay serve --config routes.yaml", "huggy-relay status",
      "# Why did crm not get this person's message?\nhuggy-relay events --text 5575999990000 --since 24h"),
    version: RelayVersion.number,
    subcommands: [ManualCommand.self],
    // As a user meets them; the README's table has the same parts.
    groupedSubcommands: [
      CommandGroup(
        name: "Running",
        subcommands: [
          InitCommand.self, Serve.self, ReloadCommand.self, SecretCommand.self, TokenCommand.self,
        ]),
      CommandGroup(
        name: "Looking",
        subcommands: [
          Status.self, Events.self, EventCommand.self, Deliveries.self, Tail.self, Gaps.self, Rejections.self,
          AuditCommand.self,
        ]),
      CommandGroup(
        name: "Acting",
        subcommands: [
          Retry.self, Discard.self, ReplayCommand.self, ReplaysCommand.self, Pause.self, Resume.self,
          Publish.self,
        ]),
      CommandGroup(
        name: "Checking",
        subcommands: [
          Check.self, Explain.self, Backtest.self, ConfigCommand.self, DoctorCommand.self, TestCommand.self,
          NotifyCommand.self, Simulate.self, SinkCommand.self, Listen.self,
        ]),
      CommandGroup(name: "Keeping", subcommands: [StoreCommand.self, Erase.self]),
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

  /// What other programs call it, or what somebody wants who does not know its name yet.
  private static let otherWords = [
    "search": "events", "find": "events", "list": "events", "missing": "events", "why": "event",
    "show": "event",
    "dead": "deliveries --state dead", "failed": "deliveries --state dead",
    "late": "deliveries --state pending --until 5m",
    "pending": "deliveries --state pending", "queue": "status", "stats": "status", "resend": "replay",
    "send": "replay",
    "redrive": "retry", "requeue": "retry", "drop": "discard", "start": "serve", "run": "serve",
    "watch": "tail", "logs": "tail", "refused": "rejections", "refusals": "rejections",
    "forward": "listen", "validate": "check", "lint": "check", "health": "doctor", "ping": "test",
    "alert": "notify test", "notice": "notify test",
    "backup": "store backup",
    "export": "store export", "forget": "erase", "setup": "init", "new": "init",
  ]

  /// What to say of a command that there is not; nil: there is.
  private static func unknownCommand(_ arguments: [String]) -> String? {
    guard let name = arguments.first, !name.hasPrefix("-"), name != "help" else { return nil }
    let known = configuration.subcommands.filter { $0.configuration.shouldDisplay || $0._commandName == name }
      .map { $0._commandName }
    guard !known.contains(name) else { return nil }
    let hint =
      NearestName.question(name, among: known) ?? otherWords[name.lowercased()].map {
        "; see huggy-relay \($0)"
      }
      ?? "; the commands are: \(known.joined(separator: ", "))"
    return "there is no command '\(name)'\(hint) (huggy-relay --help says what each does)"
  }
}
