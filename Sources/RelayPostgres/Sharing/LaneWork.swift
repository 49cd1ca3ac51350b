import RelayCore
import RelayStoring

/// What people ask of a destination, or of a replay, that another node may have: on its way to the store's thread.
enum LaneWork: OwnWork {
  case pause(String, until: Timestamp?, @Sendable (Result<Void, StoreError>) -> Void)
  case endRetryAfter(String, @Sendable (Result<RetryAfterEnd, StoreError>) -> Void)
  case endReplay(Int, as: ReplayEnd, @Sendable (Result<Replay?, StoreError>) -> Void)

  func refuse(_ error: StoreError) {
    switch self {
    case .pause(_, _, let completion): completion(.failure(error))
    case .endRetryAfter(_, let completion): completion(.failure(error))
    case .endReplay(_, as: _, let completion): completion(.failure(error))
    }
  }
}
