import RelayCore
import RelayText

/// What `huggy-relay event` shows: what the event is, and for each destination whether it got it, or why not.
package enum EventText {
  /// - Returns: Lines, without a line end at the end.
  package static func render(_ event: EventAnswer, now: Timestamp, pen: Pen) -> String {
    var lines = [pen("\(TextList.item(event.type).forTerminal())  \(event.id)", .title)]
    let company = event.company ?? "-"
    let facts = "company \(company), channel \(event.channel ?? "-"), chat \(event.chat ?? "-")"
    lines.append("  received \(event.receivedAt.text(at: now)) from \(event.source)")
    lines.append("  " + facts.forTerminal())
    lines.append("  " + routing(event).forTerminal(maxCharacters: 1_000))
    if let trace = event.traceparent { lines.append("  traceparent \(trace)".forTerminal()) }
    if let gone = bodyRemoved(event, now: now) { lines.append("  " + gone) }
    lines += files(event.attachments).map { "  " + $0.forTerminal(maxCharacters: 400) }
    for delivery in event.deliveries {
      lines.append("")
      let name = delivery.run > 0 ? "\(delivery.destination) (replay \(delivery.run))" : delivery.destination
      lines.append("\(pen(name.forTerminal(), .title))  \(pen(delivery.state, delivery.ink))")
      lines += story(of: delivery, now: now).map { "  " + $0.forTerminal(maxCharacters: 1_200) }
    }
    if !event.routedDeliveries.isEmpty {
      lines += ["", pen("Any other destination did not get it: no route that matched names it.", .faint)]
    } else if !event.deliveries.isEmpty {
      lines.append("")
    }
    // Which condition it did not meet stands in no store: the routes are asked.
    if event.bodyRemoved == nil {
      lines.append(pen("What each route says of it: huggy-relay explain \(event.id)", .faint))
    }
    return lines.joined(separator: "\n")
  }

  /// nil: its body is there.
  static func bodyRemoved(_ event: EventAnswer, now: Timestamp) -> String? {
    if let erased = event.erasedAt { return "erased \(erased.text(at: now)): what it said is gone for good" }
    guard event.bodyRemoved != nil else { return nil }
    return "its body is gone: it went nowhere, and is older than store.unrouted_retention"
  }

  private static func files(_ attachments: [AttachmentAnswer]?) -> [String] {
    attachments?.map(attachment) ?? [
      "what became of its files can't be read at present: huggy-relay status says why"
    ]
  }

  private static func attachment(_ file: AttachmentAnswer) -> String {
    let facts = [
      file.bytes.map(\.bytesText), file.contentType, file.sha256.map { "sha256 \($0.prefix(16))…" },
      file.reason.map { file.state == "pending" ? "the last try failed: \($0)" : $0 },
    ]
    let text = facts.compactMap(\.self).joined(separator: ", ")
    return "file \(file.place): \(file.state)\(text.isEmpty ? "" : ", \(text)")"
  }

  static func routing(_ event: EventAnswer) -> String {
    let configuration = "(configuration \(event.configHash))"
    guard let last = event.routes.last else {
      return "no route matched it \(configuration): \(fate(event))"
    }
    let before = event.routes.dropLast().joined(separator: ", ")
    guard event.dropped else {
      return "routes that matched: \(event.routes.joined(separator: ", ")) \(configuration)"
    }
    if event.routedDeliveries.isEmpty {
      let others = before.isEmpty ? "" : " (before it matched: \(before))"
      return "dropped by the route \(last)\(others) \(configuration): \(fate(event))"
    }
    return
      "routes that matched: \(before); then \(last) dropped it \(configuration): later routes did not see it"
  }

  /// Of one that no route sent anywhere.
  private static func fate(_ event: EventAnswer) -> String {
    event.deliveries.isEmpty ? "it went nowhere" : "only a person has sent it on, by a replay"
  }

  private static func story(of delivery: DeliveryAnswer, now: Timestamp) -> [String] {
    var lines = [sentence(delivery, now: now)]
    lines.append("route \(delivery.route), delivery \(delivery.id)")
    guard delivery.state != "discarded" || delivery.attempts > 0 else { return lines }
    let shown = delivery.failures
    if delivery.failureCount > shown.count {
      lines.append("failed \(delivery.failureCount.counted("time", "times")); the first and the last:")
    } else if !shown.isEmpty {
      lines.append("failed \(delivery.failureCount.counted("time", "times")):")
    }
    for failure in shown {
      let outcome = failure.status.map { "status \($0)" } ?? failure.error ?? "no answer"
      let took = failure.durationMs.millisecondsText
      let peer = failure.peer.map { ", of \($0)" } ?? ""
      let firstByte = failure.firstByteMs.map { " (first byte \($0.millisecondsText))" } ?? ""
      lines.append(
        "  attempt \(failure.attempt) at \(failure.at): \(outcome), after \(took)\(firstByte)\(peer)")
    }
    if let last = shown.last {
      lines +=
        headers("the last request", last.requestHeaders)
        + headers("the last answer's headers", last.answerHeaders ?? [])
    }
    if let answer = shown.last?.answer?.trimmingTrailingSpace, !answer.isEmpty {
      lines.append("the last answer: \(answer)")
    }
    return lines
  }

  private static func headers(_ title: String, _ lines: [String]) -> [String] {
    lines.isEmpty ? [] : ["\(title):"] + lines.map { "  \($0)" }
  }

  static func sentence(_ delivery: DeliveryAnswer, now: Timestamp) -> String {
    let attempts = delivery.attempts.counted("attempt", "attempts")
    let settled = delivery.settledAt.map { " \($0.text(at: now))" } ?? ""
    switch (delivery.state, delivery.reason) {
    case ("delivered", _):
      let outcome = delivery.lastAttempt.map {
        ": \($0.outcome), after \($0.durationMs.millisecondsText)" + ($0.peer.map { ", of \($0)" } ?? "")
      }
      return "delivered\(settled), on attempt \(delivery.attempts)\(outcome ?? "")"
    case ("dead", let reason):
      return
        "given up\(settled), after \(attempts): \(death(reason)). It is kept: huggy-relay retry \(delivery.id)"
    case ("discarded", "overflow"):
      return
        "discarded on arrival: \(delivery.destination) was over its max_backlog. It was never attempted; once there is room: "
        + "huggy-relay retry --destination \(delivery.destination) --state overflowed"
    case ("discarded", "retention"):
      return "discarded\(settled): it had been dead for longer than store.dead_retention, after \(attempts)"
    case ("discarded", "erased"):
      return "cancelled\(settled), since what its event said was erased, after \(attempts)"
    case ("discarded", _): return "discarded\(settled) by a person, after \(attempts)"
    default:
      let made = delivery.attempts == 0 ? "not attempted yet" : "not delivered after \(attempts)"
      return "\(made): \(delivery.waiting?.message ?? "it waits for its turn")"
    }
  }

  private static func death(_ reason: String?) -> String {
    switch reason {
    case "permanent": "the answer was a status that is never tried again (permanent)"
    case "exhausted": "max_attempts was reached (exhausted)"
    case "expired": "max_age was reached (expired)"
    default: reason ?? "for an unknown reason"
    }
  }
}

extension EventAnswer {
  /// Those that routes made.
  fileprivate var routedDeliveries: [DeliveryAnswer] { deliveries.filter { $0.run == 0 } }
}

extension String {
  /// Answers often end with a line end, which would show as a mark.
  fileprivate var trimmingTrailingSpace: String {
    var text = self[...]
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
  }
}
