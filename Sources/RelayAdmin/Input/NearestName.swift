/// Which of the known names somebody meant.
enum NearestName {
  /// `; did you mean 'x'?`, else what there is.
  static func hint(for name: String, among known: [String]) -> String {
    let limit = max(1, name.utf8.count / 3)
    let nearest =
      known
      .map { (name: $0, edits: edits(from: Array(name.lowercased().utf8.prefix(80)), to: Array($0.utf8))) }
      .filter { $0.edits <= limit }
      .min { $0.edits < $1.edits }
    if let nearest { return "; did you mean '\(nearest.name)'?" }
    return known.isEmpty ? "; there are none here" : "; there are: \(known.joined(separator: ", "))"
  }

  /// Insertions, deletions and replacements, and swaps of neighbours.
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
