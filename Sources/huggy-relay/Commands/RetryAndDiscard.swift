import ArgumentParser
import RelayAdmin
import RelayCore
import RelayPipeline

struct Retry: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Make dead letters pending again, with their limits anew; discarded ones too, where --state says so.",
    discussion: discussion(
      """
      Each takes its original place among the pending ones of its order key. What was discarded is pending again as far as \
      its destination's max_backlog has room for it, and while its event is still stored.
      """,
      examples: "huggy-relay retry --destination crm --dry-run", "huggy-relay retry 1041 1042",
      "huggy-relay retry --destination crm --state overflowed --since 24h"))

  @OptionGroup var selection: SelectionOptions

  @Option(
    name: .long,
    help: "Those in this state: dead (the default), discarded, or overflowed (on arrival). May be repeated.",
    completion: ChangeVerb.retry.stateNames, transform: { try ChangeVerb.retry.state($0) })
  var state: [DeliveryFilter.State] = []

  @OptionGroup var why: ReasonOptions
  @OptionGroup var options: AdminOptions

  func validate() throws {
    _ = try selection.input(states: state)
  }

  func run() throws {
    try SelectionChange(
      verb: "retry", done: "retried", selection: selection, options: options, why: why,
      text: { state.isEmpty ? ChangeText.retriedDead($0, asked: $1) : ChangeText.retried($0, asked: $1) }
    ).run(try selection.input(states: state))
  }
}

struct Discard: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Give up dead letters, and pending deliveries where --state says so: they are not attempted again.",
    discussion: discussion(
      "What is in flight is left alone. `retry --state discarded` takes it back, while the event is still stored.",
      examples: "huggy-relay discard --destination crm --type noise --dry-run", "huggy-relay discard 1041"))

  @OptionGroup var selection: SelectionOptions

  @Option(
    name: .long, help: "Those in this state: dead (the default) or pending. May be repeated.",
    completion: ChangeVerb.discard.stateNames, transform: { try ChangeVerb.discard.state($0) })
  var state: [DeliveryFilter.State] = []

  @OptionGroup var why: ReasonOptions
  @OptionGroup var options: AdminOptions

  func validate() throws {
    _ = try selection.input(states: state)
  }

  func run() throws {
    try SelectionChange(
      verb: "discard", done: "discarded", selection: selection, options: options, why: why,
      text: ChangeText.discarded
    ).run(try selection.input(states: state))
  }
}

/// Retries or discards what was selected: counts it first and asks, where a person is at a terminal.
struct SelectionChange {
  /// `retry` or `discard`: of the API's path, and what a person is asked.
  let verb: String
  /// `retried`, `discarded`.
  let done: String
  let selection: SelectionOptions
  let options: AdminOptions
  let why: ReasonOptions
  let text: (ChangedAnswer, _ asked: Int?) -> String

  func run(_ input: SelectionInput) throws {
    let client = options.client(why)
    let path = "/api/v1/deliveries/\(verb)"
    if input.dryRun == true {
      let json = try client.post(path, input)
      return try options.show(json) { _ in
        ChangeText.wouldBe(done, try client.decode(DryRunAnswer.self, from: json))
      }
    }
    var input = input
    if !selection.yes, Person.isThere { input.expected = try ask(input, client, path) }
    let json = try client.post(path, input)
    try options.show(json) { _ in text(try client.decode(ChangedAnswer.self, from: json), selection.asked) }
  }

  /// - Returns: How many a person agreed to; nil: they are few, and nobody was asked.
  /// - Throws: `ExitCode`: the answer was no.
  private func ask(_ input: SelectionInput, _ client: AdminClient, _ path: String) throws -> Int? {
    var count = input
    count.dryRun = true
    let answer = try client.decode(DryRunAnswer.self, from: try client.post(path, count))
    guard let question = ChangeText.question(verb, answer) else { return nil }
    try Person.mustAgree(to: question, otherwise: "nothing was changed")
    return answer.count
  }
}
