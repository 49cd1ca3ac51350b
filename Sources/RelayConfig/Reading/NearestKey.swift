/// Which of the known names somebody meant.
enum NearestKey {
  /// The known name that takes the fewest edits to reach, if they are few for its length.
  static func of(_ name: String, among known: some Sequence<String>) -> String? {
    let name = name.lowercased()
    var best: (name: String, distance: Int)?
    for candidate in known {
      let distance = edits(from: Array(name.utf8.prefix(80)), to: Array(candidate.lowercased().utf8))
      if distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    guard let best, best.distance <= max(1, min(name.utf8.count, best.name.utf8.count) / 3) else {
      return nil
    }
    return best.name
  }

  /// `; did you mean 'x'?`, else what there is, else nothing.
  static func hint(for name: String, among known: [String], called what: String) -> String {
    if let nearest = of(name, among: known) { return "; did you mean '\(nearest)'?" }
    guard !known.isEmpty else { return "; there are no \(what)" }
    let shown = known.prefix(20).joined(separator: ", ")
    return "; the \(what) are: \(shown)\(known.count > 20 ? ", …" : "")"
  }

  /// Insertions, deletions, replacements, and swaps of neighbours (Damerau's restricted distance).
  private static func edits(from a: [UInt8], to b: [UInt8]) -> Int {
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
