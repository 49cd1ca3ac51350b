import ArgumentParser
import RelayAdmin
import RelayCore

struct Discard: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Give up pending deliveries and dead letters: they are never attempted again.",
    discussion: "What is in flight is left alone.")

  @OptionGroup var selection: SelectionOptions

  @Option(name: .long, help: "Those in this state: pending or dead.")
  var state: DeliveryFilter.State?

  @OptionGroup var options: AdminOptions

  func validate() throws {
    guard state.map({ $0 == .pending || $0 == .dead }) ?? true else {
      throw ValidationError("--state is pending or dead: others can't be discarded")
    }
    _ = try selection.request(state: state)
  }

  func run() throws {
    let client = options.client()
    let json = try client.post("/api/v1/deliveries/discard", body: try selection.request(state: state).body)
    try options.show(json) { _ in
      ChangeText.discarded(
        try client.decode(ChangedAnswer.self, from: json),
        asked: selection.ids.isEmpty ? nil : Set(selection.ids).count)
    }
  }
}
