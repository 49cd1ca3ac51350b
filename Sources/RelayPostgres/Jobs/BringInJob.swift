import RelayCore
import RelayStoring

/// Brings a destination's retries within what their times are believed up to: those that lie beyond were made by a clock that
/// was wrong, or by another policy. There may be as many as the destination has deliveries.
final class BringInJob: StoreJob {
  let destination: String
  private let latest: Timestamp

  init(_ destination: String, to latest: Timestamp) {
    self.destination = destination
    self.latest = latest
  }

  func step(_ session: StoreSession) throws(StoreError) -> Bool {
    guard let row = session.names.destination(destination) else { return true }
    let brought = Brought()
    try session.commit { commit in
      session.claims.bringIn(row, to: latest, limit: deliveriesPerStep, in: commit) {
        brought.most = max(brought.most, $0)
      }
      return {}
    }
    return brought.most < deliveriesPerStep
  }

  /// How many it was, of the queue that had the most.
  private final class Brought {
    var most = 0
  }

  func committed() {}

  /// If it has failed, the next claim that finds one begins another.
  func end(_ error: StoreError?) {}
}

@available(*, unavailable)
extension BringInJob: Sendable {}
