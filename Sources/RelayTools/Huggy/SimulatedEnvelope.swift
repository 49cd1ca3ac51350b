import RelayCore

/// An envelope that Huggy might post.
package struct SimulatedEnvelope: Sendable, Equatable {
  /// Its place in the run, from 0.
  package var index: Int
  /// The story it belongs to, from 0, and its place in that.
  package var story: Int
  package var step: Int
  package var isLastOfStory: Bool
  package var scenario: Scenario
  /// The conversation's id.
  package var chat: String
  /// The type of each event, in document order.
  package var types: [HuggyEventType]
  /// The JSON text.
  package var body: [UInt8]
}
