import RelayCore
import RelayPipeline

/// A request that a sink got.
public struct SinkRequest: Sendable {
  public enum Signature: String, Sendable {
    /// The request has none.
    case absent
    case ok
    /// It is another secret's or another body's, or its timestamp is more than five minutes off.
    case bad
    /// The sink has no secret to check it with.
    case notChecked
  }

  public var receivedAt: Timestamp
  public var method: String
  /// Without the query.
  public var path: String
  /// As they came, in their order.
  public var allHeaders: [(name: String, value: String)]
  public var body: [UInt8]
  public var signature: Signature
  /// What is answered, after the sink's delay; the sender may be gone by then.
  public var answeredStatus: Int
  /// The conversation the body tells of, in either of the relay's formats; nil if it names none. Of an
  /// envelope of several events, the first one's.
  public var chat: String?

  /// The event's id, the same on every attempt.
  public var webhookID: String? { header("webhook-id") }
  public var eventType: String? { decodedHeader("huggy-event") }
  public var company: String? { decodedHeader("huggy-company") }
  public var channel: String? { decodedHeader("huggy-channel") }
  /// From 1.
  public var attempt: Int? { header("huggy-relay-attempt").flatMap { Int($0) } }

  /// The header's value as it came; of several, the first.
  ///
  /// - Parameter name: In lower case.
  public func header(_ name: String) -> String? {
    allHeaders.first { $0.name.asciiLowercased == name }?.value
  }

  /// Payload text comes percent-encoded.
  private func decodedHeader(_ name: String) -> String? {
    header(name).map { $0.percentDecoded }
  }
}
