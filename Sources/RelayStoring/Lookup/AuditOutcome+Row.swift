import RelayCore

extension AuditOutcome {
  private static let separator = ": "

  /// As the column has it: `done`, or `done: 1 delivery cancelled`. No outcome's word has a colon.
  package var kept: String { details.map { text + Self.separator + $0 } ?? text }

  package init(kept: String, count: Int?) {
    let parts = kept.split(separator: Self.separator, maxSplits: 1).map(String.init)
    self.init(parts.first ?? "", count: count, details: parts.count > 1 ? parts[1] : nil)
  }
}
