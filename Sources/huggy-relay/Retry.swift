import ArgumentParser
import RelayAdmin
import RelayCore
import RelayPipeline

struct Retry: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Make dead letters pending again, with their limits anew; discarded ones too, where --state says so.",
    discussion: """
      Each takes its original place among the pending ones of its order key. What was discarded is pending again as far as \
      its destination's max_backlog has room for it, and while its event is still stored.
      """)

  @OptionGroup var selection: SelectionOptions

  @Option(
    name: .long,
    help: "Those in this state: dead (the default), discarded, or overflowed (on arrival). May be repeated.",
    completion: ChangeVerb.retry.stateNames, transform: { try ChangeVerb.retry.state($0) })
  var state: [DeliveryFilter.State] = []

  @OptionGroup var options: AdminOptions

  func validate() throws {
    _ = try selection.request(states: state)
  }

  func run() throws {
    try SelectionChange(
      verb: "retry", done: "retried", selection: selection, options: options, text: ChangeText.retried
    ).run(try selection.request(states: state))
  }
}
