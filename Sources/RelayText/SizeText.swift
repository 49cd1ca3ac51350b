/// Sizes as routes.yaml writes them.
package enum SizeText {
  /// From the largest.
  package static let units: [(unit: String, bytes: Int)] = [
    ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1),
  ]

  /// In the largest unit that gives a whole number: `64KiB`; `0B`.
  package static func text(bytes: Int) -> String {
    guard bytes > 0, let unit = units.first(where: { bytes % $0.bytes == 0 }) else { return "0B" }
    return "\(bytes / unit.bytes)\(unit.unit)"
  }
}
