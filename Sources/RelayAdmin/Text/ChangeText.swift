import RelayCore
import RelayText

/// What the commands that change something say they did.
package enum ChangeText {
  /// - Parameter asked: How many deliveries were named; nil: not one by one.
  package static func retried(_ answer: ChangedAnswer, asked: Int?) -> String {
    let done = asked == 1 || answer.changed == 1 ? "is pending again" : "are pending again"
    guard answer.changed > 0 || asked != nil || answer.erased != nil else {
      return "0 deliveries \(done): none that is meant is in that state; \(seeThem)"
    }
    // Those that were erased are told of apart.
    let isShort = isShort(answer, asked.map { $0 - (answer.erased ?? 0) })
    let rest =
      isShort
      ? "; only dead and discarded ones can be retried, as far as max_backlog has room for the latter" : ""
    return "\(count(answer, asked)) \(done)\(rest)\(erased(answer.erased))"
  }

  /// The same where the dead ones of a filter were meant: of none it says which others there may be.
  package static func retriedDead(_ answer: ChangedAnswer, asked: Int?) -> String {
    guard answer.changed > 0 || asked != nil || answer.erased != nil else {
      return "0 deliveries are pending again (discarded and overflowed ones: with --state)"
    }
    return retried(answer, asked: asked)
  }

  /// - Parameter asked: How many deliveries were named; nil: not one by one.
  package static func discarded(_ answer: ChangedAnswer, asked: Int?) -> String {
    guard answer.changed > 0 || asked != nil else {
      return
        "0 deliveries discarded: none that is meant is dead, or pending where --state says so; \(seeThem)"
    }
    let rest =
      isShort(answer, asked) ? "; what is in flight, delivered or discarded already stays as it is" : ""
    return "\(count(answer, asked)) discarded\(rest)"
  }

  private static let seeThem = "`deliveries` and `event` show how they stand"

  private static func erased(_ count: Int?) -> String {
    guard let count else { return "" }
    return
      "; \(count.counted("delivery", "deliveries")) can't be: what the \(count == 1 ? "event" : "events") said was erased "
      + "(a person's right), "
      + "and nothing is left to send"
  }

  /// `12 deliveries would be discarded: 2 pending of bi, 10 dead of crm`.
  package static func wouldBe(_ done: String, _ answer: DryRunAnswer) -> String {
    let parts = answer.counts.map { "\($0.count.grouped) \($0.state) of \($0.destination)" }
    let list = parts.isEmpty ? "" : ": \(parts.joined(separator: ", "))"
    return "\(answer.count.counted("delivery", "deliveries")) would be \(done)\(list)\(erased(answer.erased))"
      .forTerminal(maxCharacters: 2_000)
  }

  /// A person is asked before more than so many are changed.
  package static let mostUnasked = 100

  /// What is asked first; nil: they are few.
  package static func question(_ verb: String, _ answer: DryRunAnswer) -> String? {
    guard answer.count > mostUnasked else { return nil }
    let parts = answer.counts.map { "\($0.count.grouped) \($0.state) of \($0.destination)" }
    return
      "\(verb) \(answer.count.counted("delivery", "deliveries")) (\(parts.joined(separator: ", ")))? [y/N] "
      .forTerminal(maxCharacters: 2_000)
  }

  /// Whether a person has agreed.
  package static func isYes(_ answer: String?) -> Bool {
    let answer = answer?.lowercased().filter { !$0.isWhitespace }
    return answer == "y" || answer == "yes"
  }

  private static func count(_ answer: ChangedAnswer, _ asked: Int?) -> String {
    guard isShort(answer, asked), let asked else { return answer.changed.counted("delivery", "deliveries") }
    return "\(answer.changed.grouped) of \(asked.counted("delivery", "deliveries"))"
  }

  private static func isShort(_ answer: ChangedAnswer, _ asked: Int?) -> Bool {
    asked.map { answer.changed < $0 } ?? false
  }

  package static func paused(_ answer: PauseAnswer) -> String {
    let end = answer.pausedUntil.map { "until \($0)" } ?? "until somebody resumes it"
    return "\(answer.name) is paused \(end); its deliveries go on queueing"
  }

  package static func resumed(_ answer: ResumeAnswer) -> String {
    var lifted = answer.wasPaused ? ["its pause"] : []
    if let held = answer.liftedHoldUntil {
      lifted.append("what it asked for with Retry-After (to be left alone until \(held))")
    }
    if lifted.isEmpty {
      return "\(answer.name) was neither paused nor held; it begins anew, with fresh connections"
    }
    return "\(answer.name) is resumed: lifted \(lifted.joined(separator: " and "))"
  }

  package static func reloaded(_ answer: ReloadAnswer) -> String {
    var lines = [
      answer.unchanged
        ? "configuration \(answer.hash) was active already: nothing changed"
        : "configuration \(answer.hash) is active"
    ]
    lines += answer.changes.summary.map { "  \($0)".forTerminal(maxCharacters: 1_000) }
    if !answer.needsRestart.isEmpty {
      lines.append("only a restart brings: \(answer.needsRestart.joined(separator: ", "))")
    }
    if !answer.environment.isEmpty {
      let names = answer.environment.joined(separator: ", ")
      lines.append(
        "variables are as they were when the relay started, and only a restart sees others: \(names)"
          .forTerminal(maxCharacters: 1_000))
    }
    return lines.joined(separator: "\n")
  }
}
