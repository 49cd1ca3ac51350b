import RelayText

/// A table for people: columns aligned, titles above.
struct TextTable {
  enum Alignment {
    case left
    /// For numbers.
    case right
  }

  struct Cell {
    var text: String
    var ink: Ink

    init(_ text: String, _ ink: Ink = .plain) {
      self.text = text.forTerminal()
      self.ink = ink
    }
  }

  private let columns: [(title: String, alignment: Alignment)]
  private var rows: [[Cell]] = []

  init(_ columns: [(title: String, alignment: Alignment)]) {
    self.columns = columns
  }

  mutating func add(_ cells: [Cell]) {
    precondition(cells.count == columns.count)
    rows.append(cells)
  }

  func lines(_ pen: Pen) -> [String] {
    let titles = columns.map { Cell($0.title, .title) }
    let widths = columns.indices.map { column in
      ([titles] + rows).map { $0[column].text.count }.max() ?? 0
    }
    return ([titles] + rows).map { row in
      let cells = row.indices.map { column in
        let padding = String(repeating: " ", count: widths[column] - row[column].text.count)
        let text = pen(row[column].text, row[column].ink)
        if columns[column].alignment == .right { return padding + text }
        return column == row.count - 1 ? text : text + padding
      }
      return cells.joined(separator: "  ")
    }
  }
}

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
