import RelayCore
import RelayText

/// What `huggy-relay events` shows.
package enum EventsText {
  /// - Parameters:
  ///   - zone: Whose clock shows the times; nil: UTC.
  ///   - showsTitles: Not on the pages that follow the first.
  /// - Returns: Lines, without a line end at the end.
  package static func render(
    _ events: [ListedEventAnswer], zone: TimeZoneRules?, pen: Pen, showsTitles: Bool = true
  ) -> String {
    let table = TextTable<ListedEventAnswer>([
      .init("RECEIVED") { $0.receivedAt.clockText(in: zone) },
      .init("EVENT") { $0.id },
      .init("TYPE") { TextList.item($0.type) },
      .init("COMPANY") { $0.company.map(TextList.item) ?? "-" },
      .init("CHANNEL") { $0.channel.map(TextList.item) ?? "-" },
      .init("CHAT") { $0.chat.map(TextList.item) ?? "-" },
      .init("OUTCOME") { TextCell($0.fate, $0.ink) },
    ])
    return table.lines(events, pen).dropFirst(showsTitles ? 0 : 1).joined(separator: "\n")
  }

  /// What to say where none matches: also what may be meant instead.
  package static func nothing(_ filter: EventFilterInput) -> String {
    var text = "no event matches"
    if !filter.destination.texts.isEmpty {
      text +=
        "; --destination asks for events with a delivery there: why an event has none is seen without it"
    }
    if let number = filter.text?.bareNumber {
      text += "; Huggy writes telephone numbers as digits alone: --text \(number)"
    }
    return text
  }
}

extension String {
  /// `5575999990000` of `+55 (75) 99999-0000`; nil: it is no number that people write with signs.
  fileprivate var bareNumber: String? {
    let digits = filter { ("0"..."9").contains($0) }
    guard digits.count >= 7, digits.count < count, allSatisfy({ "+-()./ 0123456789".contains($0) }) else {
      return nil
    }
    return digits
  }
}

extension ListedEventAnswer {
  /// `delivered to crm; dead at bi: permanent, status 422`.
  fileprivate var fate: String {
    if deliveries.isEmpty { return droppedBy.map { "dropped by \($0)" } ?? "unrouted: no route matched it" }
    return deliveries.map(\.fate).joined(separator: "; ")
  }

  fileprivate var ink: Ink {
    if outcomes.contains("dead") { return .bad }
    if outcomes.contains("pending") { return .warning }
    return outcomes.contains("delivered") ? .good : .faint
  }
}

extension ListedDeliveryAnswer {
  fileprivate var fate: String {
    let answer = self.attempts == 0 ? nil : lastStatus.map { "status \($0)" } ?? lastError ?? "no answer"
    switch DeliveryFilter.State(rawValue: self.state) {
    case .delivered: return "delivered to \(self.destination)"
    case .dead:
      return "dead at \(self.destination): "
        + [self.reason, answer].compactMap { $0 }.joined(separator: ", ")
    case .discarded, .overflowed: return "discarded for \(self.destination): \(self.reason ?? "-")"
    case .pending, nil: return "\(self.state) for \(self.destination)" + (answer.map { ": \($0)" } ?? "")
    }
  }
}

extension Timestamp {
  /// As a clock shows it, to the second; nil: in UTC, with a `Z`.
  package func clockText(in zone: TimeZoneRules?) -> String {
    guard let zone else { return String("\(self)".prefix(19)) + "Z" }
    let local = advanced(by: .seconds(zone.offset(at: seconds)))
    return String("\(local)".prefix(19)).replacing("T", with: " ")
  }
}

/// Answers as lines of JSON, an object each.
package enum JSONLines {
  package static func of(_ answers: [some Encodable]) throws -> [UInt8] {
    var lines: [UInt8] = []
    for answer in answers {
      lines += try RecordEncoder.answer(answer)
      lines.append(UInt8(ascii: "\n"))
    }
    return lines
  }
}

/// Counts things by what they have, for `--count-by`.
package struct CountTable {
  private var counts: [String: Int] = [:]
  private var total = 0
  private var hasSeveral = false

  package init() {}

  /// - Parameter values: What it has of the kind; several count each, none as `-`.
  package mutating func add(_ values: [String]) {
    total += 1
    if values.count > 1 { hasSeveral = true }
    for value in values.isEmpty ? ["-"] : values { counts[value, default: 0] += 1 }
  }

  private var rows: [(value: String, count: Int)] {
    counts.map { ($0.key, $0.value) }.sorted { ($1.1, $0.0) < ($0.1, $1.0) }
  }

  /// Most frequent first.
  ///
  /// - Parameters:
  ///   - title: What is counted by.
  ///   - one: What is counted: `event`.
  ///   - many: The same of several: `events`.
  package func text(_ title: String, _ one: String, _ many: String, pen: Pen) -> String {
    let table = TextTable<(value: String, count: Int)>([
      .init(many.uppercased(), .right) { $0.count.grouped }, .init(title.uppercased()) { $0.value },
    ])
    let several = hasSeveral ? "; one with several is counted with each" : ""
    let end = pen("\(total.counted(one, many)) in all\(several)", .faint)
    return (table.lines(rows, pen) + [end]).joined(separator: "\n")
  }

  /// An object for each value.
  package func json(_ title: String) -> [UInt8] {
    var output = JSONOutput()
    output.object { output in
      output.key("count_by")
      output.string(title)
      output.key("total")
      total.write(to: &output)
      output.key("counts")
      output.array { output in
        for row in rows {
          output.object { output in
            output.key("value")
            output.string(row.value)
            output.key("count")
            row.count.write(to: &output)
          }
        }
      }
    }
    return output.bytes
  }
}
