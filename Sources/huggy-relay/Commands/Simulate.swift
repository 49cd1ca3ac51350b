import ArgumentParser
import Glibc
import RelayThreads
import RelayTools

struct Simulate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Play Huggy: the validation handshake, then realistic envelopes of all documented event types.",
    discussion: discussion(
      examples: "huggy-relay simulate --to http://127.0.0.1:8080/huggy --token T --count 100"))

  @Option(name: .long, help: "Where to post: a source's URL, such as http://127.0.0.1:8080/huggy.")
  var to: String

  @Option(name: .long, help: "The source's token.")
  var token: String?

  @Option(
    name: .long,
    help: "What to play: \(Scenario.allCases.map(\.rawValue).joined(separator: ", ")).")
  var scenario = Scenario.all

  @Option(name: .long, help: "Envelopes a second.")
  var rate = 10.0

  @Option(name: .long, help: "How many envelopes. Default: until Ctrl-C.")
  var count: Int?

  @Option(name: .long, help: "The same seed plays the same envelopes, ids included.")
  var seed: UInt64?

  func validate() throws {
    guard rate > 0 else { throw ValidationError("--rate is above 0") }
    guard count ?? 1 > 0 else { throw ValidationError("--count is above 0") }
    let url = to.lowercased()
    guard url.hasPrefix("http://") || url.hasPrefix("https://") else {
      throw ValidationError("--to is a URL that begins with http:// or https://")
    }
  }

  func run() async throws {
    let settings = SimulatorSettings(
      url: to, token: token, scenario: scenario, ratePerSecond: rate, count: count,
      seed: seed ?? SimulatorSettings.randomSeed(), concurrency: rate > 200 ? 16 : 4)
    let showsProgress = StandardStream.error.isTerminal
    let simulator = Simulator(settings: settings, onProgress: showsProgress ? Self.show : nil)
    let signals = Task {
      await waitForSignal(SIGINT, SIGTERM)
      simulator.stop()
    }
    let report = await onThread(named: "simulate") { simulator.run() }
    signals.cancel()
    if showsProgress { printError("") }
    print(report.summary)
    if !report.allAccepted { throw ExitCode.failure }
  }

  @Sendable private static func show(_ progress: SimulatorProgress) {
    let line = "\r\(progress.sent) sent, \(progress.accepted) accepted, \(progress.failed) failed "
    StandardStream.error.write(line)
  }
}

extension Scenario: ExpressibleByArgument {}
