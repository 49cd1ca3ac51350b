import RelayCore

/// What `huggy-relay deliveries` shows.
package enum DeliveriesText {
  /// - Parameter showsTitles: Not on the pages that follow the first.
  /// - Returns: Lines, without a line end at the end.
  package static func render(
    _ deliveries: [DeliveryAnswer], now: Timestamp, pen: Pen, showsTitles: Bool = true
  ) -> String {
    var table = TextTable([
      ("ID", .right), ("EVENT", .left), ("TYPE", .left), ("DESTINATION", .left), ("STATE", .left),
      ("ATTEMPTS", .right), ("AGE", .right), ("LAST ANSWER", .left),
    ])
    for delivery in deliveries {
      typealias Cell = TextTable.Cell
      table.add([
        Cell(String(delivery.id)), Cell(delivery.eventId), Cell(delivery.type), Cell(delivery.destination),
        Cell(delivery.stateText, delivery.ink), Cell(delivery.attempts.grouped),
        Cell(delivery.receivedAt.duration(to: now).ageText), Cell(delivery.lastAttempt?.outcome ?? "-"),
      ])
    }
    return table.lines(pen).dropFirst(showsTitles ? 0 : 1).joined(separator: "\n")
  }
}

extension DeliveryAnswer {
  /// With why: `dead: permanent`, `pending: retry`.
  fileprivate var stateText: String { (reason ?? waiting?.reason).map { "\(state): \($0)" } ?? state }

  var ink: Ink {
    switch DeliveryFilter.State(rawValue: state) {
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
