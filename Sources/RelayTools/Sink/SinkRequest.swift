import RelayCore
import RelayPipeline
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
