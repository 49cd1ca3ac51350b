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
    filter.since = try time("since", texts, now: now)
    filter.until = try time("until", texts, now: now)
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

  private static func time(
    _ name: String, _ texts: [String: String], now: Timestamp
  ) throws(APIError) -> Timestamp? {
    guard let text = texts[name] else { return nil }
    guard let time = TimeInput.time(text, now: now) else {
      throw .invalidRequest("'\(name)' is '\(text.prefix(100))', which is no time; write \(TimeInput.forms)")
    }
    return time
  }
}
