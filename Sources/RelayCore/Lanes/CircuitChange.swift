/// What a circuit has become, for the log.
public enum CircuitChange: Sendable, Equatable {
  /// `failure`: what came of the attempt that opened it.
  case opened(failure: String)
  case recovering
  case closed
}
