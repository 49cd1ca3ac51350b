import RelayText

/// A table for people: columns aligned, titles above.
struct TextTable<Row> {
  /// A column: its title, and what it shows of a row.
  struct Column {
    enum Alignment {
      case left
      /// For numbers.
      case right
    }

    let title: String
    let alignment: Alignment
    let cell: (Row) -> TextCell

    init(_ title: String, _ alignment: Alignment = .left, _ cell: @escaping (Row) -> TextCell) {
      self.title = title
      self.alignment = alignment
      self.cell = cell
    }

    init(_ title: String, _ alignment: Alignment = .left, _ text: @escaping (Row) -> String) {
      self.init(title, alignment) { TextCell(text($0)) }
    }
  }

  private let columns: [Column]

  init(_ columns: [Column]) {
    self.columns = columns
  }

  /// The titles, and a line for each row.
  func lines(_ rows: [Row], _ pen: Pen) -> [String] {
    let cells =
      [columns.map { TextCell($0.title, .title) }] + rows.map { row in columns.map { $0.cell(row) } }
    let widths = columns.indices.map { column in cells.map { $0[column].text.count }.max() ?? 0 }
    return cells.map { row in
      let texts = row.indices.map { column in
        let padding = String(repeating: " ", count: widths[column] - row[column].text.count)
        let text = pen(row[column].text, row[column].ink)
        if columns[column].alignment == .right { return padding + text }
        return column == row.count - 1 ? text : text + padding
      }
      return texts.joined(separator: "  ")
    }
  }
}

/// What a table shows in one place.
struct TextCell {
  var text: String
  var ink: Ink

  init(_ text: String, _ ink: Ink = .plain) {
    self.text = text.forTerminal()
    self.ink = ink
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

  package func callAsFunction(_ text: String, _ ink: Ink) -> String {
    guard usesColours, let code = ink.code, !text.isEmpty else { return text }
    return "\u{1B}[\(code)m\(text)\u{1B}[0m"
  }
}
