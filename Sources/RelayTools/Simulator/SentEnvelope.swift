import RelayCore

/// An envelope that was posted, and what came of it.
package struct SentEnvelope: Sendable {
  package var envelope: SimulatedEnvelope
  /// nil: no answer came, see `failure`.
  package var status: Int?
  package var failure: TransportFailure?
  /// From the start of the request to its answer or failure.
  package var latency: Duration
  /// The `evt_…` ids that the answer names: one for each event that the relay holds.
  package var eventIDs: [String]

  package var index: Int { envelope.index }
  package var body: [UInt8] { envelope.body }
  /// How many events the envelope holds.
  package var eventCount: Int { envelope.types.count }
  package var isAccepted: Bool { status.map { (200..<300).contains($0) } ?? false }

  /// The `evt_…` ids in an answer, in their order.
  static func eventIDs(in answer: [UInt8]) -> [String] {
    let text = String(decoding: answer, as: UTF8.self)
    return text.split(separator: "\"").map(String.init).filter { EventID($0) != nil }
  }
}
