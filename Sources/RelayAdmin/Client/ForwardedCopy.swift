import RelayCore
import RelayJSON
import RelayPipeline

/// A request with an event of the stream, as a destination would get it: for `listen`.
package struct ForwardedCopy: Sendable, Equatable {
  /// The event's id and type.
  package let id: String
  package let type: String
  package let headers: [String]
  package let body: [UInt8]

  /// What came of it.
  package struct Result: Sendable, Equatable {
    /// nil: there was no answer.
    package var status: Int?
    package var error: String?
    package var duration: Duration

    package init(status: Int? = nil, error: String? = nil, duration: Duration = .zero) {
      self.status = status
      self.error = error
      self.duration = duration
    }

    /// For scripts, on one line.
    package func json(of copy: ForwardedCopy) -> [UInt8] {
      var json = Array(#"{"event_id":"#.utf8)
      JSONWriter.appendString(copy.id, to: &json)
      json += Array(#","type":"#.utf8)
      JSONWriter.appendString(copy.type, to: &json)
      json += Array(#","status":\#(status.map { "\($0)" } ?? "null"),"error":"#.utf8)
      if let error { JSONWriter.appendString(error, to: &json) } else { json += Array("null".utf8) }
      json += Array(#","duration_ms":\#(Double(duration.microseconds) / 1_000)}"#.utf8)
      return json
    }
  }

  /// - Parameters:
  ///   - message: What the stream says of an event that came in, with its body.
  ///   - now: The wall clock's time.
  /// - Returns: nil: it holds no body.
  package init?(_ message: [UInt8], format: Destination.Format, now: Timestamp) {
    guard let parts = MessageParts(message), let id = parts.text("event_id"), let eventID = EventID(id),
      let rawType = parts.value("type"),
      let content = parts.bytes("body")
    else { return nil }
    self.id = id
    type = rawType.text(in: parts.document)
    var headers = [
      "content-type: \(format.contentType(isBatch: false))", "user-agent: \(RelayVersion.userAgent)",
      "webhook-id: \(id)",
      "webhook-timestamp: \(now.seconds)", "huggy-relay-attempt: 1", "huggy-relay-listen: true",
    ]
    for (key, name) in [
      ("type", "event"), ("source", "source"), ("company", "company"), ("channel", "channel"),
    ] {
      if let text = parts.text(key) { headers.append("huggy-\(name): \(RequestBuilder.headerText(text))") }
    }
    self.headers = headers
    body =
      switch format {
      case .event: content
      case .cloudevents:
        CloudEvent(
          id: eventID, type: type, company: parts.text("company"), channel: parts.text("channel"),
          chat: parts.text("chat"), envelopeTime: parts.bytes("time")
        ).body(of: content)
      case .huggy:
        RequestBuilder.envelope(
          of: content, rawType: parts.document[rawType.range], time: parts.bytes("time"), token: nil)
      }
  }
}

/// Parts of a message of the stream, as they stand there: what is no text of ours is not made anew.
struct MessageParts {
  let document: [UInt8]
  private var values: [Int: JSONValue] = [:]

  /// nil: it is no JSON object.
  init?(_ message: [UInt8]) {
    document = Self.before + message + Self.after
    guard let scanned = try? Self.scanner.scan(document), let event = scanned.events.first else { return nil }
    // Of an array also each element is noted.
    for field in scanned.fields[event.fields] where values[field.slot] == nil {
      values[field.slot] = field.value
    }
  }

  /// nil: it is not there, or null.
  func value(_ key: String) -> JSONValue? {
    guard let slot = Self.keys.firstIndex(of: key), let value = values[slot], value.kind != .null else {
      return nil
    }
    return value
  }

  func text(_ key: String) -> String? { value(key)?.text(in: document) }

  /// As it is spelled.
  func bytes(_ key: String) -> [UInt8]? { value(key)?.spelling(in: document) }

  private static let keys = ["event_id", "type", "source", "company", "channel", "chat", "time", "body"]
  /// The scanner reads envelopes: this is one around the message.
  private static let before = Array(#"{"messages":{"":["#.utf8)
  private static let after = Array("]}}".utf8)
  private static let scanner = EnvelopeScanner(fields: FieldTree(paths: keys.map { [$0] }))
}
