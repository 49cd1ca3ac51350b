/// An envelope that Huggy might post.
public struct SimulatedEnvelope: Sendable, Equatable {
  /// Its place in the run, from 0.
  public var index: Int
  /// The story it belongs to, from 0, and its place in that.
  public var story: Int
  public var step: Int
  public var isLastOfStory: Bool
  public var scenario: Scenario
  /// The conversation's id.
  public var chat: String
  /// The type of each event, in document order.
  public var types: [HuggyEventType]
  /// The JSON text.
  public var body: [UInt8]
}
