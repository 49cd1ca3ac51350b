/// How far a simulator has come.
public struct SimulatorProgress: Sendable, Equatable {
  public var elapsed: Duration
  /// Envelopes that were answered or failed.
  public var sent: Int
  /// Those answered 2xx.
  public var accepted: Int
  /// The others.
  public var failed: Int { sent - accepted }
}
