import Logging
import RelayCore

/// Lets the first line of a kind through, and then one in each interval, which says how many were left out.
package struct LogSummary: Sendable {
  private struct Kind: Sendable {
    var lastLine: Timestamp
    var leftOut = 0
  }

  private var kinds: [String: Kind] = [:]
  private let interval: Duration
  /// How many kinds are told apart: payload text must not fill the memory. Beyond that the one goes whose line is the oldest.
  private static let maxKinds = 1_024

  package init(interval: Duration = .seconds(10)) {
    self.interval = interval
  }

  /// - Returns: How many lines like it were left out since the last one; nil: leave this one out too.
  package mutating func admit(_ kind: String, at now: Timestamp) -> Int? {
    if var known = kinds[kind], known.lastLine.duration(to: now) < interval {
      known.leftOut += 1
      kinds[kind] = known
      return nil
    }
    let leftOut = kinds.updateValue(Kind(lastLine: now), forKey: kind)?.leftOut ?? 0
    if kinds.count > Self.maxKinds,
      let oldest = kinds.lazy.filter({ $0.key != kind }).min(by: { $0.value.lastLine < $1.value.lastLine })
    {
      kinds[oldest.key] = nil
    }
    return leftOut
  }
}

extension Logger.MetadataValue {
  /// A number that stays one in a log of JSON lines.
  package static func number(_ value: some BinaryInteger & Sendable & CustomStringConvertible) -> Self {
    .stringConvertible(value)
  }
}
