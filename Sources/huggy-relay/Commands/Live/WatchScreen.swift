/// Shows one thing again and again: on a terminal in the same place, elsewhere one block after another.
struct WatchScreen {
  private let isTerminal: Bool
  /// It has come off once: from then on what goes wrong may pass.
  private(set) var hasShown = false

  init(isTerminal: Bool) {
    self.isTerminal = isTerminal
  }

  func begin() {
    // To the upper left, and nothing below: without the flicker of an empty screen.
    if isTerminal { write("\u{1B}[H\u{1B}[2J") }
  }

  mutating func succeeded() { hasShown = true }

  func end() {
    if !isTerminal { write("\n") }
  }

  private func write(_ text: String) { StandardStream.output.write(text) }
}
