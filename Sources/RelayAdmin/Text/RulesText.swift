import RelayCore
import RelayText

/// What `explain` says.
package enum ExplainText {
  package static func render(_ answer: ExplainAnswer, note: String = "") -> String {
    var lines = ["source: \(answer.source.forTerminal())\(note)"]
    if answer.tokenValid == false { lines.append("its token is not the source's: serve would answer 401") }
    if answer.handshake == true {
      if answer.tokenValid == true {
        lines.append("the handshake: serve would answer 200, with the token as text")
      }
      return lines.joined(separator: "\n")
    }
    for (number, event) in answer.events.enumerated() {
      lines += ["", "event \(number + 1): \(event.type.forTerminal())"] + verdicts(event)
    }
    if !answer.batches.isEmpty { lines.append("") }
    for batched in answer.batches {
      lines.append("\(batched.destination): \(batched.batch.words)".forTerminal())
    }
    for item in answer.rejected {
      lines += ["", "rejected: \(item.event.forTerminal())[\(item.index)] is not an object"]
    }
    if let stored = answer.stored { lines += stored.lines(beside: answer) }
    return lines.joined(separator: "\n")
  }

  private static func verdicts(_ event: ExplainAnswer.Event) -> [String] {
    let (company, channel, chat) = (event.company, event.channel, event.chat)
    let width = event.routes.map(\.name.count).max() ?? 0
    return [
      "  company \(company?.forTerminal() ?? "-"), channel \(channel?.forTerminal() ?? "-"), "
        + "chat \(chat?.forTerminal() ?? "-")"
    ]
      + event.routes.map { route in
        let name = route.name + String(repeating: " ", count: width - route.name.count)
        return "  \(route.matched ? "✓" : "·") \(name)  \(route.words.forTerminal(maxCharacters: 1_000))"
      } + ["  → \(event.summary.forTerminal(maxCharacters: 1_000))"]
  }
}

extension ExplainAnswer.Stored {
  /// Where it went when it came, where that is not the same.
  fileprivate func lines(beside answer: ExplainAnswer) -> [String] {
    let now = answer.events.first?.destinations ?? []
    guard Set(now) != Set(destinations) else { return ["  as when it came, at \(receivedAt)"] }
    let went =
      destinations.isEmpty
      ? (dropped ? "it was dropped" : "it went nowhere")
      : "it went to \(destinations.joined(separator: ", "))"
    let by = routes.isEmpty ? "" : " by \(routes.joined(separator: ", "))"
    return [
      "  not as when it came, at \(receivedAt): \(went)\(by) (configuration \(configHash))".forTerminal(
        maxCharacters: 1_000)
    ]
  }
}

/// What `config diff` says.
package enum ConfigDifferenceText {
  package static func render(_ answer: ConfigDifferenceAnswer, pen: Pen) -> String {
    var lines = answer.differences.map { line($0, pen) }
    if lines.isEmpty { lines.append("a reload would change nothing") }
    if !answer.notCompared.isEmpty {
      lines.append(
        "not compared, since references are not replaced here: \(answer.notCompared.joined(separator: ", "))"
          .forTerminal(maxCharacters: 4_000))
    }
    if !answer.needsRestart.isEmpty {
      lines.append(pen("needs a restart: \(answer.needsRestart.joined(separator: ", "))", .warning))
    }
    return lines.joined(separator: "\n")
  }

  private static func line(_ difference: ConfigDifferenceAnswer.Difference, _ pen: Pen) -> String {
    let restart = difference.needsRestart ? " (after a restart)" : ""
    let (old, new) = (shown(difference.old), shown(difference.new))
    let key = difference.key.forTerminal()
    switch difference.change {
    case "added": return pen("+ \(key): \(new)\(restart)", .good)
    case "removed": return pen("- \(key): \(old)\(restart)", .bad)
    case "reordered": return "~ \(key): in another order: \(new)"
    // The same, and yet changed: what differs is masked.
    case _ where old == new: return "~ \(key): changed (a secret)\(restart)"
    default: return "~ \(key): \(old) → \(new)\(restart)"
    }
  }

  private static func shown(_ value: String?) -> String {
    (value ?? "nothing").forTerminal(maxCharacters: 400)
  }
}

/// What `backtest` says.
package enum BacktestText {
  package static func render(_ answer: BacktestAnswer, pen: Pen) -> String {
    var lines = [
      "\(answer.events.counted("event", "events")) looked at: "
        + answer.unchanged.counted("would go where it goes now", "would go where they go now")
    ]
    for (count, one, many) in [
      (
        answer.newlyDropped, "would be dropped, and goes somewhere now",
        "would be dropped, and go somewhere now"
      ),
      (
        answer.newlyUnrouted, "would meet no route, and goes somewhere now",
        "would meet no route, and go somewhere now"
      ),
      (
        answer.newlyRouted, "would go somewhere, and goes nowhere now",
        "would go somewhere, and go nowhere now"
      ),
      (
        answer.otherwiseRouted,
        "was routed otherwise than the running rules would: the rules have changed since",
        "were routed otherwise than the running rules would: the rules have changed since"
      ),
      (
        answer.withoutBody, "has no body any more: nothing can be said of it",
        "have no body any more: nothing can be said of them"
      ),
    ] where count > 0 {
      lines.append(count.counted(one, many))
    }
    lines += [""] + table(pen).lines(answer.destinations, pen)
    for kind in ["lost", "gained"] {
      let examples = answer.examples.filter { $0.change == kind }
      for name in answer.destinations.map(\.name) {
        let own = examples.filter { $0.destination == name }
        if own.isEmpty { continue }
        lines += ["", "\(name.forTerminal()) \(kind == "lost" ? "would lose" : "would gain"), for example:"]
        for example in own { lines += text(example) }
      }
    }
    return lines.joined(separator: "\n")
  }

  private static func text(_ example: BacktestAnswer.Example) -> [String] {
    let company = example.company.map { ", company \($0.forTerminal())" } ?? ""
    return [
      "  \(example.event)  \(example.type.forTerminal())\(company), \(example.receivedAt)",
      "    \(example.route.forTerminal()): \(example.because.forTerminal(maxCharacters: 1_000))",
    ]
  }

  private static func table(_ pen: Pen) -> TextTable<BacktestAnswer.Destination> {
    TextTable([
      .init("DESTINATION") { $0.name }, .init("WAS SENT", .right) { $0.sent.grouped },
      .init("NOW", .right) { $0.running.grouped }, .init("NEW", .right) { $0.new.grouped },
      .init("GAINED", .right) { TextCell($0.gained.grouped, $0.gained > 0 ? .good : .plain) },
      .init("LOST", .right) { TextCell($0.lost.grouped, $0.lost > 0 ? .bad : .plain) },
    ])
  }
}
