import ArgumentParser
import RelayAdmin
import RelayCore
import RelayPipeline

struct Discard: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Give up dead letters, and pending deliveries where --state says so: they are not attempted again.",
    discussion:
      "What is in flight is left alone. `retry --state discarded` takes it back, while the event is still stored."
  )

  @OptionGroup var selection: SelectionOptions

  @Option(
    name: .long, help: "Those in this state: dead (the default) or pending. May be repeated.",
    completion: ChangeVerb.discard.stateNames, transform: { try ChangeVerb.discard.state($0) })
  var state: [DeliveryFilter.State] = []

  @OptionGroup var options: AdminOptions

  func validate() throws {
    _ = try selection.request(states: state)
  }

  func run() throws {
    try SelectionChange(
      verb: "discard", done: "discarded", selection: selection, options: options, text: ChangeText.discarded
    ).run(try selection.request(states: state))
  }
}
