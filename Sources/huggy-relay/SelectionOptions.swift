import ArgumentParser
import RelayAdmin
import RelayCore
import RelayPipeline

/// Conditions on deliveries: every one that is given must hold.
struct FilterOptions: ParsableArguments {
  @Option(name: .long, help: "Those for this destination.")
  var destination: String?

  @Option(name: .long, help: "Those of events of this type.")
  var type: String?

  @Option(name: .long, help: "Those of events received at or after this: 2026-01-02T03:04:05Z, or 24h (ago).")
  var since: String?

  @Option(name: .long, help: "Those of events received before this.")
  var until: String?

  func validate() throws {
    for (name, text) in [("since", since), ("until", until)] {
      if let text, TimeInput.time(text, now: SystemWallClock().now()) == nil {
        throw ValidationError("--\(name) is '\(text)', which is no time; write \(TimeInput.forms)")
      }
    }
    for (name, text) in [("destination", destination), ("type", type)] where text?.isEmpty ?? false {
      throw ValidationError("--\(name) is empty")
    }
  }

  /// As the API has them.
  func items(state: DeliveryFilter.State?) -> [FilterItem] {
    [
      ("state", state?.rawValue), ("destination", destination), ("type", type), ("since", since),
      ("until", until),
    ].compactMap { name, value in value.map { FilterItem(name, $0) } }
  }
}

/// What to retry or discard: ids, or conditions, or all. Never all by leaving something out.
struct SelectionOptions: ParsableArguments {
  @Argument(help: "Ids of deliveries, as `deliveries` and `event` show them.")
  var ids: [Int64] = []

  @OptionGroup(title: "Instead of ids") var filter: FilterOptions

  @Flag(name: .long, help: "All of every destination.")
  var all = false

  func request(state: DeliveryFilter.State? = nil) throws -> SelectionRequest {
    let items = filter.items(state: state)
    let ways = [!ids.isEmpty, !items.isEmpty, all].filter { $0 }.count
    guard ways > 0 else {
      throw ValidationError("say which deliveries: ids, a filter such as --destination crm, or --all")
    }
    guard ways == 1 else { throw ValidationError("ids, a filter and --all exclude each other") }
    guard ids.allSatisfy({ $0 > 0 }) else { throw ValidationError("the id of a delivery is a number from 1") }
    return ids.isEmpty ? .filter(items) : .ids(ids)
  }
}

extension DeliveryFilter.State: ExpressibleByArgument {}
