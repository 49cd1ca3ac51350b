import RelayText

/// What `huggy-relay notify test` shows: what was sent, and what was answered.
package enum NoticeTestText {
  /// - Returns: Lines, without a line end at the end.
  package static func render(_ test: NoticeTestAnswer, pen: Pen) -> String {
    var lines = ["\(test.method) to \(test.name) (\(test.format))".forTerminal()]
    if !test.body.isEmpty { lines.append(test.body.forTerminal(maxCharacters: 2_000)) }
    if let status = test.status {
      lines.append(
        pen("status \(status): \(test.sent ? "it was taken" : "it was not taken")", test.sent ? .good : .bad))
      lines += test.answer.linesForTerminal(maxCharacters: 1_000)
    } else {
      lines.append(pen("no answer: \(test.error ?? "unknown")".forTerminal(maxCharacters: 1_000), .bad))
    }
    return lines.joined(separator: "\n")
  }
}
