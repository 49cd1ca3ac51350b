import RelayCore
import RelayText

/// A filter of deliveries, as an address or a body says it.
enum FilterReader {
  static let names = ["state", "destination", "type", "since", "until"]

  /// - Parameter texts: By name; others than `names` are no part of it.
  static func filter(_ texts: [String: String], now: Timestamp) throws(APIError) -> DeliveryFilter {
    for name in names where texts[name] == "" {
      throw .invalidRequest("'\(name)' is empty; leave it out, or give it a value")
    }
    var filter = DeliveryFilter(destination: texts["destination"], type: texts["type"])
    if let text = texts["state"] {
      filter.state = try state(text)
    }
    filter.since = try time("since", texts["since"], now: now)
    filter.until = try time("until", texts["until"], now: now)
    if let since = filter.since, let until = filter.until, since >= until {
      throw .invalidRequest("'since' (\(since)) is not before 'until' (\(until)): nothing lies between")
    }
    return filter
  }

  static func state(_ text: String) throws(APIError) -> DeliveryFilter.State {
    if let state = DeliveryFilter.State(rawValue: text) { return state }
    let known = DeliveryFilter.State.allCases.map(\.rawValue)
    throw .invalidRequest(
      "there is no state '\(text.prefix(100))'\(NearestName.hint(for: text, among: known))")
  }

  static func time(
    _ name: String, _ text: String?, now: Timestamp
  ) throws(APIError) -> Timestamp? {
    guard let text else { return nil }
    guard let time = TimeInput.time(text, now: now) else {
      throw .invalidRequest("'\(name)' is '\(text.prefix(100))', which is no time; write \(TimeInput.forms)")
    }
    return time
  }
}

/// The parameters of an address.
struct QueryItems {
  private(set) var items: [String: String] = [:]

  /// - Parameters:
  ///   - query: What follows the `?`.
  ///   - known: The parameters that there are.
  init(_ query: String?, known: [String]) throws(APIError) {
    for item in (query ?? "").split(separator: "&") {
      let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        .map { String($0.map { $0 == "+" ? " " : $0 }).percentDecoded }
      let name = parts[0]
      guard known.contains(name) else {
        throw .invalidRequest("there is no parameter '\(name)'\(NearestName.hint(for: name, among: known))")
      }
      guard items[name] == nil else { throw .invalidRequest("the parameter '\(name)' stands twice") }
      items[name] = parts.count == 2 ? parts[1] : ""
    }
  }

  mutating func take(_ name: String) -> String? { items.removeValue(forKey: name) }
}
