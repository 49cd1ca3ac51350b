import RelayCore
import RelayText

/// What `huggy-relay status` shows.
package enum StatusText {
  /// - Returns: Lines, without a line end at the end.
  package static func render(_ status: StatusAnswer, now: Timestamp, pen: Pen) -> String {
    var lines = head(status, now: now, pen: pen)
    lines += [""] + destinations(status.destinations, now: now).lines(pen)
    if !status.routes.isEmpty {
      let since = "Since the relay started, \(status.uptimeSeconds.ageText) ago:"
      lines += ["", pen(since, .faint)] + routes(status.routes).lines(pen)
    }
    return lines.joined(separator: "\n")
  }

  private static func head(_ status: StatusAnswer, now: Timestamp, pen: Pen) -> [String] {
    let store = status.store
    let share =
      store.limitBytes > 0
      ? " (\(Int((Double(store.bytes) / Double(store.limitBytes) * 100).rounded()))%)" : ""
    var lines = [
      "huggy-relay \(status.version), up \(status.uptimeSeconds.ageText)",
      "configuration \(status.config.hash), loaded \(status.config.loadedAt.text(at: now))",
      "store \(store.kind), \(store.bytes.bytesText) of \(store.limitBytes.bytesText)\(share)",
    ].map { $0.forTerminal() }
    if let refusal = store.refusal {
      lines.append(pen("no envelopes are taken: \(refusal)".forTerminal(), .bad))
    }
    if let offset = status.clockOffsetSeconds, abs(offset) > ClockComparison.tolerance.inSeconds {
      let side = offset > 0 ? "ahead of" : "behind"
      lines.append(
        pen(
          "this machine's clock is \(abs(offset).ageText) \(side) its destinations': set it; signed requests may be refused",
          .bad))
    }
    if let unread = store.unreadSeconds {
      lines.append(
        pen("the store can't be read: what is stored is shown as it was \(unread.ageText) ago", .bad))
    }
    if let reader = store.reader {
      let size = store.logBytes.map { ", \($0.bytesText) by now" } ?? ""
      let text =
        "\(reader.name) has read the store for \(reader.seconds.ageText): its log grows meanwhile\(size)"
      lines.append(pen(text.forTerminal(), .warning))
    }
    if !status.config.reloadErrors.isEmpty {
      lines.append(pen("the last reload failed, and changed nothing:", .bad))
      lines += status.config.reloadErrors.map { pen("  \($0.forTerminal())", .bad) }
    }
    return lines
  }

  private static func destinations(_ destinations: [DestinationAnswer], now: Timestamp) -> TextTable {
    // Columns that are zero nearly always would only be in the way.
    let showsDiscarded = destinations.contains { $0.discarded + $0.overflowed > 0 }
    var table = TextTable(
      [
        ("DESTINATION", .left), ("PENDING", .right), ("IN FLIGHT", .right), ("DEAD", .right),
        ("DELIVERED", .right),
      ] + (showsDiscarded ? [("DISCARDED", .right), ("OVERFLOWED", .right)] : [])
        + [("OLDEST", .right), ("DRAIN", .right), ("STATE", .left)])
    for destination in destinations {
      typealias Cell = TextTable.Cell
      let (state, ink) = destination.stateText(now: now)
      table.add(
        [
          Cell(destination.name), Cell(destination.pending.grouped), Cell(destination.inFlight.grouped),
          Cell(destination.dead.grouped, destination.dead > 0 ? .bad : .plain),
          Cell(destination.delivered.grouped),
        ]
          + (showsDiscarded
            ? [
              Cell(destination.discarded.grouped),
              Cell(destination.overflowed.grouped, destination.overflowed > 0 ? .bad : .plain),
            ] : [])
          + [
            Cell(destination.oldestPendingSeconds?.ageText ?? "-"),
            Cell(destination.drainSeconds?.ageText ?? "-"), Cell(state, ink),
          ])
    }
    return table
  }

  private static func routes(_ routes: [StatusAnswer.Route]) -> TextTable {
    var table = TextTable([("ROUTE", .left), ("MATCHED", .right), ("DROPPED", .right)])
    for route in routes {
      table.add([route.name, route.matched.grouped, route.dropped.grouped].map { TextTable.Cell($0) })
    }
    return table
  }
}

extension DestinationAnswer {
  /// What most needs to be known of it.
  fileprivate func stateText(now: Timestamp) -> (String, Ink) {
    if orphaned { return ("orphaned: no longer configured", .warning) }
    if paused {
      if let pausedAt { return ("paused by \(pausedAt)", .warning) }
      return (pausedUntil.map { "paused until \($0.text(at: now))" } ?? "paused", .warning)
    }
    let reason = lastFailure.map { ": \($0)" } ?? ""
    if circuit == "open" {
      let since = circuitOpenSince.map { " for \($0.duration(to: now).ageText)" } ?? ""
      let held = heldUntil.map { "; held by Retry-After until \($0.text(at: now))" } ?? ""
      return ("failing\(since)\(reason)\(held)\(headText)", .bad)
    }
    if let heldUntil { return ("held by Retry-After until \(heldUntil.text(at: now))", .warning) }
    if let failingSince {
      let times = failuresInRow == 1 ? "" : ", \(failuresInRow.grouped) times in a row"
      let since = " for \(failingSince.duration(to: now).ageText)"
      return ("failing\(since)\(reason)\(times)\(headText)\(refusedText.map { "; \($0)" } ?? "")", .bad)
    }
    if circuit == "recovering" {
      return ("recovering\(reason)\(refusedText.map { "; \($0)" } ?? "")", .warning)
    }
    if let refusedText { return ("\(refusedText)\(reason)", .warning) }
    return circuit == "closed" ? ("ok", .good) : (circuit, .plain)
  }

  private var headText: String {
    stuckHead.map { "; stuck on delivery \($0.deliveryId) (\($0.eventId))" } ?? ""
  }

  private var refusedText: String? {
    guard let first = refusedKinds.first else { return nil }
    let parts = [first.type, first.company.map { "company \($0)" }, first.channel].compactMap(\.self)
    let more =
      refusedKindCount > 1 ? " and \((refusedKindCount - 1).counted("other kind", "other kinds"))" : ""
    return "refuses \(parts.joined(separator: ", "))\(more)"
  }
}
