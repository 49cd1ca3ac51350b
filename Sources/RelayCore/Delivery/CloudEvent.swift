import RelayJSON
import RelayText

/// An event as CloudEvents 1.0 has it, in structured mode (https://github.com/cloudevents/spec): the attributes that stand
/// around its bytes.
///
///     {"specversion":"1.0","id":"evt_…","source":"/huggy/15691","type":"io.huggy.receivedMessage","subject":"chat/7",
///      "time":"2019-07-12T20:49:33.000Z","datacontenttype":"application/json","huggycompany":"15691","huggychannel":"widget",
///      "data":EVENT}
///
/// docs/decisions/0053-cloudevents.md says why they are what they are. All of them are of the event: they are the same on each
/// attempt, and for every destination.
package struct CloudEvent {
  private let id: EventID
  private let type: String
  private let company: String?
  private let channel: String?
  private let chat: String?
  private let time: Timestamp

  /// - Parameters:
  ///   - type: Decoded, as `Event.type`.
  ///   - envelopeTime: The envelope's `time`, as it came; nil: it had none.
  package init(
    id: EventID, type: String, company: String?, channel: String?, chat: String?, envelopeTime: [UInt8]?
  ) {
    self.id = id
    self.type = type
    self.company = company
    self.channel = channel
    self.chat = chat
    // An id holds the wall clock's time of receipt: as an event's steady time is told, it could change between two attempts.
    time = envelopeTime.flatMap(Self.time) ?? Timestamp(microseconds: id.milliseconds * 1_000)
  }

  package init(_ event: Event) {
    self.init(
      id: event.id, type: event.type, company: event.company, channel: event.channel, chat: event.chat,
      envelopeTime: event.envelope.time)
  }

  /// How many bytes it takes with the event's bytes as they came.
  static func bytes(of event: Event) -> Int {
    var head: [UInt8] = []
    CloudEvent(event).appendHead(to: &head)
    return head.count + event.body.count + 1
  }

  /// - Parameter content: The event's object.
  package func body(of content: [UInt8]) -> [UInt8] {
    var body: [UInt8] = []
    body.reserveCapacity(content.count + headCapacity + 1)
    append(content, to: &body)
    return body
  }

  /// Appends the whole of it.
  ///
  /// - Parameter content: The event's object.
  package func append(_ content: [UInt8], to output: inout [UInt8]) {
    appendHead(to: &output)
    output += content
    output.append(UInt8(ascii: "}"))
  }

  /// What stands around the event's bytes takes so many, mostly.
  package var headCapacity: Int {
    240 + type.utf8.count + 2 * (company?.utf8.count ?? 0) + (channel?.utf8.count ?? 0)
      + (chat?.utf8.count ?? 0)
  }

  /// Everything before the event's bytes.
  private func appendHead(to output: inout [UInt8]) {
    output.append(contentsOf: #"{"specversion":"1.0","id":""#.utf8)
    id.appendText(to: &output)
    output.append(contentsOf: #"","source":"/huggy"#.utf8)
    if let company {
      output.append(UInt8(ascii: "/"))
      output.append(contentsOf: company.percentEncoded.utf8)
    }
    output.append(contentsOf: #"","type":"io.huggy."#.utf8)
    Self.appendText(type, to: &output)
    if let chat {
      output.append(contentsOf: #"","subject":"chat/"#.utf8)
      Self.appendText(chat, to: &output)
    }
    output.append(contentsOf: #"","time":""#.utf8)
    time.appendText(to: &output)
    output.append(contentsOf: #"","datacontenttype":"application/json"#.utf8)
    if let company {
      output.append(contentsOf: #"","huggycompany":""#.utf8)
      Self.appendText(company, to: &output)
    }
    if let channel {
      output.append(contentsOf: #"","huggychannel":""#.utf8)
      Self.appendText(channel, to: &output)
    }
    output.append(contentsOf: #"","data":"#.utf8)
  }

  // MARK: Texts

  /// Appends what stands between the quotes of an attribute. What no attribute may hold (control characters and noncharacters:
  /// "Type System" in the specification) is percent-encoded.
  private static func appendText(_ text: String, to output: inout [UInt8]) {
    var text = text
    // Nearly all text is ASCII.
    let isPlain = text.withUTF8 { $0.allSatisfy { $0 >= 0x20 && $0 < 0x7F } }
    guard !isPlain, text.unicodeScalars.contains(where: isForbidden) else {
      return JSONWriter.appendContents(text, to: &output)
    }
    var allowed: [UInt8] = []
    for scalar in text.unicodeScalars {
      for byte in UTF8.encode(scalar)! {
        if isForbidden(scalar) { PercentCoding.append(byte, to: &allowed) } else { allowed.append(byte) }
      }
    }
    JSONWriter.appendContents(String(decoding: allowed, as: UTF8.self), to: &output)
  }

  private static func isForbidden(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F...0x9F, 0xFDD0...0xFDEF: true
    default: scalar.value & 0xFFFE == 0xFFFE
    }
  }

  // MARK: Time

  /// Huggy's `time` is a number of whole seconds since 1970. The same as a text is read, too, and so is RFC 3339; nil: it is
  /// something else, or far from our days.
  private static func time(of value: [UInt8]) -> Timestamp? {
    let isText = value.count > 2 && value.first == UInt8(ascii: "\"") && value.last == UInt8(ascii: "\"")
    let spelling = isText ? value[1..<value.count - 1] : value[...]
    let isNumber =
      (1...lastSecondDigits).contains(spelling.count) && spelling.allSatisfy { (0x30...0x39).contains($0) }
    let time =
      if isNumber {
        Timestamp(microseconds: spelling.reduce(Int64(0)) { $0 * 10 + Int64($1 - 0x30) } * 1_000_000)
      } else if isText {
        Timestamp(rfc3339: String(decoding: spelling, as: UTF8.self))
      } else {
        Timestamp?.none
      }
    return time.flatMap { (1...lastSecond).contains($0.seconds) ? $0 : nil }
  }

  /// The end of the year 9999, up to which RFC 3339 goes.
  private static let lastSecond: Int64 = 253_402_300_799
  private static let lastSecondDigits = 12
}
