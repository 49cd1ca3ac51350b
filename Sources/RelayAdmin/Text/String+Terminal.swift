extension String {
  /// Without what could move a terminal's cursor, start an escape sequence or reorder text: much of what is
  /// shown was chosen by senders and receivers.
  package func forTerminal(maxCharacters: Int = 200) -> String {
    let harmless = String(
      String.UnicodeScalarView(unicodeScalars.map { $0.properties.isHarmlessInATerminal ? $0 : "\u{FFFD}" }))
    return harmless.count <= maxCharacters ? harmless : harmless.prefix(maxCharacters - 1) + "…"
  }
}

extension Unicode.Scalar.Properties {
  fileprivate var isHarmlessInATerminal: Bool {
    switch generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: false
    default: true
    }
  }
}
