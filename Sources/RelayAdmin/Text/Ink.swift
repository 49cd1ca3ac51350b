/// What a piece of text means: shown as a colour, where there are any.
package enum Ink: Sendable {
  case plain
  case good
  case warning
  case bad
  case faint
  case title

  fileprivate var code: String? {
    switch self {
    case .plain: nil
    case .good: "32"
    case .warning: "33"
    case .bad: "31"
    case .faint: "2"
    case .title: "1"
    }
  }
}

/// Writes for a terminal, or for what is none.
package struct Pen: Sendable {
  package var usesColours: Bool

  package init(usesColours: Bool) {
    self.usesColours = usesColours
  }

  func callAsFunction(_ text: String, _ ink: Ink) -> String {
    guard usesColours, let code = ink.code, !text.isEmpty else { return text }
    return "\u{1B}[\(code)m\(text)\u{1B}[0m"
  }
}
