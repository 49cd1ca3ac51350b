import ArgumentParser
import Glibc
import RelayCore
import RelayPipeline
import RelayTools

struct SinkCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sink",
    abstract:
      "Run a test receiver: prints a line per request (and one per event of a batch), and fails or delays as told.",
    discussion: discussion(
      examples: "huggy-relay sink --listen 127.0.0.1:9000", "huggy-relay sink --status 503 --fail-rate 0.3"))

  @Option(name: .long, help: "Where to listen.")
  var listen = ListenArgument(argument: "127.0.0.1:9000")!

  @Option(name: .long, help: "The status of every answer.")
  var status = 200

  @Option(name: .long, help: "The share of requests, 0 to 1, that get 503 instead.")
  var failRate = 0.0

  @Option(name: .long, help: "How long each answer takes: 200ms, 5s.")
  var delay = DurationArgument(argument: "0s")!

  @Option(name: .long, help: "A secret (whsec_…), or a public key (whpk_…): signatures are checked with it.")
  var secret: String?

  func validate() throws {
    guard (200...599).contains(status) else { throw ValidationError("--status is between 200 and 599") }
    guard (0...1).contains(failRate) else { throw ValidationError("--fail-rate is between 0 and 1") }
    if let secret, WebhookVerifier(encoded: secret) == nil {
      if secret.hasPrefix(SigningSecret.Scheme.ed25519.prefix) {
        throw ValidationError(
          "--secret is a secret key; give its public key, as `huggy-relay check --public-keys` says it")
      }
      throw ValidationError(
        "--secret is whsec_ and base64 of 24 to 64 bytes (`huggy-relay secret` makes one), or whpk_ and that of 32"
      )
    }
  }

  func run() async throws {
    let settings = SinkSettings(
      listen: listen.address, status: status, failRate: failRate, delay: delay.duration,
      verifier: secret.flatMap { WebhookVerifier(encoded: $0) })
    // Straight to the descriptor: lines must not wait in a buffer when they go to a pipe.
    let sink = Sink(settings: settings) {
      StandardStream.output.write($0.lines.joined(separator: "\n") + "\n")
    }
    do {
      let address = try await sink.start()
      printError("sink listens on http://\(address)/ (Ctrl-C ends it)")
    } catch {
      printError("can't listen on \(listen.address): \(error); choose another --listen")
      throw ExitCode.failure
    }
    await waitForSignal(SIGINT, SIGTERM)
    await sink.stop()
  }
}

struct SecretCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "secret", abstract: "Print a new signing secret (Standard Webhooks, whsec_…).",
    discussion: discussion(
      """
      With --ed25519 a secret key (whsk_…), and on standard error the public key (whpk_…), which receivers check signatures with.
      """,
      examples: "huggy-relay secret", "huggy-relay secret --ed25519"))

  @Flag(name: .long, help: "A key of Ed25519: receivers get its public half alone, and can sign nothing.")
  var ed25519 = false

  func run() throws {
    guard ed25519 else { return print(SecretGenerator.signingSecret()) }
    guard let pair = SecretGenerator.ed25519Pair() else {
      throw Failure(
        code: "no_ed25519", message: "OpenSSL has no Ed25519 here: is its FIPS provider the only one?")
    }
    print(pair.secret)
    printError("public key, for receivers: \(pair.publicKey)")
  }
}
