import RelayCore

/// What the rows of a delivery and of a failure say of an attempt.
extension Settlement {
  /// As nearly all are: by the first attempt, so that there is less to say.
  package var isDeliveredAtOnce: Bool {
    outcome == .delivered && attempts == 1 && countedAttempts == 1 && probedAt == nil
  }
}

extension Settlement.Outcome {
  package var state: DeliveryState {
    switch self {
    case .delivered: .delivered
    case .retry: .retrying
    case .dead: .dead
    }
  }

  package var due: Timestamp? {
    switch self {
    case .retry(let at): at
    case .delivered, .dead: nil
    }
  }

  package var reason: DeathReason? {
    switch self {
    case .dead(let reason): reason
    case .delivered, .retry: nil
    }
  }
}

extension AttemptResult {
  package var failure: TransportFailure? {
    if case .failure(let failure) = response { failure } else { nil }
  }

  /// The beginning of the answer's body; nil: there was none.
  package var keptAnswer: [UInt8]? {
    guard case .status(_, let body, _) = response, !body.isEmpty else { return nil }
    return Array(body.prefix(Self.keptAnswerBytes))
  }
}
