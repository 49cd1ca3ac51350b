import RelayCore
import RelayText

/// What `huggy-relay erase` says.
package enum ErasureText {
  private static let backups = "copies of the store that were made before (backups) are not touched"

  private static let nothing =
    "no event matches, or all that do were erased before; `events` shows what there is"

  package static func wouldBe(_ count: ErasureAnswer) -> String {
    guard count.matched > 0 else { return "nothing would be erased: \(nothing)" }
    return
      "\(count.matched.counted("event", "events")) would be erased, \(deliveries(count)) cancelled"
  }

  /// What is asked first.
  package static func question(_ count: ErasureAnswer) -> String {
    "erase what \(count.matched.counted("event says", "events say")), and cancel \(deliveries(count))? "
      + "It can't be brought back; \(backups). [y/N] "
  }

  package static func progress(_ answer: ErasureAnswer) -> String {
    let reached = answer.reached.map { ", looked through up to \($0)" } ?? ""
    let waits = answer.inFlight > 0 ? ", waiting for \(answer.inFlight.grouped) in flight" : ""
    let done = answer.dryRun ? "" : ", \(answer.erased.grouped) erased"
    return "\(answer.matched.counted("event matches", "events match"))\(done)\(reached)\(waits)"
  }

  package static func done(_ answer: ErasureAnswer) -> String {
    guard answer.matched > 0 || answer.refusedRequests + answer.amended > 0 || answer.problem != nil else {
      return "nothing was erased: \(nothing)"
    }
    var lines = [
      "\(answer.erased.counted("event", "events")) erased, \(deliveries(answer)) cancelled; \(backups)"
    ]
    if answer.attachments > 0 {
      lines.append("\(answer.attachments.counted("attachment", "attachments")) removed")
    }
    if answer.refusedRequests > 0 {
      lines.append("\(answer.refusedRequests.counted("refused request", "refused requests")) forgotten")
    }
    if answer.amended > 0 {
      let entries = answer.amended.counted("entry of the audit or replay", "entries of the audit and replays")
      lines.append("\(entries) that named what was erased: [erased] stands there now")
    }
    if let problem = answer.problem { lines.append(problem.forTerminal(maxCharacters: 1_000)) }
    return lines.joined(separator: "\n")
  }

  private static func deliveries(_ answer: ErasureAnswer) -> String {
    answer.cancelled.counted("delivery", "deliveries")
  }
}
