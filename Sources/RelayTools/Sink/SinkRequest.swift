import NIOHTTP1
import RelayCore
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
    /// The sink has no secret, and no public key, to check it with.
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
  /// The conversation the body tells of, in any of the relay's formats; nil if it names none, or holds several events.
  package var chat: String?
  /// What it holds, where the destination takes several events in one request; nil: it does not.
  package var batch: SinkBatch?
  /// What is wrong with the one CloudEvent that it holds; nil: nothing, or it holds none.
  package var flaw: String?

  /// The event's id, the same on every attempt; of a batch of several, the batch's own.
  package var webhookID: String? { header("webhook-id") }
  /// The ids of all the events that it holds, as the request says them.
  package var eventIDs: [String] { batch?.ids ?? webhookID.map { [$0] } ?? [] }
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
  init(_ head: HTTPRequestHead, body: [UInt8], answeredStatus: Int, verifier: WebhookVerifier?) {
    self.init(
      receivedAt: Timestamp(microseconds: wallClockMicroseconds()),
      method: head.method.rawValue,
      path: String(head.uri.prefix { $0 != "?" }),
      allHeaders: head.headers.map { (name: $0.name, value: $0.value) },
      body: body,
      signature: .notChecked,
      answeredStatus: answeredStatus)
    signature = checkedSignature(with: verifier, at: receivedAt)
    let isOfCloudEvents = CloudEventReader.reads(contentType: header("content-type"))
    batch = header(SinkBatch.header).map {
      SinkBatch(ids: $0, body: body, type: eventType, isOfCloudEvents: isOfCloudEvents)
    }
    if let batch {
      chat = batch.events.count == 1 ? batch.events[0].chat : nil
    } else if isOfCloudEvents {
      let readings = CloudEventReader.events(in: body)
      chat = readings.first?.event.chat
      flaw =
        readings.count == 1
        ? readings[0].flaw ?? readings[0].idFlaw(webhookID)
        : "it is no CloudEvent"
    } else {
      chat = ChatReader.chat(in: body, eventType: eventType)
    }
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
    ].joined(separator: "  ") + (batch.map { "  \($0.summary)" } ?? flaw.map { "  BUT \($0)" } ?? "")
  }

  /// `line`, and of a batch one more for each of its events: type, company, chat, id.
  package var lines: [String] {
    let indent = String(repeating: " ", count: 19)
    let events = batch?.events.map { event in
      [
        indent + Self.column("·", width: 12), Self.column(event.type, width: 23),
        Self.column(event.company, width: 6), Self.column(event.chat, width: 10),
        event.id?.forTerminal() ?? "-",
      ].joined(separator: "  ")
    }
    return [line] + (events ?? [])
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

  /// What the request's signature is worth to who can check it.
  func checkedSignature(with verifier: WebhookVerifier?, at now: Timestamp) -> Signature {
    guard let verifier else { return .notChecked }
    let signatures = allHeaders.filter { $0.name.asciiLowercased == "webhook-signature" }.map(\.value)
    guard !signatures.isEmpty else { return .absent }
    guard let id = webhookID, let seconds = header("webhook-timestamp").flatMap({ Int64($0) }),
      (now.seconds &- seconds).magnitude <= Self.signatureToleranceSeconds
    else { return .bad }
    let isVerified = WebhookSignature.verifies(
      header: signatures.joined(separator: " "), id: id, timestamp: seconds, body: body, by: verifier)
    return isVerified ? .ok : .bad
  }
}
