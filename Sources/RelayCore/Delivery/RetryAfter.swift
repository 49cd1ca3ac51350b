/// The header `Retry-After` (RFC 9110, 10.2.3): seconds in digits, or an HTTP date. Anything else is as if it were not
/// there: a guess at what `30s` or `30, 90` means would hold a whole destination.
package enum RetryAfter {
  /// However far in the future the wish is.
  package static let longest = Duration.seconds(365 * 86_400)

  /// - Parameter value: Without blanks around it.
  /// - Returns: nil: it says nothing, or its time is over.
  package static func delay(_ value: some StringProtocol, now: Timestamp) -> Duration? {
    let delay = seconds(value) ?? HTTPDate.timestamp(value, now: now).map { now.duration(to: $0) }
    guard let delay, delay > .zero else { return nil }
    return min(delay, longest)
  }

  private static func seconds(_ value: some StringProtocol) -> Duration? {
    guard !value.isEmpty, value.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
    // More digits than a number has are a long time.
    return Int64(value).map { .seconds($0) } ?? longest
  }
}
