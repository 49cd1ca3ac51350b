/// What an attempt of several events says of them.
enum BatchVerdict: Sendable, Equatable {
  case delivered
  /// It blames an event, and nobody knows which: all go again at once, in less company, until it stands alone.
  case refused
  /// The destination failed in a way that the size of the request, or one of its events, may explain: 5xx, or a close without an
  /// answer.
  case perhapsTooLarge
  /// It answered for itself, or not in time; yet one kind, or one event, may be why.
  case perhapsOneEvents
  /// It was not reached, or asks to be left alone: whatever the request held.
  case failed

  /// One of the events may be why, and the others are not to suffer for it.
  var sparesTheOthers: Bool { self != .delivered && self != .failed }

  init(of result: AttemptResult, to destination: Destination) {
    self =
      switch result.response {
      case _ where result.isSuccess: .delivered
      case _ where destination.refusesEvents(result): .refused
      // It asks for time, not for less.
      case .status(429, _, _), .status(503, _, retryAfter: _?): .failed
      case .status(500..., _, _): .perhapsTooLarge
      case .status: .perhapsOneEvents
      case .failure where result.blame == .connection: .failed
      case .failure(let failure) where failure.kind == .timeout: .perhapsOneEvents
      case .failure: .perhapsTooLarge
      }
  }
}

extension Settlement.Outcome {
  /// It is pending no longer.
  var isFinal: Bool { if case .retry = self { false } else { true } }
}
