import RelayCore

/// An envelope that was posted, and what came of it.
public struct SentEnvelope: Sendable {
  public var envelope: SimulatedEnvelope
  /// nil: no answer came, see `failure`.
  public var status: Int?
  public var failure: TransportFailure?
  /// From the start of the request to its answer or failure.
  public var latency: Duration
  /// The `evt_…` ids that the answer names: one for each event that the relay holds.
  public var eventIDs: [String]

  public var index: Int { envelope.index }
  public var body: [UInt8] { envelope.body }
  /// How many events the envelope holds.
  public var eventCount: Int { envelope.types.count }
  public var isAccepted: Bool { status.map { (200..<300).contains($0) } ?? false }

  /// The `evt_…` ids in an answer, in their order.
  static func eventIDs(in answer: [UInt8]) -> [String] {
    let text = String(decoding: answer, as: UTF8.self)
    return text.split(separator: "\"").map(String.init).filter { EventID($0) != nil }
  }
}
