/// Wildcards by their definition: slow, recursive, on Unicode scalars.
enum ReferenceMatcher {
  private enum Piece { case scalar(Unicode.Scalar), one, run }

  static func matches(_ pattern: String, _ text: String, ignoringCase: Bool) -> Bool {
    let fold = ignoringCase ? folded : { $0 }
    return matches(
      pieces(of: Array(pattern.unicodeScalars).map(fold))[...], text.unicodeScalars.map(fold)[...])
  }

  private static func matches(_ pieces: ArraySlice<Piece>, _ text: ArraySlice<Unicode.Scalar>) -> Bool {
    guard let piece = pieces.first else { return text.isEmpty }
    switch piece {
    case .scalar(let scalar): return text.first == scalar && matches(pieces.dropFirst(), text.dropFirst())
    case .one: return !text.isEmpty && matches(pieces.dropFirst(), text.dropFirst())
    case .run:
      return matches(pieces.dropFirst(), text) || !text.isEmpty && matches(pieces, text.dropFirst())
    }
  }

  private static func pieces(of pattern: [Unicode.Scalar]) -> [Piece] {
    var pieces: [Piece] = []
    var rest = pattern[...]
    while let scalar = rest.first {
      if scalar == "[", rest.count >= 3, "*?[".unicodeScalars.contains(rest[rest.startIndex + 1]),
        rest[rest.startIndex + 2] == "]"
      {
        pieces.append(.scalar(rest[rest.startIndex + 1]))
        rest = rest.dropFirst(3)
        continue
      }
      pieces.append(scalar == "*" ? .run : scalar == "?" ? .one : .scalar(scalar))
      rest = rest.dropFirst()
    }
    return pieces
  }

  private static func folded(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    ("A"..."Z").contains(scalar) ? Unicode.Scalar(scalar.value + 32)! : scalar
  }
}
