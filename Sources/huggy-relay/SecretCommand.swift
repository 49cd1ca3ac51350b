import ArgumentParser
import RelayTools

struct SecretCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "secret", abstract: "Print a new signing secret (Standard Webhooks, whsec_…).")

  func run() {
    print(SecretGenerator.signingSecret())
  }
}
