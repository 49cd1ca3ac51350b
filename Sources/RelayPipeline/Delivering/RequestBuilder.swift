import RelayCore
import RelayJSON
import RelayText

/// Makes the request of an attempt: the body in the destination's format, and the relay's headers.
package enum RequestBuilder {
  /// - Parameters:
  ///   - now: The wall clock's time, for the signature.
  ///   - contents: What the destination gets as an event's object: its bytes, but for links that are rewritten.
  package static func request(
    for delivery: Delivery, to destination: Destination, at now: Timestamp,
    contents: (Event) -> [UInt8] = { $0.body }
  ) -> AttemptRequest {
    let event = delivery.event
    let body = body(of: event, for: destination, contents: contents)
    var headers = HeaderLines(reservingCapacity: 464)
    headers.append("content-type") { $0.append(contentsOf: "application/json".utf8) }
    headers.append("user-agent") { $0.append(contentsOf: RelayVersion.userAgent.utf8) }
    headers.append("webhook-id") { event.id.appendText(to: &$0) }
    headers.append("webhook-timestamp") { JSONWriter.appendNumber(Int(now.seconds), to: &$0) }
    headers.append("huggy-event") { appendHeaderText(event.type, to: &$0) }
    headers.append("huggy-source") { appendHeaderText(event.envelope.source, to: &$0) }
    headers.append("huggy-relay-attempt") { JSONWriter.appendNumber(delivery.attempts + 1, to: &$0) }
    if delivery.queue == .replay {
      headers.append("huggy-relay-replay") { $0.append(contentsOf: "true".utf8) }
    }
    if let company = event.company { headers.append("huggy-company") { appendHeaderText(company, to: &$0) } }
    if let channel = event.channel { headers.append("huggy-channel") { appendHeaderText(channel, to: &$0) } }
    if let trace = event.envelope.trace { headers.append("traceparent") { trace.appendText(to: &$0) } }
    if !destination.signingSecrets.isEmpty {
      let signature = WebhookSignature.header(
        id: event.id.description, timestamp: now.seconds, body: body, secrets: destination.signingSecrets)
      headers.append("webhook-signature") { $0.append(contentsOf: signature.utf8) }
    }
    return AttemptRequest(delivery: delivery.id, destination: destination.name, headers: headers, body: body)
  }

  static func body(
    of event: Event, for destination: Destination, contents: (Event) -> [UInt8] = { $0.body }
  ) -> [UInt8] {
    switch destination.format {
    case .huggy:
      envelope(
        of: contents(event), rawType: event.rawType, time: event.envelope.time,
        token: destination.forwardsToken ? event.envelope.token : nil)
    case .event: contents(event)
    }
  }

  /// What Huggy would have posted had this been its only event.
  ///
  /// - Parameters:
  ///   - content: The event's object.
  ///   - rawType: The key it stood under, as it was spelled.
  ///   - time: The envelope's, as it came; nil: it had none.
  ///   - token: As it came; nil: it is not passed on.
  package static func envelope(
    of content: [UInt8], rawType: some Collection<UInt8>, time: [UInt8]?, token: [UInt8]?
  ) -> [UInt8] {
    var body: [UInt8] = []
    body.reserveCapacity(
      content.count + rawType.count + (time?.count ?? 0) + (token?.count ?? 0) + 48)
    body.append(UInt8(ascii: "{"))
    if let time {
      body.append(contentsOf: #""time":"#.utf8)
      body += time
      body.append(UInt8(ascii: ","))
    }
    body.append(contentsOf: #""messages":{""#.utf8)
    body += rawType
    body.append(contentsOf: #"":["#.utf8)
    body += content
    body.append(contentsOf: "]}".utf8)
    if let token {
      body.append(contentsOf: #","token":"#.utf8)
      body += token
    }
    body.append(UInt8(ascii: "}"))
    return body
  }

  /// Payload text as a header has it.
  package static func headerText(_ text: String) -> String {
    var bytes: [UInt8] = []
    appendHeaderText(text, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Appends payload text as it stands in a header: percent-encoded outside 0x21 to 0x7E, at most 256 bytes, no
  /// character cut in two.
  static func appendHeaderText(_ text: String, to output: inout [UInt8]) {
    var text = text
    text.withUTF8 { bytes in
      // Nearly all text is what a header may hold as it is.
      if bytes.count <= maxHeaderTextBytes, bytes.allSatisfy({ isPlain($0) }) {
        output.append(contentsOf: bytes)
      } else {
        appendEncoded(bytes, to: &output)
      }
    }
  }

  private static func appendEncoded(_ bytes: UnsafeBufferPointer<UInt8>, to output: inout [UInt8]) {
    let limit = output.count + maxHeaderTextBytes
    var start = 0
    while start < bytes.count {
      var end = start + 1
      while end < bytes.count, bytes[end] & 0xC0 == 0x80 { end += 1 }
      let character = bytes[start..<end]
      guard output.count + character.reduce(0, { $0 + (isPlain($1) ? 1 : 3) }) <= limit else { return }
      for byte in character {
        if isPlain(byte) {
          output.append(byte)
        } else {
          PercentCoding.append(byte, to: &output)
        }
      }
      start = end
    }
  }

  private static let maxHeaderTextBytes = 256

  private static func isPlain(_ byte: UInt8) -> Bool { byte >= 0x21 && byte <= 0x7E }
}
