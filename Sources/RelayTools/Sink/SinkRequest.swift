import NIOHTTP1
import RelayCore
import RelayJSON
import RelayPipeline
import RelaySystem
import RelayText

/// A request that a sink got.
package struct SinkRequest: Sendable {
  package enum Signature: String, Sendable {
    /// The request has none.
    case absent
    case ok
    /// It is another secret's or another body's, or its timestamp is more than five minutes off.
    case bad
    /// The sink has no secret to check it with.
    case notChecked
  }

  package var receivedAt: Timestamp
  package var method: String
  /// Without the query.
  package var path: String
  /// As they came, in their order.
  package var allHeaders: [(name: String, value: String)]
  package var body: [UInt8]
  package var signature: Signature
  /// What is answered, after the sink's delay; the sender may be gone by then.
  package var answeredStatus: Int
  /// The conversation the body tells of, in either of the relay's formats; nil if it names none. Of an
  /// envelope of several events, the first one's.
  package var chat: String?

  /// The event's id, the same on every attempt.
  package var webhookID: String? { header("webhook-id") }
  package var eventType: String? { decodedHeader("huggy-event") }
  package var company: String? { decodedHeader("huggy-company") }
  package var channel: String? { decodedHeader("huggy-channel") }
  /// From 1.
  package var attempt: Int? { header("huggy-relay-attempt").flatMap { Int($0) } }

  /// The header's value as it came; of several, the first.
  ///
  /// - Parameter name: In lower case.
  package func header(_ name: String) -> String? {
    allHeaders.first { $0.name.asciiLowercased == name }?.value
  }

  /// Payload text comes percent-encoded.
  private func decodedHeader(_ name: String) -> String? {
    header(name).map { $0.percentDecoded }
  }
}

extension SinkRequest {
  /// A request that has just come in.
  init(_ head: HTTPRequestHead, body: [UInt8], answeredStatus: Int, secret: SigningSecret?) {
    self.init(
      receivedAt: Timestamp(microseconds: wallClockMicroseconds()),
      method: head.method.rawValue,
      path: String(head.uri.prefix { $0 != "?" }),
      allHeaders: head.headers.map { (name: $0.name, value: $0.value) },
      body: body,
      signature: .notChecked,
      answeredStatus: answeredStatus)
    signature = checkedSignature(with: secret, at: receivedAt)
    chat = ChatReader.chat(in: body, eventType: eventType)
  }
}

extension SinkRequest {
  /// One line for people: time (UTC), status, path, type, company, chat, webhook-id, attempt, signature. `-`
  /// stands for what the request doesn't say.
  package var line: String {
    [
      String(receivedAt.description.dropFirst(11)),
      String(answeredStatus),
      Self.column(path, width: 12),
      Self.column(eventType, width: 23),
      Self.column(company, width: 6),
      Self.column(chat, width: 10),
      Self.column(webhookID, width: 40),
      Self.column("attempt \(attempt.map(String.init) ?? "-")", width: 10),
      "signature \(signature == .notChecked ? "-" : signature.rawValue)",
    ].joined(separator: "  ")
  }

  /// Padded to its width, so that lines align; what is longer is shown, to a limit: nobody guesses an id's
  /// rest.
  private static func column(_ text: String?, width: Int) -> String {
    let shown = (text?.isEmpty ?? true) ? "-" : text!.forTerminal(maxCharacters: 80)
    return shown + String(repeating: " ", count: max(0, width - shown.count))
  }
}

extension SinkRequest {
  /// How far a request's `webhook-timestamp` may be from now, either way, in seconds.
  static let signatureToleranceSeconds: UInt64 = 300

  /// What the request's signature is worth to the holder of the secret.
  func checkedSignature(with secret: SigningSecret?, at now: Timestamp) -> Signature {
    guard let secret else { return .notChecked }
    let signatures = allHeaders.filter { $0.name.asciiLowercased == "webhook-signature" }.map(\.value)
    guard !signatures.isEmpty else { return .absent }
    guard let id = webhookID, let seconds = header("webhook-timestamp").flatMap({ Int64($0) }),
      (now.seconds &- seconds).magnitude <= Self.signatureToleranceSeconds
    else { return .bad }
    let isVerified = WebhookSignature.verifies(
      header: signatures.joined(separator: " "), id: id, timestamp: seconds, body: body, secret: secret)
    return isVerified ? .ok : .bad
  }
}

/// Reads which conversation a forwarded body tells of, in the way in which the relay itself would.
struct ChatReader: Sendable {
  private static let scanner = EnvelopeScanner(fields: RoutingTable([]).fields)

  /// - Parameters:
  ///   - body: An envelope, or an event alone.
  ///   - eventType: What an event alone is.
  static func chat(in body: [UInt8], eventType: String?) -> String? {
    if let chat = firstChat(in: body) { return chat }
    // An event alone: put it where the scanner looks for events.
    var envelope = Array(#"{"messages":{"event":"#.utf8)
    envelope += body
    envelope += Array("}}".utf8)
    return firstChat(in: envelope, type: eventType ?? "")
  }

  private static func firstChat(in envelope: [UInt8], type: String? = nil) -> String? {
    guard let scanned = try? scanner.scan(envelope), let event = scanned.events.first else { return nil }
    return envelope.withUnsafeBufferPointer { document in
      EventView(
        source: "", type: type ?? event.type.text(in: document), fallbackCompany: nil,
        fields: scanned.fields[event.fields], document: document
      ).chat
    }
  }
}
