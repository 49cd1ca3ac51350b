import RelayCore
import RelayPipeline

/// Envelopes to try destinations with, as Huggy would post them.
package struct HuggySamples: SampleEnvelopes {
  package init() {}

  /// Those that Huggy's page describes, in its order.
  package let types = HuggyEventType.described.map(\.rawValue)

  /// Other chats and people each time.
  package func envelope(with type: String, token: String, at now: Timestamp) -> [UInt8]? {
    guard types.contains(type) else { return nil }
    var factory = EnvelopeFactory(seed: UInt64(bitPattern: now.microseconds), token: token)
    // Twice its open chats hold every type.
    for _ in 0..<Self.longestSearch {
      let envelope = factory.next(at: now)
      if envelope.types.contains(where: { $0.rawValue == type }) { return envelope.body }
    }
    return nil
  }

  private static let longestSearch = 1_000
}
