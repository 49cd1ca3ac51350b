/// Durations as people write them: in routes.yaml, on the command line, in an address.
extension Duration {
  /// No duration that people give is longer: ten years.
  package static let longestText = Duration.seconds(3_650 * 86_400)

  /// Reads a whole number and its unit: `250ms`, `5s`, `10m`, `24h`, `7d`. nil for anything else. What does not fit is longer
  /// than `longestText`.
  package init?(text: String) {
    let digits = text.utf8.prefix { (0x30...0x39).contains($0) }
    let unit = Substring(text.utf8.dropFirst(digits.count))
    guard !digits.isEmpty, let factor = Self.units.first(where: { $0.unit == unit })?.milliseconds else {
      return nil
    }
    // A number that does not fit is one all the same.
    let count = Int(Substring(digits)) ?? .max
    let (milliseconds, overflow) = count.multipliedReportingOverflow(by: factor)
    self = overflow ? .longestText + .seconds(1) : .milliseconds(milliseconds)
  }

  /// In the largest unit that gives a whole number: `10m` for 600 seconds; `0s`. What is finer than a millisecond is rounded
  /// up.
  package var text: String {
    let (seconds, attoseconds) = components
    let fraction = (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    let milliseconds = Int(seconds) * 1_000 + Int(fraction)
    guard milliseconds > 0, let unit = Self.units.first(where: { milliseconds % $0.milliseconds == 0 })
    else { return "0s" }
    return "\(milliseconds / unit.milliseconds)\(unit.unit)"
  }

  private static let units: [(unit: Substring, milliseconds: Int)] = [
    ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1),
  ]
}
