/// How far a simulator has come.
package struct SimulatorProgress: Sendable, Equatable {
  package var elapsed: Duration
  /// Envelopes that were answered or failed.
  package var sent: Int
  /// Those answered 2xx.
  package var accepted: Int
  /// The others.
  package var failed: Int { sent - accepted }
}
