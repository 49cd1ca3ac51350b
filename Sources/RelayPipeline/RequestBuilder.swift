import RelayCore

/// Makes the request of an attempt: the body in the destination's format, and the relay's headers.
public enum RequestBuilder {
  public static func request(
    for delivery: Delivery, to destination: Destination, at now: Timestamp
  ) -> AttemptRequest {
    let event = delivery.event
    let body = body(of: event, for: destination)
    let id = event.id.description
    var headers = [
      "content-type: application/json",
      "user-agent: \(RelayVersion.userAgent)",
      "webhook-id: \(id)",
      "webhook-timestamp: \(now.seconds)",
      "huggy-event: \(headerText(event.type))",
      "huggy-source: \(headerText(event.envelope.source))",
      "huggy-relay-attempt: \(delivery.attempts + 1)",
    ]
    if let company = event.company { headers.append("huggy-company: \(headerText(company))") }
    if let channel = event.channel { headers.append("huggy-channel: \(headerText(channel))") }
    if !destination.signingSecrets.isEmpty {
      let signature = WebhookSignature.header(
        id: id, timestamp: now.seconds, body: body, secrets: destination.signingSecrets)
      headers.append("webhook-signature: \(signature)")
    }
    return AttemptRequest(delivery: delivery.id, destination: destination.name, headers: headers, body: body)
  }

  /// `huggy`: what Huggy would have posted had this been its only event. `event`: the event alone.
  static func body(of event: Event, for destination: Destination) -> [UInt8] {
    guard destination.format == .huggy else { return event.body }
    var body: [UInt8] = []
    let token = destination.forwardsToken ? event.envelope.token : nil
    body.reserveCapacity(
      event.body.count + event.rawType.count + (event.envelope.time?.count ?? 0) + (token?.count ?? 0) + 48)
    body += Array("{".utf8)
    if let time = event.envelope.time {
      body += Array(#""time":"#.utf8)
      body += time
      body += Array(",".utf8)
    }
    body += Array(#""messages":{""#.utf8)
    body += event.rawType
    body += Array(#"":["#.utf8)
    body += event.body
    body += Array("]}".utf8)
    if let token {
      body += Array(#","token":"#.utf8)
      body += token
    }
    body += Array("}".utf8)
    return body
  }

  /// Payload text in a header: percent-encoded outside 0x21 to 0x7E, at most 256 bytes, no character cut in two.
  static func headerText(_ text: String) -> String {
    var encoded: [UInt8] = []
    for character in text.unicodeScalars {
      var piece: [UInt8] = []
      for byte in UTF8.encode(character)! {
        piece +=
          (0x21...0x7E).contains(byte)
          ? [byte] : [UInt8(ascii: "%"), hexDigit(byte >> 4), hexDigit(byte & 15)]
      }
      guard encoded.count + piece.count <= maxHeaderTextBytes else { break }
      encoded += piece
    }
    return String(decoding: encoded, as: UTF8.self)
  }

  private static let maxHeaderTextBytes = 256

  private static func hexDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
  }
}
