import RelayCore
import RelayText

/// What `huggy-relay audit` shows.
package enum AuditText {
  /// - Parameter showsTitles: Not on the pages that follow the first.
  /// - Returns: Lines, without a line end at the end.
  package static func render(_ entries: [AuditAnswer.Entry], pen: Pen, showsTitles: Bool = true) -> String {
    let table = TextTable<AuditAnswer.Entry>([
      .init("AT") { "\($0.at)" },
      .init("WHO") { "\($0.who) (\($0.role))" },
      .init("WHAT") { $0.what },
      .init("OUTCOME") { TextCell($0.outcomeText, $0.outcome == "done" ? .plain : .warning) },
      .init("TARGET") { $0.target },
      .init("REASON") { $0.reason ?? "-" },
    ])
    return table.lines(entries, pen).dropFirst(showsTitles ? 0 : 1).joined(separator: "\n")
  }
}

extension AuditAnswer.Entry {
  fileprivate var outcomeText: String {
    (outcome ?? "unknown") + (count.map { ": \($0.grouped)" } ?? "") + (details.map { " (\($0))" } ?? "")
  }
}
