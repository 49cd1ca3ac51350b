import RelayCore
import RelayJSON

/// Server-sent events, as the HTML standard has them.
enum StreamText {
  /// What a stream begins with: something to send at once, how long to wait before the next one, and where it stands.
  static func hello(retry: Duration, at id: LiveID) -> [UInt8] {
    Array(": huggy-relay\nid: \(id)\nretry: \(retry.milliseconds)\n\n".utf8)
  }

  /// Nothing, for proxies and whoever waits: and how far the reader is, though nothing was for it.
  static func heartbeat(at id: LiveID) -> [UInt8] { Array(":\nid: \(id)\n\n".utf8) }

  /// The reader is to come again, not before this time.
  static func comeAgain(after retry: Duration) -> [UInt8] { Array("retry: \(retry.milliseconds)\n\n".utf8) }

  /// - Parameter json: An object on one line.
  static func message(_ name: String, _ json: String, id: LiveID? = nil) -> [UInt8] {
    Array("\(id.map { "id: \($0)\n" } ?? "")event: \(name)\ndata: \(json)\n\n".utf8)
  }

  /// Messages that the reader did not get: so many, or nobody knows how many.
  static func missed(_ count: Int?, _ reason: String, id: LiveID? = nil) -> [UInt8] {
    message(
      "missed", #"{"kind":"missed","count":\#(count.map { "\($0)" } ?? "null"),"reason":"\#(reason)"}"#,
      id: id)
  }

  static func appendHead(of name: StaticString, _ event: EventID, _ number: Int, to output: inout [UInt8]) {
    output.append(contentsOf: "id: ".utf8)
    event.appendText(to: &output)
    output.append(UInt8(ascii: "."))
    JSONWriter.appendNumber(number, to: &output)
    output.append(contentsOf: "\nevent: ".utf8)
    name.withUTF8Buffer { output.append(contentsOf: $0) }
    output.append(contentsOf: "\ndata: ".utf8)
  }

  /// Bytes of a document, whose line ends would end the message: each begins a further line of data, which the reader joins with
  /// a line feed. In JSON they are white space alone.
  static func appendData(_ bytes: [UInt8], to output: inout [UInt8]) {
    guard bytes.contains(where: { $0 == 0x0A || $0 == 0x0D }) else { return output.append(contentsOf: bytes) }
    var wasReturn = false
    for byte in bytes {
      if byte == 0x0D || (byte == 0x0A && !wasReturn) {
        output.append(contentsOf: "\ndata: ".utf8)
      } else if byte != 0x0A {
        output.append(byte)
      }
      wasReturn = byte == 0x0D
    }
  }

  /// What `json` says, with the event's body and its envelope's time.
  ///
  /// - Parameter json: An object.
  static func appendWhole(_ json: ArraySlice<UInt8>, time: [UInt8]?, body: [UInt8], to output: inout [UInt8])
  {
    output.append(contentsOf: json.dropLast())
    output.append(contentsOf: #","time":"#.utf8)
    appendData(time ?? Array("null".utf8), to: &output)
    output.append(contentsOf: #","body":"#.utf8)
    appendData(body, to: &output)
    output.append(contentsOf: "}\n\n".utf8)
  }

  /// An event that came in before, out of the store.
  static func appendRecalled(_ record: EventRecord, withBody: Bool, to output: inout [UInt8]) {
    // No place in the ring: whoever goes on after it is given what follows out of the store.
    appendHead(of: "received", record.id, 0, to: &output)
    var json: [UInt8] = []
    json.reserveCapacity(512)
    ReceivedEvent(record).append(to: &json)
    // It may be gone: erased, or removed after `store.unrouted_retention`.
    if withBody, !record.hasNoBody {
      appendWhole(json[...], time: record.envelopeTime, body: record.body, to: &output)
    } else {
      output.append(contentsOf: json)
      output.append(contentsOf: end)
    }
  }

  static let end = Array("\n\n".utf8)
}

extension Duration {
  fileprivate var milliseconds: Int64 { microseconds / 1_000 }
}
