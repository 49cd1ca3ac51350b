import RelayCore

/// What the commands that change something say they did.
public enum ChangeText {
  /// - Parameter asked: How many ids were given; nil: a filter was.
  public static func retried(_ answer: ChangedAnswer, asked: Int?) -> String {
    let done = answer.changed == 1 ? "is pending again" : "are pending again"
    return "\(count(answer, asked)) \(done)\(isShort(answer, asked) ? "; only dead ones can be retried" : "")"
  }

  /// - Parameter asked: How many ids were given; nil: a filter was.
  public static func discarded(_ answer: ChangedAnswer, asked: Int?) -> String {
    let rest =
      isShort(answer, asked) ? "; what is in flight, delivered or discarded already stays as it is" : ""
    return "\(count(answer, asked)) discarded\(rest)"
  }

  private static func count(_ answer: ChangedAnswer, _ asked: Int?) -> String {
    guard isShort(answer, asked), let asked else { return answer.changed.counted("delivery", "deliveries") }
    return "\(answer.changed.grouped) of \(asked.counted("delivery", "deliveries"))"
  }

  private static func isShort(_ answer: ChangedAnswer, _ asked: Int?) -> Bool {
    asked.map { answer.changed < $0 } ?? false
  }

  public static func paused(_ answer: PauseAnswer) -> String {
    let end = answer.pausedUntil.map { "until \($0)" } ?? "until somebody resumes it"
    return "\(answer.name) is paused \(end); its deliveries go on queueing"
  }

  public static func resumed(_ answer: ResumeAnswer) -> String {
    var lifted = answer.wasPaused ? ["its pause"] : []
    if let held = answer.liftedHoldUntil {
      lifted.append("what it asked for with Retry-After (to be left alone until \(held))")
    }
    if lifted.isEmpty {
      return "\(answer.name) was neither paused nor held; it begins anew, with fresh connections"
    }
    return "\(answer.name) is resumed: lifted \(lifted.joined(separator: " and "))"
  }

  public static func reloaded(_ answer: ReloadAnswer) -> String {
    var lines = [
      answer.unchanged
        ? "configuration \(answer.hash) was active already: nothing changed"
        : "configuration \(answer.hash) is active"
    ]
    if !answer.needsRestart.isEmpty {
      lines.append("only a restart brings: \(answer.needsRestart.joined(separator: ", "))")
    }
    return lines.joined(separator: "\n")
  }
}
