/// Which of the known names somebody meant.
package enum NearestName {
  /// The known name that takes the fewest edits to reach, if they are few for its length. Without case.
  package static func of(_ name: String, among known: some Sequence<String>) -> String? {
    let name = Array(name.lowercased().utf8.prefix(80))
    var best: (name: String, length: Int, edits: Int)?
    for candidate in known {
      let bytes = Array(candidate.lowercased().utf8)
      let edits = edits(from: name, to: bytes)
      if edits < best?.edits ?? .max { best = (candidate, bytes.count, edits) }
    }
    guard let best, best.edits <= max(1, min(name.count, best.length) / 3) else { return nil }
    return best.name
  }

  /// `; did you mean 'x'?`; nil if none is near.
  package static func question(_ name: String, among known: some Sequence<String>) -> String? {
    of(name, among: known).map { "; did you mean '\($0)'?" }
  }

  /// Insertions, deletions, replacements, and swaps of neighbours (Damerau's restricted distance).
  static func edits(from a: [UInt8], to b: [UInt8]) -> Int {
    var beforePrevious: [Int] = []
    var previous = Array(0...b.count)
    for (i, x) in a.enumerated() {
      var row = [i + 1]
      for (j, y) in b.enumerated() {
        var cost = min(previous[j + 1] + 1, row[j] + 1, previous[j] + (x == y ? 0 : 1))
        if i > 0, j > 0, x == b[j - 1], a[i - 1] == y { cost = min(cost, beforePrevious[j - 1] + 1) }
        row.append(cost)
      }
      (beforePrevious, previous) = (previous, row)
    }
    return previous[b.count]
  }
}

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
