import RelayCore

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
    guard let id = session.names.id(of: destination, in: .destination) else { return true }
    let update = session.statements.bringIn
    update.bind(1, id)
    update.bind(2, latest.microseconds)
    update.bind(3, deliveriesPerStep)
    try update.run()
    return session.connection.changes < deliveriesPerStep
  }

  func committed() {}

  /// If it has failed, the next claim that finds one begins another.
  func end(_ error: StoreError?) {}
}

@available(*, unavailable)
extension BringInJob: Sendable {}
