import ArgumentParser
import RelayPipeline

/// The executable: one subcommand a file.
struct HuggyRelay: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "huggy-relay",
    abstract: "Receives Huggy's webhooks, splits them into events, and forwards each where routes.yaml says.",
    discussion: """
      Nothing is answered 200 before it is on disk; nothing is forgotten before it is delivered.
      """,
    version: RelayVersion.number,
    subcommands: [
      Serve.self, Check.self, Explain.self, Simulate.self, SinkCommand.self, SecretCommand.self,
      Status.self, Deliveries.self, EventCommand.self, Retry.self, Discard.self, Pause.self, Resume.self,
      ReloadCommand.self, StoreCommand.self,
    ])
}

extension ExitCode {
  /// The configuration is wrong (`EX_CONFIG`).
  static let wrongConfiguration = ExitCode(78)
}
