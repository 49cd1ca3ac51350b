import RelayCore

/// How many deliveries of a destination stand where.
package struct Books: Equatable, Sendable {
  package var pending: Int
  /// Those of them that replays have queued.
  package var replaying: Int
  package var dead: Int
  package var delivered: Int
  package var discarded: Int
  package var overflowed: Int

  package init(
    pending: Int = 0, replaying: Int = 0, dead: Int = 0, delivered: Int = 0, discarded: Int = 0,
    overflowed: Int = 0
  ) {
    self.pending = pending
    self.replaying = replaying
    self.dead = dead
    self.delivered = delivered
    self.discarded = discarded
    self.overflowed = overflowed
  }

  package init(_ destination: StoredDestination) {
    self.init(
      pending: destination.pending, replaying: destination.replaying, dead: destination.dead,
      delivered: destination.delivered, discarded: destination.discarded, overflowed: destination.overflowed)
  }
}

extension [StoredDestination] {
  /// Of those that have any deliveries, by name.
  package var books: [String: Books] {
    Dictionary(uniqueKeysWithValues: map { ($0.name, Books($0)) }).filter { $0.value != Books() }
  }
}
