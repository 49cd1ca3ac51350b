import RelayCore
import RelayText

/// What `huggy-relay replay` and `replays` show.
package enum ReplayText {
  /// `1,200 deliveries would be sent: 1,000 to bi, 200 to crm; 30 of 1,230 events go nowhere`.
  package static func wouldBe(_ answer: ReplayCountAnswer) -> String {
    "\(count(answer)) would be sent\(parts(answer))\(skipped(answer))".forTerminal(maxCharacters: 2_000)
  }

  /// What is asked first; nil: they are few.
  package static func question(_ answer: ReplayCountAnswer) -> String? {
    guard answer.count > ChangeText.mostUnasked || !answer.complete else { return nil }
    return "send \(count(answer))\(parts(answer))\(skipped(answer))? [y/N] ".forTerminal(maxCharacters: 2_000)
  }

  private static func count(_ answer: ReplayCountAnswer) -> String {
    (answer.complete ? "" : "at least ") + answer.count.counted("delivery", "deliveries")
  }

  private static func parts(_ answer: ReplayCountAnswer) -> String {
    let parts = answer.counts.map { "\($0.count.grouped) to \($0.destination)" }
    return parts.isEmpty ? "" : ": \(parts.joined(separator: ", "))"
  }

  private static func skipped(_ answer: ReplayCountAnswer) -> String {
    guard answer.events > 0 || !answer.complete else {
      return ": no event matches; `events` takes the same conditions"
    }
    guard answer.skipped > 0 else { return "" }
    let others = answer.skipped - answer.withoutBody
    let isMixed = others > 0 && answer.withoutBody > 0
    func reason(_ count: Int, _ one: String, _ many: String) -> String? {
      guard count > 0 else { return nil }
      return isMixed ? count.counted(one, many) : count == 1 ? "it \(one)" : "they \(many)"
    }
    let reasons = [
      reason(
        others, "has a delivery there already (--again sends it too), or no route sends it",
        "have a delivery there already (--again sends them too), or no route sends them"),
      reason(
        answer.withoutBody, "has no body any more: erased, or gone after unrouted_retention",
        "have no body any more: erased, or gone after unrouted_retention"),
    ].compactMap(\.self)
    return "; \(answer.skipped.grouped) of \(answer.events.counted("event", "events")) would not be sent"
      + " (\(reasons.joined(separator: "; ")))"
  }

  package static func begun(_ answer: ReplayBegunAnswer) -> String {
    if answer.count == 0 {
      return "replay \(answer.replay) sends nothing; with --dry-run it says why"
    }
    let count = answer.count.map { ": \($0.counted("delivery", "deliveries"))" } ?? ""
    return
      "replay \(answer.replay) has begun\(count); `huggy-relay replays \(answer.replay)` shows how far it is"
  }

  /// What has come of one that is over.
  package static func end(_ answer: ReplayAnswer) -> String {
    var parts = ["\(answer.delivered.grouped) delivered"]
    if answer.dead > 0 {
      parts.append(
        "\(answer.dead.grouped) dead (huggy-relay deliveries --state dead has them with all others)")
    }
    if answer.discarded > 0 { parts.append("\(answer.discarded.grouped) discarded") }
    return "replay \(answer.id) \(answer.state): " + parts.joined(separator: ", ")
  }

  /// A line that is written over again and again.
  ///
  /// - Parameter pace: Deliveries settled in a second, lately; nil: unknown.
  package static func progress(_ answer: ReplayAnswer, pace: Double?) -> String {
    let settled = answer.delivered + answer.dead + answer.discarded
    let all = max(answer.expected ?? answer.queued, answer.queued)
    let share = all == 0 ? 1 : Double(settled) / Double(all)
    let filled = Int(share * 20)
    let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: 20 - filled)
    var line = "replay \(answer.id) [\(bar)] \(settled.grouped) of \(all.grouped)"
    if let pace { line += ", \(Int(pace).grouped)/s" }
    if answer.dead > 0 { line += ", \(answer.dead.grouped) dead" }
    if !answer.waitsFor.isEmpty { line += ", waits for \(answer.waitsFor.joined(separator: ", "))" }
    return line.forTerminal(maxCharacters: 200)
  }

  /// - Parameter showsTitles: Not on the pages that follow the first.
  package static func table(_ replays: [ReplayAnswer], now: Timestamp, pen: Pen, showsTitles: Bool) -> String
  {
    let table = TextTable<ReplayAnswer>([
      .init("ID", .right) { String($0.id) },
      .init("STATE") { TextCell($0.state, $0.ink) },
      .init("AGE", .right) { $0.startedAt.duration(to: now).ageText },
      .init("TO") { $0.target },
      .init("QUEUED", .right) { $0.queued.grouped },
      .init("PENDING", .right) { $0.pending.grouped },
      .init("DELIVERED", .right) { $0.delivered.grouped },
      .init("DEAD", .right) { $0.dead.grouped },
      .init("WHO") { $0.who ?? "-" },
      .init("EVENTS") { $0.events },
    ])
    return table.lines(replays, pen).dropFirst(showsTitles ? 0 : 1).joined(separator: "\n")
  }

  package static func one(_ answer: ReplayAnswer, now: Timestamp, pen: Pen) -> String {
    var lines = ["replay \(answer.id)  \(pen(answer.state, answer.ink))"]
    func line(_ name: String, _ text: String?) {
      guard let text, !text.isEmpty else { return }
      lines.append("  \(name.padded(to: 10))\(text)".forTerminal(maxCharacters: 1_000))
    }
    line("failure", answer.failure)
    line("which", answer.events)
    line("to", answer.target + (answer.choice == "new" ? "" : " (\(answer.choice))"))
    line("rate", answer.ratePerSecond.map { "at most \($0)/s" })
    line("began", "\(answer.startedAt)" + (answer.who.map { " by \($0)" } ?? ""))
    line("reason", answer.reason)
    let wasEnded = answer.state == "cancelled" || answer.state == "failed"
    line(wasEnded ? "ended" : "queued", answer.endedAt.map { wasEnded ? "\($0)" : "until \($0)" })
    line(
      "events",
      "\(answer.matched.counted("event", "events"))\(answer.endedAt == nil ? " so far" : ""), "
        + "\(answer.skipped.grouped) without a new delivery")
    line(
      "sent",
      "\(answer.queued.grouped) queued" + (answer.expected.map { " of \($0.grouped)" } ?? "")
        + ": \(answer.delivered.grouped) delivered, \(answer.pending.grouped) pending, \(answer.dead.grouped) dead, "
        + "\(answer.discarded.grouped) discarded")
    if !answer.waitsFor.isEmpty {
      line(
        "waits", "until some of what it has queued for \(answer.waitsFor.joined(separator: ", ")) is settled")
    }
    return lines.joined(separator: "\n")
  }
}

extension ReplayAnswer {
  fileprivate var target: String { to.isEmpty ? "as routed" : to.joined(separator: ", ") }

  fileprivate var ink: Ink {
    switch Replay.State(rawValue: state) {
    case .done: .good
    case .failed: .bad
    case .cancelled: .faint
    case .running, nil: .warning
    }
  }

  /// Nothing more comes of it.
  package var isOver: Bool { state != Replay.State.running.rawValue }
}

extension String {
  fileprivate func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(1, width - count))
  }
}
