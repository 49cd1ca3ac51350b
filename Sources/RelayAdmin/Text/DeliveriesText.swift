import RelayCore
import RelayText

/// What `huggy-relay deliveries` shows.
package enum DeliveriesText {
  /// - Parameters:
  ///   - zone: Whose clock shows the times; nil: UTC.
  ///   - showsTitles: Not on the pages that follow the first.
  /// - Returns: Lines, without a line end at the end.
  package static func render(
    _ deliveries: [DeliveryAnswer], now: Timestamp, zone: TimeZoneRules? = nil, pen: Pen,
    showsTitles: Bool = true
  ) -> String {
    let table = TextTable<DeliveryAnswer>([
      .init("ID", .right) { String($0.id) },
      .init("EVENT") { $0.eventId },
      .init("TYPE") { TextList.item($0.type) },
      .init("DESTINATION") { $0.destination },
      .init("STATE") { TextCell($0.stateText, $0.ink) },
      .init("ATTEMPTS", .right) { $0.attempts.grouped },
      .init("RECEIVED") { $0.receivedAt.clockText(in: zone) },
      .init("AGE", .right) { $0.receivedAt.duration(to: now).ageText },
      .init("LAST ANSWER") { $0.lastAttempt?.outcome ?? "-" },
    ])
    return table.lines(deliveries, pen).dropFirst(showsTitles ? 0 : 1).joined(separator: "\n")
  }
}

extension DeliveryAnswer {
  /// With why: `dead: permanent`, `pending: retry`.
  fileprivate var stateText: String {
    (self.reason ?? waiting?.for).map { "\(self.state): \($0)" } ?? self.state
  }

  var ink: Ink {
    switch DeliveryFilter.State(rawValue: self.state) {
    case .delivered: .good
    case .dead: .bad
    case .discarded, .overflowed: .faint
    case .pending, nil: .warning
    }
  }
}

extension AttemptAnswer {
  /// The status, or why there was none.
  var outcome: String { status.map { "status \($0)" } ?? error ?? "no answer" }
}
