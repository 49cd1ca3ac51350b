import RelayCore
import RelayText

/// What became of an event, for a ticket: `huggy-relay event ID --format markdown`.
///
/// Without the body, unless it is asked for: tickets are read by many.
package enum EventMarkdown {
  /// - Parameters:
  ///   - body: The event's bytes; nil: they are not to be shown.
  ///   - answers: Whether the destinations' answers are shown, which may repeat what was sent.
  /// - Returns: Lines, without a line end at the end.
  package static func render(
    _ event: EventAnswer, body: [UInt8]?, showsAnswers: Bool, now: Timestamp
  ) -> String {
    var lines = ["## \(inline(event.type)) `\(event.id)`", ""]
    lines += facts(event, now: now)
    if !event.deliveries.isEmpty { lines += [""] + table(event.deliveries) }
    for delivery in event.deliveries where delivery.state != "delivered" || delivery.failureCount > 0 {
      lines += ["", "### \(name(of: delivery))", ""]
      lines += story(of: delivery, showsAnswers: showsAnswers, now: now)
    }
    if let body {
      lines += ["", "### Body", ""] + fenced(String(decoding: body, as: UTF8.self), "json")
    }
    return lines.joined(separator: "\n")
  }

  private static func facts(_ event: EventAnswer, now: Timestamp) -> [String] {
    var facts = [
      ("Received", "\(event.receivedAt)"), ("Source", event.source), ("Company", event.company ?? "-"),
      ("Channel", event.channel ?? "-"), ("Chat", event.chat ?? "-"),
      ("Routing", EventText.routing(event)),
    ]
    if let gone = EventText.bodyRemoved(event, now: now) { facts.append(("Body", gone)) }
    return facts.map { "- **\($0.0):** \(inline($0.1))" }
  }

  private static func table(_ deliveries: [DeliveryAnswer]) -> [String] {
    let rows = deliveries.map { delivery in
      let last = delivery.lastAttempt.map { "\($0.outcome), \($0.durationMs.millisecondsText)" } ?? "-"
      let state = delivery.reason.map { "\(delivery.state) (\($0))" } ?? delivery.state
      let settled = delivery.settledAt.map { "\($0)" } ?? delivery.dueAt.map { "due \($0)" } ?? "-"
      let cells = [
        name(of: delivery), inline(state), "\(delivery.attempts)", inline(last), settled,
        inline(delivery.route),
        "\(delivery.id)",
      ]
      return "| " + cells.joined(separator: " | ") + " |"
    }
    return [
      "| destination | state | attempts | last attempt | settled | route | delivery |",
      "| --- | --- | ---: | --- | --- | --- | ---: |",
    ] + rows
  }

  private static func story(of delivery: DeliveryAnswer, showsAnswers: Bool, now: Timestamp) -> [String] {
    var lines = [inline(EventText.sentence(delivery, now: now)) + "."]
    if !delivery.failures.isEmpty {
      lines.append("")
      for failure in delivery.failures {
        let outcome = failure.status.map { "status \($0)" } ?? failure.error ?? "no answer"
        let took = failure.durationMs.millisecondsText
        lines.append("- attempt \(failure.attempt) at \(failure.at): \(inline(outcome)), after \(took)")
      }
    }
    if showsAnswers, let answer = delivery.failures.last?.answer, !answer.isEmpty {
      lines += ["", "The last answer:", ""] + fenced(answer, "")
    }
    return lines
  }

  private static func name(of delivery: DeliveryAnswer) -> String {
    inline(delivery.run > 0 ? "\(delivery.destination) (replay \(delivery.run))" : delivery.destination)
  }

  /// Text of a sender or an answer means nothing in Markdown, and is one line.
  private static func inline(_ text: String) -> String {
    var shown = ""
    for character in text.forTerminal(maxCharacters: 1_000) {
      if #"\`*_{}[]<>()#+|!~"#.contains(character) { shown.append("\\") }
      shown.append(character)
    }
    return shown
  }

  /// With a fence that is longer than any in the text.
  private static func fenced(_ text: String, _ language: String) -> [String] {
    var (longest, run) = (2, 0)
    for byte in text.utf8 {
      run = byte == UInt8(ascii: "`") ? run + 1 : 0
      longest = max(longest, run)
    }
    let fence = String(repeating: "`", count: longest + 1)
    return [fence + language, text, fence]
  }
}
