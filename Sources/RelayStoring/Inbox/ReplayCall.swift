import RelayCore

/// What is asked of replays.
package enum ReplayCall: Sendable {
  case begin(NewReplay, @Sendable (Result<Replay, StoreError>) -> Void)
  /// - Parameter progress: What is called with the replay when a part of the step has been queued.
  case queue(
    ReplayStep, progress: @Sendable (Replay) -> Void, @Sendable (Result<Replay, StoreError>) -> Void)
  case end(Int, as: ReplayEnd, @Sendable (Result<Replay?, StoreError>) -> Void)
  case amend(Int, plan: String, reason: String?, @Sendable (Result<Void, StoreError>) -> Void)

  package var urgency: StoreOperation.Urgency {
    switch self {
    case .begin, .end, .amend: .urgent
    // What replays send can wait for others.
    case .queue(let step, progress: _, _): .ofReplays(items: step.deliveries, isUrgent: false)
    }
  }

  package func refuse(_ error: StoreError) {
    switch self {
    case .begin(_, let completion), .queue(_, progress: _, let completion): completion(.failure(error))
    case .end(_, as: _, let completion): completion(.failure(error))
    case .amend(_, plan: _, reason: _, let completion): completion(.failure(error))
    }
  }
}

extension ReplayCall {
  var isEnd: Bool {
    switch self {
    case .end: true
    case .begin, .queue, .amend: false
    }
  }
}
