/// Wildcards by their definition, on Unicode scalars: which beginnings of the text each beginning of the pattern can stand for.
enum PlainPattern {
  private enum Piece { case scalar(Unicode.Scalar), one, run }

  static func matches(_ pattern: String, _ text: String, ignoringCase: Bool) -> Bool {
    let fold = ignoringCase ? folded : { $0 }
    let text = text.unicodeScalars.map(fold)
    // Whether the pattern's pieces so far can stand for the text's first 0, 1, 2 … scalars.
    var reached = [true] + text.map { _ in false }
    for piece in pieces(of: pattern.unicodeScalars.map(fold)) {
      var next = reached.map { _ in false }
      for end in reached.indices {
        switch piece {
        case .run: next[end] = reached[end] || end > 0 && next[end - 1]
        case .one: next[end] = end > 0 && reached[end - 1]
        case .scalar(let scalar): next[end] = end > 0 && reached[end - 1] && text[end - 1] == scalar
        }
      }
      reached = next
    }
    return reached.last == true
  }

  private static func pieces(of pattern: [Unicode.Scalar]) -> [Piece] {
    var pieces: [Piece] = []
    var rest = pattern[...]
    while let scalar = rest.popFirst() {
      if scalar == "[", let escaped = rest.first, "*?[".unicodeScalars.contains(escaped),
        rest.dropFirst().first == "]"
      {
        pieces.append(.scalar(escaped))
        rest = rest.dropFirst(2)
      } else {
        pieces.append(scalar == "*" ? .run : scalar == "?" ? .one : .scalar(scalar))
      }
    }
    return pieces
  }

  private static func folded(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    scalar.isASCII
      ? Unicode.Scalar(UInt8(scalar.value)).properties.lowercaseMapping.unicodeScalars.first! : scalar
  }
}
