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

  /// `; did you mean 'x'?`, else what there is.
  package static func hint(for name: String, among known: [String]) -> String {
    if let question = question(name, among: known) { return question }
    return known.isEmpty ? "; there are none here" : "; there are: \(known.joined(separator: ", "))"
  }

  /// The same where the known ones are called `what`, and may be many: the first twenty are named.
  package static func hint(for name: String, among known: [String], called what: String) -> String {
    if let question = question(name, among: known) { return question }
    guard !known.isEmpty else { return "; there are no \(what)" }
    let shown = known.prefix(20).joined(separator: ", ")
    return "; the \(what) are: \(shown)\(known.count > 20 ? ", …" : "")"
  }

  /// Insertions, deletions, replacements, and swaps of neighbours (Damerau's restricted distance).
  package static func edits(from a: [UInt8], to b: [UInt8]) -> Int {
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
