import RelayText

/// Names that patterns may be misspellings of.
package struct PatternNames: Sendable {
  /// Folded beforehand: a configuration may ask thousands of times.
  private let names: [(name: String, folded: [UInt8])]

  package init(_ names: [String]) {
    self.names = names.map { ($0, $0.utf8.map(\.asciiLowercased)) }
  }

  /// The name that a pattern which matches none was likely meant to match: at most two edits away, and one only in a
  /// short name. A `*` at one end stands for what the name has more there.
  package func nearest(to pattern: WildcardPattern) -> String? {
    guard !names.contains(where: { pattern.matches($0.name) }) else { return nil }
    let folded = pattern.source.utf8.map(\.asciiLowercased)
    let star = UInt8(ascii: "*")
    let core = folded.filter { $0 != star }
    let limit = core.count < 7 ? 1 : 2
    guard core.count >= 4, folded.count - core.count <= 1, !core.contains(UInt8(ascii: "?")) else {
      return nil
    }
    var best: (name: String, edits: Int)?
    for (name, whole) in names {
      for length in lengths(near: core.count, of: whole, isWhole: core.count == folded.count)
      where abs(length - core.count) <= limit {
        let part = Array(folded.first == star ? whole.suffix(length) : whole.prefix(length))
        let edits = NearestName.edits(from: core, to: part)
        if edits <= limit, edits < best?.edits ?? .max { best = (name, edits) }
      }
    }
    return best?.name
  }

  /// How much of a name the pattern may have meant.
  private func lengths(near count: Int, of name: [UInt8], isWhole: Bool) -> ClosedRange<Int> {
    if isWhole { return name.count...name.count }
    let longest = min(name.count, count + 1)
    return min(count - 1, longest)...longest
  }
}
