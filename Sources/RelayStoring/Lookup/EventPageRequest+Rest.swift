import RelayCore

extension EventPageRequest {
  /// What of these places no earlier page has looked at.
  package func rest(of all: Range<Int64>) -> Range<Int64> {
    guard let after = after?.rawValue else { return all }
    switch order {
    case .newestFirst: return all.lowerBound..<max(all.lowerBound, min(all.upperBound, after))
    case .oldestFirst: return min(all.upperBound, max(all.lowerBound, after + 1))..<all.upperBound
    }
  }
}
