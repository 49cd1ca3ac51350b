import RelayCore
import RelayText

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
