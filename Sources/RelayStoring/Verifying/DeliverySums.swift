import RelayCore

/// What a destination's deliveries come to, counted row by row, or as its books say.
package struct DeliverySums: Equatable, Sendable {
  package var pending: Int
  /// Of these, what replays have queued.
  package var replaying: Int
  package var dead: Int
  package var delivered: Int
  package var discarded: Int
  package var overflowed: Int
  /// Of what is pending or dead.
  package var backlogBytes: Int

  package init(
    pending: Int = 0, replaying: Int = 0, dead: Int = 0, delivered: Int = 0, discarded: Int = 0,
    overflowed: Int = 0, backlogBytes: Int = 0
  ) {
    self.pending = pending
    self.replaying = replaying
    self.dead = dead
    self.delivered = delivered
    self.discarded = discarded
    self.overflowed = overflowed
    self.backlogBytes = backlogBytes
  }

  /// What a destination's books say.
  package init(_ books: StoredDestination) {
    self.init(
      pending: books.pending, replaying: books.replaying, dead: books.dead, delivered: books.delivered,
      discarded: books.discarded, overflowed: books.overflowed, backlogBytes: books.backlogBytes)
  }
}

/// What the deliveries of a replay come to, counted row by row, or as the replay's own row says.
package struct ReplaySums: Equatable, Sendable {
  package var pending: Int
  package var delivered: Int
  package var dead: Int
  package var discarded: Int

  package init(pending: Int = 0, delivered: Int = 0, dead: Int = 0, discarded: Int = 0) {
    self.pending = pending
    self.delivered = delivered
    self.dead = dead
    self.discarded = discarded
  }

  /// What a replay's own row says.
  package init(queued: Int, delivered: Int, dead: Int, discarded: Int) {
    self.init(
      pending: queued - delivered - dead - discarded, delivered: delivered, dead: dead, discarded: discarded)
  }
}
