import RelayCore
import RelayText

/// A line for each message of the stream: what `huggy-relay tail` shows.
package struct StreamLines {
  private let pen: Pen
  private var clock: ClockText
  private let showsBodies: Bool

  /// - Parameters:
  ///   - zone: Times are shown as a clock there shows them.
  ///   - showsBodies: Each on a line of its own, below its event's.
  package init(pen: Pen, zone: TimeZoneRules, showsBodies: Bool = false) {
    self.pen = pen
    clock = ClockText(zone: zone)
    self.showsBodies = showsBodies
  }

  /// - Parameter now: For what has no time of its own.
  /// - Returns: nil: there is nothing to show.
  package mutating func line(_ message: EventStreamParser.Message, now: Timestamp) -> String? {
    guard let read = try? StreamMessage(message.name, message.data) else { return nil }
    guard let line = line(read, now: now) else { return nil }
    guard showsBodies, let body = MessageParts(message.data)?.bytes("body") else { return line }
    return "\(line)\n    \(String(decoding: body, as: UTF8.self).forTerminal(maxCharacters: 10_000))"
  }

  mutating func line(_ message: StreamMessage, now: Timestamp) -> String? {
    switch message {
    case .received(let event): received(event)
    case .settled(let delivery): settled(delivery)
    case .discarded(let discarded):
      line(
        now, "discarded", .faint,
        "\(discarded.count.counted("delivery", "deliveries")) of \(discarded.destination): "
          + (discarded.reason == "overflow" ? "it was over its max_backlog" : "by a person"))
    case .missed(let missed):
      line(
        now, "missed", .warning,
        "\(missed.count.map { $0.counted("message", "messages") } ?? "messages"): \(missed.reason)")
    case .overloaded(let overloaded): line(now, "waiting", .warning, overloaded.message)
    case .other: nil
    }
  }

  private mutating func received(_ event: ReceivedMessage) -> String {
    let outcome = event.outcomes.first ?? "pending"
    let word: (String, Ink) =
      switch EventOutcome(rawValue: outcome) {
      case .dropped: ("dropped", .faint)
      case .unrouted: ("unrouted", .warning)
      case .delivered, .pending, .dead, .discarded, nil: ("received", .plain)
      }
    let goal: String =
      switch EventOutcome(rawValue: outcome) {
      case .dropped: "by the route \(event.routes.last ?? "-")"
      case .unrouted: "no route matched it"
      case .delivered, .pending, .dead, .discarded, nil: "to \(event.destinations.joined(separator: ", "))"
      }
    let facts = [event.company.map { "company \($0)" }, event.channel, event.chat.map { "chat \($0)" }]
    let all = [TextList.item(event.type)] + facts.compactMap(\.self) + [goal]
    return line(event.receivedAt, word.0, word.1, all.joined(separator: "  "), event.eventId)
  }

  private mutating func settled(_ delivery: SettledMessage) -> String {
    let answer = delivery.status.map { "status \($0)" } ?? delivery.error ?? "no answer"
    var facts = ["\(delivery.destination)", "\(answer), \(delivery.durationMs.millisecondsText)"]
    if delivery.attempt > 1 { facts.append("attempt \(delivery.attempt)") }
    if delivery.run > 0 { facts.append("replay \(delivery.run)") }
    let word: (String, Ink)
    switch EventOutcome(rawValue: delivery.state) {
    case .delivered: word = ("delivered", .good)
    case .dead:
      word = ("dead", .bad)
      if let reason = delivery.reason { facts.append(reason) }
    case .pending, .discarded, .dropped, .unrouted, nil:
      word = ("failed", .warning)
      if let due = delivery.dueAt { facts.append("next at \(clock.time(due))") }
    }
    facts.append(TextList.item(delivery.type))
    return line(delivery.at, word.0, word.1, facts.joined(separator: "  "), delivery.eventId)
  }

  private mutating func line(
    _ at: Timestamp, _ word: String, _ ink: Ink, _ facts: String, _ event: String? = nil
  ) -> String {
    let padding = String(repeating: " ", count: max(0, 9 - word.count))
    let id = event.map { "  " + pen($0.forTerminal(), .faint) } ?? ""
    return "\(pen(clock.time(at), .faint))  \(pen(word, ink))\(padding)  "
      + facts.forTerminal(maxCharacters: 300) + id
  }
}

/// A line for each copy that `huggy-relay listen` has forwarded.
package struct ListenLines {
  private let pen: Pen
  private var clock: ClockText
  private var others: StreamLines

  package init(pen: Pen, zone: TimeZoneRules) {
    self.pen = pen
    clock = ClockText(zone: zone)
    others = StreamLines(pen: pen, zone: zone)
  }

  package mutating func line(
    of copy: ForwardedCopy, _ result: ForwardedCopy.Result, now: Timestamp
  ) -> String {
    let isGood = result.status.map { (200..<300).contains($0) } ?? false
    let outcome = result.status.map { "\($0)" } ?? "failed"
    let detail = result.error ?? result.duration.apiMilliseconds.millisecondsText
    let padding = String(repeating: " ", count: max(0, 6 - outcome.count))
    return "\(pen(clock.time(now), .faint))  \(pen(outcome, isGood ? .good : .bad))\(padding)  "
      + "\(detail)  \(copy.type)".forTerminal(maxCharacters: 300) + "  " + pen(copy.id.forTerminal(), .faint)
  }

  /// What is no event: where some were missed.
  package mutating func line(_ message: EventStreamParser.Message, now: Timestamp) -> String? {
    others.line(message, now: now)
  }
}

/// The time of day, to the millisecond, in a zone. Looks the zone up once a quarter of an hour: no zone changes between.
struct ClockText {
  private let zone: TimeZoneRules
  private var offset: Int64 = 0
  private var quarter = Int64.min

  init(zone: TimeZoneRules) {
    self.zone = zone
  }

  /// `12:03:04.567`.
  mutating func time(_ time: Timestamp) -> String {
    if time.seconds / 900 != quarter {
      quarter = time.seconds / 900
      offset = zone.offset(at: time.seconds)
    }
    let local = time.milliseconds + offset * 1_000
    let day = ((local % 86_400_000) + 86_400_000) % 86_400_000
    func digits(_ number: Int64, _ width: Int) -> String {
      let text = String(number)
      return String(repeating: "0", count: max(0, width - text.count)) + text
    }
    return "\(digits(day / 3_600_000, 2)):\(digits(day / 60_000 % 60, 2)):\(digits(day / 1_000 % 60, 2))"
      + ".\(digits(day % 1_000, 3))"
  }
}
