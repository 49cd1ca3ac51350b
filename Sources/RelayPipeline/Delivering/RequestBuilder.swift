import RelayCore
import RelayDigest
import RelayJSON
import RelayText

/// Makes the request of an attempt: the body in the destination's format, and the relay's headers.
///
/// Where a destination takes batches, a request of one event has their shape, too.
package enum RequestBuilder {
  /// Of one delivery.
  ///
  /// - Parameter contents: What the destination gets as an event's object: its bytes, but for links that are rewritten.
  package static func request(
    for delivery: Delivery, to destination: Destination, at now: ClockReading,
    contents: (Event) -> [UInt8] = { $0.body }
  ) -> AttemptRequest {
    guard destination.batch == nil else {
      return request(for: [delivery], to: destination, at: now, contents: contents)
    }
    let event = delivery.event
    var headers = headers(id: { event.id.appendText(to: &$0) }, to: destination, at: now)
    headers.append("huggy-event") { appendHeaderText(event.type, to: &$0) }
    headers.append("huggy-source") { appendHeaderText(event.envelope.source, to: &$0) }
    headers.append("huggy-relay-attempt") { JSONWriter.appendNumber(delivery.attempts + 1, to: &$0) }
    headers.append("huggy-relay-age") { JSONWriter.appendNumber(age(of: event, at: now), to: &$0) }
    append(event, delivery.queue, to: &headers)
    if let channel = event.channel { headers.append("huggy-channel") { appendHeaderText(channel, to: &$0) } }
    if let trace = event.envelope.trace { headers.append("traceparent") { trace.appendText(to: &$0) } }
    return signed(
      AttemptRequest(
        delivery: delivery.id, destination: destination.name, headers: headers,
        body: body(of: event, for: destination, contents: contents)),
      id: { event.id.description }, by: destination, at: now)
  }

  /// Of several: what is said of one event stands in a header only where it is so for all of them.
  ///
  /// - Parameter deliveries: At least one; all of one source, token, company and queue.
  package static func request(
    for deliveries: [Delivery], to destination: Destination, at now: ClockReading,
    contents: (Event) -> [UInt8] = { $0.body }
  ) -> AttemptRequest {
    let content = BatchBody(of: deliveries.map(\.event), for: destination, contents: contents)
    let first = deliveries[0]
    let ids = content.eventIDs
    let id = deliveries.count == 1 ? first.event.id.description : batchID(of: ids)
    var headers = headers(id: { $0.append(contentsOf: id.utf8) }, to: destination, at: now)
    headers.append("huggy-relay-events") { $0 += ids }
    headers.append("huggy-source") { appendHeaderText(first.event.envelope.source, to: &$0) }
    if let type = deliveries.common(\.event.type) {
      headers.append("huggy-event") { appendHeaderText(type, to: &$0) }
    }
    if let attempts = deliveries.common(\.attempts) {
      headers.append("huggy-relay-attempt") { JSONWriter.appendNumber(attempts + 1, to: &$0) }
    }
    if let age = deliveries.common({ age(of: $0.event, at: now) }) {
      headers.append("huggy-relay-age") { JSONWriter.appendNumber(age, to: &$0) }
    }
    append(first.event, first.queue, to: &headers)
    if let channel = deliveries.common(\.event.channel) ?? nil {
      headers.append("huggy-channel") { appendHeaderText(channel, to: &$0) }
    }
    if let trace = deliveries.common(\.event.envelope.trace) ?? nil {
      headers.append("traceparent") { trace.appendText(to: &$0) }
    }
    return signed(
      AttemptRequest(
        delivery: first.id, destination: destination.name, headers: headers, body: content.bytes),
      id: { id }, by: destination, at: now)
  }

  // MARK: Headers

  /// How every request begins. Of CloudEvents: one alone, and a batch.
  private static let start = beginning(.huggy)
  private static let cloudEventStart = beginning(.cloudevents)
  private static let cloudEventsStart = beginning(.cloudevents, isBatch: true)

  private static func beginning(_ format: Destination.Format, isBatch: Bool = false) -> HeaderLines {
    [
      "content-type: \(format.contentType(isBatch: isBatch))", "user-agent: \(RelayVersion.userAgent)",
    ]
  }

  private static func headers(
    id: (inout [UInt8]) -> Void, to destination: Destination, at now: ClockReading
  ) -> HeaderLines {
    let lines =
      switch destination.format {
      case .huggy, .event: start
      case .cloudevents: destination.batch == nil ? cloudEventStart : cloudEventsStart
      }
    var headers = HeaderLines(startingWith: lines, reservingCapacity: 496)
    headers.append("webhook-id", id)
    headers.append("webhook-timestamp") { JSONWriter.appendNumber(Int(now.wall.seconds), to: &$0) }
    return headers
  }

  /// What all events of a request have in common.
  private static func append(_ event: Event, _ queue: DeliveryQueue, to headers: inout HeaderLines) {
    if queue == .replay { headers.append("huggy-relay-replay") { $0.append(contentsOf: "true".utf8) } }
    if let company = event.company { headers.append("huggy-company") { appendHeaderText(company, to: &$0) } }
  }

  private static func signed(
    _ request: AttemptRequest, id: () -> String, by destination: Destination, at now: ClockReading
  ) -> AttemptRequest {
    guard !destination.signingSecrets.isEmpty else { return request }
    var request = request
    let signature = WebhookSignature.header(
      id: id(), timestamp: now.wall.seconds, body: request.body, secrets: destination.signingSecrets)
    // All may have ended.
    guard !signature.isEmpty else { return request }
    request.headers.append("webhook-signature") { $0.append(contentsOf: signature.utf8) }
    return request
  }

  /// The whole seconds since its receipt.
  private static func age(of event: Event, at now: ClockReading) -> Int {
    // A `Duration` has 128 bits, and this is done for each attempt.
    Int(max(0, now.steady.microseconds - event.envelope.receivedAt.microseconds) / 1_000_000)
  }

  /// The same for the same events in the same order, so a batch that is sent again as it was keeps it, over restarts, too.
  private static func batchID(of ids: [UInt8]) -> String {
    "bat_\(Hexadecimal.text(SHA256.hash(ids).prefix(16)))"
  }

  // MARK: Bodies

  static func body(
    of event: Event, for destination: Destination, contents: (Event) -> [UInt8] = { $0.body }
  ) -> [UInt8] {
    switch destination.format {
    case .huggy:
      envelope(
        of: contents(event), rawType: event.rawType, time: event.envelope.time,
        token: destination.forwardsToken ? event.envelope.token : nil)
    case .event: contents(event)
    case .cloudevents: CloudEvent(event).body(of: contents(event))
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

extension [Delivery] {
  /// What is the same of all; nil: it differs.
  fileprivate func common<Value: Equatable>(_ value: (Delivery) -> Value) -> Value? {
    let first = value(self[0])
    return dropFirst().allSatisfy { value($0) == first } ? first : nil
  }
}
