import RelayCore
import RelayJSON

/// A CloudEvent is JSON with all that the specification requires, and holds the event's bytes as they came.
///
/// An input is choices (who, what, when), then an event's object; where that is none, it is `{}`.
enum CloudEventTarget {
  private static let required = ["specversion", "id", "source", "type", "time", "datacontenttype", "data"]

  static func makeCheck() -> FuzzTargets.Check {
    { input in
      var choices = Choices(input)
      let milliseconds = word(&choices) % 253_402_300_800_000
      let id = EventID(high: milliseconds << 16 | 0x7000, low: 0x8000_0000_0000_0000 | word(&choices) >> 2)
      let type = choices.text()
      let company = choices.chance(70) ? choices.text() : nil
      let channel = choices.chance(70) ? choices.text() : nil
      let chat = choices.chance(70) ? choices.text() : nil
      let time = choices.chance(70) ? Array(choices.text(atMost: 40).utf8) : nil
      var content = Array(choices.rest)
      if case .object? = PlainJSON.parse(content)?.content {} else { content = Array("{}".utf8) }
      let cloudEvent = CloudEvent(
        id: id, type: type, company: company, channel: channel, chat: chat, envelopeTime: time)
      let body = cloudEvent.body(of: content)
      check(body, content, id: id, company: company, channel: channel, chat: chat)
      var appended: [UInt8] = [0x5B]
      cloudEvent.append(content, to: &appended)
      requireSame(appended, [0x5B] + body, "what is appended, and the body")
    }
  }

  private static func check(
    _ body: [UInt8], _ content: [UInt8], id: EventID, company: String?, channel: String?, chat: String?
  ) {
    // A byte order mark may stand before an object, but not within.
    guard content.first.map({ $0 < 0x80 }) == true else { return }
    guard let root = PlainJSON.parse(body), case .object(let members) = root.content else {
      fatalError("it is no object: \(String(decoding: body, as: UTF8.self))")
    }
    let names = members.map { $0.key.text ?? "" }
    requireSame(Set(names).count, names.count, "names, each once")
    for name in required { require(names.contains(name), "\(name) is missing") }
    for (name, member) in zip(names, members) {
      require(
        name.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) },
        "\(name) is no name")
      if name == "data" {
        requireSame(Array(body[member.value.value.range]), trimmed(content), "data")
        continue
      }
      guard let text = member.value.text, !text.isEmpty || name.hasPrefix("huggy") else {
        fatalError("\(name) is empty, or no text")
      }
      require(
        text.unicodeScalars.allSatisfy(isAllowed), "\(name) holds a character that no attribute may hold")
      check(name, text, id: id)
    }
    for (name, value) in [("huggycompany", company), ("huggychannel", channel), ("subject", chat)] {
      requireSame(names.contains(name), value != nil, "whether there is \(name)")
    }
  }

  private static func check(_ name: String, _ text: String, id: EventID) {
    switch name {
    case "specversion": requireSame(text, "1.0", name)
    case "id": requireSame(EventID(text), id, name)
    case "datacontenttype": requireSame(text, "application/json", name)
    case "time": require(Timestamp(rfc3339: text) != nil, "\(text) is no time")
    case "type": require(text.utf8.starts(with: "io.huggy.".utf8), text)
    case "subject": require(text.utf8.starts(with: "chat/".utf8), text)
    // A URI reference: nothing but what one may hold.
    case "source":
      require(text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"\"<>\\^`{|}".utf8.contains($0) }, text)
    default: break
    }
  }

  /// An object's own bytes, without the space around it that a document may have.
  private static func trimmed(_ content: [UInt8]) -> [UInt8] {
    PlainJSON.parse(content).map { Array(content[$0.value.range]) } ?? content
  }

  private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.generalCategory != .control && !scalar.properties.isNoncharacterCodePoint
  }

  private static func word(_ choices: inout Choices) -> UInt64 {
    (0..<8).reduce(0) { word, _ in word << 8 | UInt64(choices.byte()) }
  }
}
