import RelayCore

/// A store that all is read of, in order of arrival, to be moved into another one. Nobody writes to it meanwhile. Confined to one thread.
///
/// It gives values that are the same in every kind of store: names instead of numbers, and events by their ids.
package protocol StoreOrigin {
  /// Which store it is, and as of when: another text once anything of it may have changed.
  var mark: String { get }

  /// How many rows there are, by its own count.
  func counts() throws(StoreError) -> MovedCounts

  func state() throws(StoreError) -> MovedState

  /// What arrived after a place, events and deliveries as they came: an event before its deliveries, and those that came with it before
  /// the next event.
  ///
  /// - Parameters:
  ///   - limit: About so many events and deliveries; those that came with an event are on its page.
  ///   - byteLimit: About so many bytes of bodies.
  /// - Returns: Nothing: that was all.
  /// - Throws: `failing` also where a row leads to one that is missing.
  func arrivals(
    after place: ArrivalPlace, limit: Int, byteLimit: Int
  ) throws(StoreError) -> ArrivalPage

  /// Envelopes that have a hash and were received at that time or later, in order of arrival.
  func envelopes(
    after row: Int64, receivedFrom time: Timestamp, limit: Int
  ) throws(StoreError) -> EnvelopePage

  func audit(after id: AuditID, limit: Int) throws(StoreError) -> [MovedAudit]

  /// All replays. Instead of a place in this store, their cursors have the id of the last event up to there, or nothing where there is
  /// none.
  func replays() throws(StoreError) -> [Replay]
}

package struct EnvelopePage: Sendable, Equatable {
  /// None: that was all.
  package var envelopes: [MovedEnvelope]
  /// The row of the last one.
  package var end: Int64

  package init(envelopes: [MovedEnvelope], end: Int64) {
    self.envelopes = envelopes
    self.end = end
  }
}

/// How many rows a store has of what grows.
package struct MovedCounts: Sendable, Equatable {
  package var events: Int
  package var deliveries: Int
  package var failures: Int
  /// Of replays.
  package var replayed: Int

  package init(events: Int = 0, deliveries: Int = 0, failures: Int = 0, replayed: Int = 0) {
    self.events = events
    self.deliveries = deliveries
    self.failures = failures
    self.replayed = replayed
  }
}
