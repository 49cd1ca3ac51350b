import ArgumentParser
import RelayAdmin
import RelayConfig
import RelayCore
import RelayCurl
import RelayDigest
import RelayListening
import RelayPipeline
import RelaySystem
import RelayText

struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Validate the configuration: all its errors at once.",
    discussion: discussion(
      """
      Each error is a line FILE:LINE:COLUMN: KEY.PATH: what is wrong, and what would be right. Exits 78 if there is \
      an error; warnings alone, and suggestions, exit 0.
      """,
      examples: "huggy-relay check --config routes.yaml", "huggy-relay check --no-env new.yaml",
      "huggy-relay check --public-keys"))

  @Argument(help: "The configuration: the same as --config FILE.", completion: .configurations)
  var file: String?

  @OptionGroup var options: ConfigurationOptions

  @Flag(name: .long, help: "Count references to the environment and to files as present.")
  var noEnv = false

  @Flag(
    name: .long,
    help:
      "Also print the public keys (whpk_…) that receivers check signatures of whsk_… with: a line each, DESTINATION KEY."
  )
  var publicKeys = false

  func validate() throws {
    guard !publicKeys || !noEnv else {
      throw ValidationError(
        "--public-keys and --no-env exclude each other: the keys are behind the references")
    }
    guard file == nil || options.config == ConfigurationOptions.standardFile else {
      throw ValidationError("FILE and --config exclude each other")
    }
  }

  func run() throws {
    var options = options
    if let file { options.config = file }
    let loaded = try options.load(resolvesReferences: !noEnv)
    for suggestion in loaded.suggestions { printError("\(suggestion)") }
    let configuration = loaded.configuration
    let counts = [
      configuration.sources.count.counted("source", "sources"),
      configuration.destinations.count.counted("destination", "destinations"),
      configuration.routes.count.counted("route", "routes"),
      loaded.warnings.count.counted("warning", "warnings"),
    ].joined(separator: ", ")
    print("\(options.config): valid: \(counts); hash \(configuration.hash)")
    if publicKeys { printPublicKeys(of: configuration) }
  }

  private func printPublicKeys(of configuration: Configuration) {
    let now = SystemWallClock().now()
    let lines = configuration.destinations.flatMap { destination in
      destination.signingSecrets.filter { $0.counts(at: now) }.compactMap { secret in
        (WebhookVerifier(of: secret)?.publicKeyText).map { key in
          "\(destination.name) \(key)" + (secret.until.map { " until \($0)" } ?? "")
        }
      }
    }
    if lines.isEmpty { printError("no destination signs with Ed25519: there is no signing_secret whsk_…") }
    lines.forEach { print($0) }
  }
}

struct ReloadCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reload",
    abstract: "Have a running relay read its configuration again. A wrong one changes nothing.",
    discussion: discussion(
      "Exits 78 if the configuration is wrong, with its errors as `check` prints them.",
      examples: "huggy-relay check && huggy-relay reload"))

  @OptionGroup var why: ReasonOptions
  @OptionGroup var options: AdminOptions

  func run() throws {
    let client = options.client(why)
    let json = try client.post("/api/v1/reload")
    if !options.json {
      for warning in try client.decode(ReloadAnswer.self, from: json).warnings { printError(warning) }
    }
    try options.show(json) { _ in ChangeText.reloaded(try client.decode(ReloadAnswer.self, from: json)) }
  }
}

/// Where the configuration is, and how it is read.
struct ConfigurationOptions: ParsableArguments {
  @Option(name: .long, help: "The configuration.", completion: .configurations)
  var config = Self.standardFile

  static let standardFile = "routes.yaml"

  func loader(resolvesReferences: Bool = true) -> ConfigurationLoader {
    ConfigurationLoader(
      environment: processEnvironment(), resolvesReferences: resolvesReferences,
      storeProblem: StoreSettings.Location.problem, listenerProblem: ListenerCertificates.problem,
      inspectClient: ClientCertificate.inspect,
      now: { SystemWallClock().now() }, hash: configurationHash)
  }

  /// Prints every error (and warning) to standard error, or where `print` says; exits 78 if there is an error.
  ///
  /// - Parameter json: Errors are told as one line of JSON, on standard error.
  func load(
    resolvesReferences: Bool = true, printsWarnings: Bool = true, json: Bool = false,
    print: (String) -> Void = printError
  ) throws -> LoadedConfiguration {
    do throws(ConfigurationErrors) {
      let loaded = try loader(resolvesReferences: resolvesReferences).load(path: config)
      if printsWarnings { for warning in loaded.warnings { print("\(warning)") } }
      return loaded
    } catch {
      let problems = error.problems.map(\.description)
      if json {
        Failure(code: "invalid_configuration", message: "\(config) is wrong", errors: problems).tell(
          json: true)
      } else {
        problems.forEach(print)
      }
      throw ExitCode.wrongConfiguration
    }
  }
}

/// The first 12 hexadecimal digits of the file's SHA-256.
func configurationHash(_ file: [UInt8]) -> String { Hexadecimal.text(SHA256.hash(file).prefix(6)) }
