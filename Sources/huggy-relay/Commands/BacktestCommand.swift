import ArgumentParser
import RelayAdmin
import RelayText

struct Backtest: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Try new routes on the events that a running relay holds, and say what would change. Sends nothing.",
    discussion: discussion(
      """
      The new rules are compared with the running ones: per destination, the events that it would gain and lose, with \
      examples and the condition that decided. Without --config the relay reads its own file again, as a reload would.

      In a file that is handed in, references are not replaced: where a route holds one, write the value out.
      """, examples: "huggy-relay backtest --config new.yaml --since 24h --fail-on-loss"))

  @Option(
    name: .long, help: "The new configuration. Default: the relay's own file.", completion: .configurations)
  var config: String?

  @OptionGroup(title: "Which events") var filter: EventFilterOptions

  @Option(name: .long, help: "Show so many examples of each destination and direction.")
  var examples = 3

  @Flag(name: .long, help: "Exit with 1 if a destination would lose an event.")
  var failOnLoss = false

  @OptionGroup var why: ReasonOptions
  @OptionGroup var options: AdminOptions

  func validate() throws {
    guard (0...100_000).contains(examples) else { throw ValidationError("--examples is from 0 to 100000") }
  }

  func run() throws {
    let client = options.client(why)
    var input = BacktestInput()
    input.configuration = try config.map { try HandedConfigurationFile.text(at: $0, json: options.json) }
    input.filter = filter.input()
    input.examples = examples
    let answer = try answers(client, input)
    for warning in answer.warnings { printError(warning) }
    try options.show(try answer.json()) { pen in BacktestText.render(answer, pen: pen) }
    if failOnLoss, answer.hasLoss { throw ExitCode.failure }
  }

  /// All parts, added up.
  private func answers(_ client: AdminClient, _ input: BacktestInput) throws -> BacktestAnswer {
    let progress = ProgressLine()
    var (input, sum) = (input, BacktestSum(examples: examples))
    repeat {
      let json = try client.post("/api/v1/backtest", input)
      guard sum.add(try client.decode(BacktestAnswer.self, from: json)) else {
        progress.end()
        throw Failure(code: "conflict", message: "the configuration has changed meanwhile; run this again")
      }
      input.after = sum.answer.next
      let back = sum.answer.reached.map { ", back to \($0)" } ?? ""
      progress.show("\(sum.answer.events.counted("event", "events")) looked at\(back)")
    } while input.after != nil
    progress.end()
    return sum.answer
  }
}

/// A configuration's file that is sent to a relay.
enum HandedConfigurationFile {
  /// What is wrong with it is told with the file's own name and lines, before anything is sent.
  static func text(at path: String, json: Bool) throws -> String {
    var options = ConfigurationOptions()
    options.config = path
    _ = try options.load(resolvesReferences: false, printsWarnings: false, json: json)
    return try InputFile.text(path)
  }
}

/// One line on standard error that is written over: on a terminal only.
final class ProgressLine {
  private let isShown = StandardStream.error.isTerminal
  private var length = 0

  func show(_ text: String) {
    guard isShown else { return }
    let blank = String(repeating: " ", count: max(0, length - text.count))
    length = text.count
    StandardStream.error.write("\r\(text)\(blank)")
  }

  /// Takes the line away.
  func end() {
    guard isShown, length > 0 else { return }
    StandardStream.error.write("\r\(String(repeating: " ", count: length))\r")
    length = 0
  }
}
