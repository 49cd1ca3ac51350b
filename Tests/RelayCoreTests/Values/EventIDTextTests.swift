import RelayCore
import RelayTestSupport
import Testing

@Suite struct EventIDTextTests {
  /// The standard library's digits, in a UUID's groups.
  private func expected(_ id: EventID) -> String {
    let digits = [id.high, id.low].map { word in
      let text = String(word, radix: 16)
      return String(repeating: "0", count: 16 - text.count) + text
    }
    var rest = digits.joined()[...]
    let groups = [8, 4, 4, 4, 12].map { count in
      defer { rest = rest.dropFirst(count) }
      return String(rest.prefix(count))
    }
    return "evt_" + groups.joined(separator: "-")
  }

  @Test func anyIDIsWrittenAsItsDigits() {
    var random = SplitMix64(seed: 11)
    let bits = (0..<64).map { EventID(high: 1 << $0, low: 1 << (63 - $0)) }
    let random500 = (0..<500).map { _ in EventID(high: random.next(), low: random.next()) }
    for id in bits + random500 + [EventID(high: 0, low: 0), EventID(high: .max, low: .max)] {
      var text: [UInt8] = []
      id.appendText(to: &text)
      #expect(text == Array(expected(id).utf8))
      #expect(id.description == expected(id))
    }
  }

  @Test func itIsAppendedToWhatIsThere() {
    let id = EventID(high: 0x0123_4567_89AB_7CDE, low: 0x8FED_CBA9_8765_4321)
    var text = Array("webhook-id: ".utf8)
    id.appendText(to: &text)
    #expect(text == Array("webhook-id: \(id)".utf8))
    #expect(text.count == 12 + 40)
  }
}
