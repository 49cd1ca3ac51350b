import RelayCore
import RelayPipeline
import RelayText

/// What `huggy-relay status` shows.
package enum StatusText {
  /// - Returns: Lines, without a line end at the end.
  package static func render(_ status: StatusAnswer, now: Timestamp, pen: Pen) -> String {
    var lines = head(status, now: now, pen: pen)
    lines += [""] + destinations(status.destinations, now: now, pen: pen)
    lines += NodesText.lines(status.nodes, now: now, pen: pen)
    lines += SourcesText.notes(status.sources, now: now, pen: pen)
    lines += SourcesText.silences(status.sources, now: now, pen: pen)
    lines += receivers(status.notify, now: now, pen: pen)
    let failures = status.destinations.flatMap { FailuresText.lines($0, pen: pen) }
    if !failures.isEmpty { lines += [""] + failures }
    if !status.routes.isEmpty {
      let since = "Since the relay started, \(status.uptimeSeconds.ageText) ago:"
      lines += ["", pen(since, .faint)] + routes(status.routes, pen: pen)
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
    if let files = status.attachments {
      let pending = files.pending > 0 ? ", \(files.pending.grouped) to be fetched" : ""
      lines.append("attachments \(files.bytes.bytesText)\(pending), \(files.fetched.grouped) fetched")
      if files.lost > 0 {
        let last = files.lastLoss.map { ", the last one \($0)" } ?? ""
        let text = "\(files.lost.counted("attachment was", "attachments were")) not fetched\(last)"
        lines.append(pen(text.forTerminal(maxCharacters: 400), .warning))
      }
      if let problem = files.problem {
        lines.append(
          pen("no attachments are fetched or kept: \(problem)".forTerminal(maxCharacters: 400), .bad))
      }
    }
    if let refusal = store.refusal {
      lines.append(pen("no envelopes are taken: \(refusal)".forTerminal(), .bad))
    }
    if let held = store.attemptsHeld {
      let since = held.since.map { "; nothing was confirmed for \($0.duration(to: now).ageText)" } ?? ""
      lines.append(pen("no attempts start: \(held.reason)\(since)".forTerminal(maxCharacters: 400), .bad))
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
      let when = status.config.lastReloadAt.map { ", \($0.text(at: now))," } ?? ""
      lines.append(pen("the last reload\(when) failed, and changed nothing:", .bad))
      lines += status.config.reloadErrors.map { pen("  \($0.forTerminal())", .bad) }
    }
    return lines
  }

  private static func destinations(
    _ destinations: [DestinationAnswer], now: Timestamp, pen: Pen
  ) -> [String] {
    typealias Column = TextTable<DestinationAnswer>.Column
    // Columns that are zero nearly always would only be in the way.
    let discarded: [Column] = [
      Column("DISCARDED", .right) { $0.discarded.grouped },
      Column("OVERFLOWED", .right) { TextCell($0.overflowed.grouped, $0.overflowed > 0 ? .bad : .plain) },
    ]
    let replaying = Column("REPLAYING", .right) { $0.replaying.grouped }
    let showsReplaying = destinations.contains { $0.replaying > 0 }
    // Of those that take several events in one request.
    let carried = Column("A REQUEST", .right) { destination in
      destination.batch.map { "\(destination.eventsPerRequest?.amountText ?? "-") of \($0.maxEvents)" } ?? "-"
    }
    let showsCarried = destinations.contains { $0.batch != nil }
    let showsDiscarded = destinations.contains { $0.discarded + $0.overflowed > 0 }
    let table = TextTable(
      [
        Column("DESTINATION") { $0.name },
        Column("PENDING", .right) { $0.pending.grouped },
      ] + (showsReplaying ? [replaying] : []) + [
        Column("IN FLIGHT", .right) { $0.inFlight.grouped },
        Column("DEAD", .right) { TextCell($0.dead.grouped, $0.dead > 0 ? .bad : .plain) },
        Column("DELIVERED", .right) { $0.delivered.grouped },
      ] + (showsDiscarded ? discarded : []) + (showsCarried ? [carried] : []) + [
        Column("OLDEST", .right) { $0.oldestPendingSeconds?.ageText ?? "-" },
        Column("DRAIN", .right) { $0.drainSeconds?.ageText ?? "-" },
        Column("STATE") { destination in
          let (state, ink) = destination.stateText(now: now)
          return TextCell(state, ink)
        },
      ])
    let lines =
      table.lines(destinations, pen)
      + destinations.compactMap { destination in
        destination.waitingText.map { pen($0.forTerminal(), .faint) }
      }
    guard destinations.contains(where: { ($0.drainSeconds ?? 0) >= 1 }) else { return lines }
    return lines + [pen("DRAIN: at the pace of the last half minute, if nothing new comes", .faint)]
  }

  /// Those that take nothing; nothing, where there are none.
  private static func receivers(_ receivers: [StatusAnswer.Receiver], now: Timestamp, pen: Pen) -> [String] {
    let failing = receivers.filter { $0.failingSince != nil }
    return (failing.isEmpty ? [] : [""])
      + failing.map { receiver in
        let time = receiver.failingSince.map { " for \($0.duration(to: now).ageText)" } ?? ""
        let why = receiver.lastFailure.map { ": \($0)" } ?? ""
        let waiting =
          receiver.waiting == 0
          ? "" : "; \(receiver.waiting.counted("notice waits", "notices wait"))"
        let text =
          "notify: \(receiver.name) has taken nothing\(time)\(why)\(waiting). "
          + "See `huggy-relay notify test \(receiver.name)`"
        return pen(text.forTerminal(maxCharacters: 500), .bad)
      }
  }

  private static func routes(_ routes: [StatusAnswer.Route], pen: Pen) -> [String] {
    TextTable<StatusAnswer.Route>([
      .init("ROUTE") { $0.name },
      .init("MATCHED", .right) { $0.matched.grouped },
      .init("DROPPED", .right) { $0.dropped.grouped },
    ]).lines(routes, pen)
  }
}

extension DestinationAnswer {
  /// What its pending deliveries wait for; nil: for nothing but their turn.
  fileprivate var waitingText: String? {
    // An orphan's wait for nothing but a person.
    guard !orphaned, let waiting, waiting.later + waiting.order > 0 || (waiting.due > 0 && heldBy != nil)
    else { return nil }
    let hold =
      switch heldBy.flatMap(DestinationStatus.Hold.init) {
      case .paused: "held by the pause"
      case .circuit: "held by the open circuit"
      case .retryAfter: "held by Retry-After"
      case .rate: "held by `rate`"
      case nil: "in their turn"
      }
    let parts = [
      (waiting.due, "due, \(hold)"), (waiting.later, "to be tried again later"),
      (waiting.order, "behind an earlier one of their order key"),
    ]
    let told = parts.filter { $0.0 > 0 }.map { "\($0.0.grouped) \($0.1)" }.joined(separator: "; ")
    return "\(name): of \(pending.grouped) pending: \(told)"
  }

  /// What most needs to be known of it.
  fileprivate func stateText(now: Timestamp) -> (String, Ink) {
    let (text, ink) = troubleText(now: now)
    guard late else { return (text, ink) }
    let lateText = "late: due for \(oldestDueSeconds?.ageText ?? "too long")"
    return ink == .good ? (lateText, .bad) : ("\(text); \(lateText)", .bad)
  }

  private func troubleText(now: Timestamp) -> (String, Ink) {
    // How it fares, that relay knows.
    if let servedBy { return ("served by \(servedBy)", .plain) }
    if orphaned { return ("orphaned: no longer configured", .warning) }
    if paused {
      let since = pausedSince.map { " for \($0.duration(to: now).ageText)" } ?? ""
      if let pausedAt { return ("paused\(since) by \(pausedAt)", .warning) }
      return (
        "paused\(since)"
          + (pausedUntil.map { "\(since.isEmpty ? "" : ",") until \($0.text(at: now))" } ?? ""), .warning
      )
    }
    let reason = lastFailure.map { ": \($0)" } ?? ""
    if circuit == "open" {
      let since = circuitOpenSince.map { " for \($0.duration(to: now).ageText)" } ?? ""
      let held = heldUntil.map { "; held by Retry-After until \($0.text(at: now))" } ?? ""
      return ("failing\(since)\(reason)\(held)\(headText)", .bad)
    }
    if let heldUntil { return ("held by Retry-After until \(heldUntil.text(at: now))", .warning) }
    if let failingSince {
      let times = failuresInRow == 1 ? "" : ", \(failuresInRow.counted("time", "times")) in a row"
      let since = " for \(failingSince.duration(to: now).ageText)"
      return ("failing\(since)\(reason)\(times)\(headText)\(refusedText.map { "; \($0)" } ?? "")", .bad)
    }
    if circuit == "recovering" {
      let since = recoveringSince.map { " for \($0.duration(to: now).ageText)" } ?? ""
      return ("recovering\(since)\(reason)\(refusedText.map { "; \($0)" } ?? "")", .warning)
    }
    if let refusedText { return ("\(refusedText)\(reason)", .warning) }
    if let oldestRetryingSeconds {
      let cause = attempts.first { $0.failed > 0 }?.causes.first.map { " (\($0.cause))" } ?? ""
      return ("retrying: the oldest is \(oldestRetryingSeconds.ageText) old\(cause)", .warning)
    }
    if let lately = attempts.first, let share = lately.failureRate, share >= 0.05 {
      let cause = lately.causes.first.map { ", most by \($0.cause)" } ?? ""
      return (
        "failing in part: \(share.percentText) of the attempts in \(lately.seconds.spanText)\(cause)",
        .warning
      )
    }
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
