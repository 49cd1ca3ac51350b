import RelayCore
import RelayText

/// What `huggy-relay rejections` shows.
package enum RefusalsText {
  /// - Returns: Lines, without a line end at the end.
  package static func render(_ answer: RefusalsAnswer, now: Timestamp, pen: Pen) -> String {
    guard !answer.rejections.isEmpty else {
      return "no request has been refused since the relay started"
    }
    return answer.rejections.map { lines($0, now: now, pen: pen).joined(separator: "\n") }
      .joined(separator: "\n\n")
  }

  /// Of a body so many characters are shown; the API has 4 KiB of it.
  private static let mostShown = 400

  private static func lines(_ refusal: RefusalAnswer, now: Timestamp, pen: Pen) -> [String] {
    let place = refusal.offset.map { ", at byte \($0)" } ?? ""
    var lines = [
      pen("\(refusal.status) \(refusal.code)", .title) + "  " + refusal.path.forTerminal(),
      "  \(refusal.reason)\(place)".forTerminal(maxCharacters: 1_000), "  " + times(refusal, now: now),
      "  " + sender(refusal).forTerminal(maxCharacters: 600),
    ]
    if let size = refusal.bodyBytes {
      let start = refusal.body.map { $0.isEmpty ? "" : ": \($0)" } ?? ""
      lines.append("  body of \(size.counted("byte", "bytes"))\(start)".forTerminal(maxCharacters: mostShown))
    }
    return lines
  }

  private static func times(_ refusal: RefusalAnswer, now: Timestamp) -> String {
    let last = refusal.at.text(at: now)
    guard refusal.count > 1 else { return last }
    return "\(refusal.count.counted("time", "times")) since \(refusal.firstAt), last \(last)"
  }

  private static func sender(_ refusal: RefusalAnswer) -> String {
    let client = refusal.client.map { ", counted as \($0)" } ?? ""
    let origin = (refusal.forwardedFor.map { " (for \($0))" } ?? "") + client
    let agent = refusal.agent.map { ", \($0)" } ?? ""
    return "from \(refusal.peer ?? "an unknown address")\(origin)\(agent)"
  }
}
