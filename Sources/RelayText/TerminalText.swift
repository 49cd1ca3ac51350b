/// What may be shown on a terminal: much of what the relay shows was chosen by senders and receivers.
extension String {
  /// On one line, and without what could move a terminal's cursor, start an escape sequence or reorder text: U+FFFD stands
  /// for it. What is longer than `maxCharacters` is cut off, and `…` says so.
  package func forTerminal(maxCharacters: Int = 200) -> String {
    let harmless = String(
      String.UnicodeScalarView(unicodeScalars.map { $0.isHarmlessInATerminal ? $0 : "\u{FFFD}" }))
    return harmless.count <= maxCharacters ? harmless : harmless.prefix(maxCharacters - 1) + "…"
  }

  /// Line by line, each as `forTerminal` has it; without the end of the last.
  package func linesForTerminal(maxCharacters: Int) -> [String] {
    let lines = split(omittingEmptySubsequences: false) { $0.isNewline }
    let shown = lines.last == "" ? lines.dropLast() : lines[...]
    return shown.map { String($0).forTerminal(maxCharacters: maxCharacters) }
  }

  /// At most 60 scalars of it, with control characters spelled out, as `\u{7}`.
  package var printable: String {
    var text = ""
    for scalar in unicodeScalars.prefix(60) {
      let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
      text += isControl ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
    }
    return unicodeScalars.count > 60 ? text + "…" : text
  }
}

extension Unicode.Scalar {
  /// False for what moves the cursor, begins an escape sequence, breaks the line or changes the direction of text.
  package var isHarmlessInATerminal: Bool {
    switch properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: false
    default: true
    }
  }
}
