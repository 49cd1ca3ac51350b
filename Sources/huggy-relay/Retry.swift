import ArgumentParser
import RelayAdmin

struct Retry: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make dead letters pending again, with their limits anew.",
    discussion: "Each takes its original place among the pending ones of its order key.")

  @OptionGroup var selection: SelectionOptions
  @OptionGroup var options: AdminOptions

  func validate() throws {
    _ = try selection.request()
  }

  func run() throws {
    let client = options.client()
    let json = try client.post("/api/v1/deliveries/retry", body: try selection.request().body)
    try options.show(json) { _ in
      ChangeText.retried(
        try client.decode(ChangedAnswer.self, from: json),
        asked: selection.ids.isEmpty ? nil : Set(selection.ids).count)
    }
  }
}
