/// How long a node counts as alive after its last heartbeat, and what follows from that.
package struct LeaseTimes: Sendable, Equatable {
  /// From one heartbeat to the next.
  package var heartbeat: Duration
  /// No attempt starts unless a heartbeat was confirmed that was sent no longer ago than this.
  package var startsWithin: Duration
  /// After so long without a heartbeat others may end the node's sessions, and take over what it had.
  package var length: Duration
  /// A node none of whose connections is there is over when it was not seen for so long. One that lives, and has lost them, makes them again
  /// at once, and sends a heartbeat: it is longer than the time from one heartbeat to the next.
  package var gone: Duration
  /// What people have asked of another node is given up when nobody has taken it up, or gone on with it, for so long. It is longer than a
  /// take-over takes.
  package var goesOnWithin: Duration

  package init(
    heartbeat: Duration, startsWithin: Duration, length: Duration, gone: Duration,
    goesOnWithin: Duration = .seconds(60)
  ) {
    self.heartbeat = heartbeat
    self.startsWithin = startsWithin
    self.length = length
    self.gone = gone
    self.goesOnWithin = goesOnWithin
  }

  /// What a killed node had goes on within a second, of which a take-over needs up to 0.3: so a node is gone 0.7 s after its last heartbeat.
  /// One that has only lost its connections must have made them again, and sent a heartbeat, by then: so there is one each half second.
  package static let standard = LeaseTimes(
    heartbeat: .milliseconds(500), startsWithin: .seconds(3), length: .seconds(5), gone: .milliseconds(700))
}
