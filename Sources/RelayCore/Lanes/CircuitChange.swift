/// What a circuit has become, for the log.
package enum CircuitChange: Sendable, Equatable {
  /// `failure`: what came of the attempt that opened it.
  case opened(failure: String)
  case recovering
  case closed
}
