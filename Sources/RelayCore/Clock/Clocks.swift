/// The relay's own time, injected: it runs on as the machine's boot-time clock does, whatever the wall clock is set to.
///
/// Everything waits and grows old by it, and the store's times are its. It began as the wall clock's time when the store
/// was made, and has missed since what the wall clock was set by, and what passed while the machine was off.
package protocol SteadyClock: Sendable {
  /// It never goes back.
  func now() -> Timestamp

  /// Both clocks at one moment. A step of the wall clock is noticed here.
  func reading() -> ClockReading

  /// What the wall clock has shown.
  var history: ClockHistory { get }

  /// Goes on from where an earlier run has left it; nil: there was none. A store calls it once, before anything is timed.
  func resume(from kept: KeptClock?)

  /// What a store is to keep for that: about every `SteadyTime.keepingInterval` in which it commits anything, and when it
  /// closes.
  func kept() -> KeptClock
}

/// What the two clocks showed at one moment.
package struct ClockReading: Sendable, Equatable {
  package var steady: Timestamp
  package var wall: Timestamp

  package init(steady: Timestamp, wall: Timestamp) {
    self.steady = steady
    self.wall = wall
  }

  /// How far the wall clock is ahead, in microseconds: for who asks at every turn. A `Duration` has 128 bits.
  package var microsecondsAhead: Int64 { wall.microseconds - steady.microseconds }

  /// How far the wall clock is ahead.
  package var offset: Duration { steady.duration(to: wall) }
}

/// What time people would say it is, injected. It may be set, forward and back.
///
/// For what is shown and sent: signatures, ids, times in answers. Nothing waits for it or grows old by it: that is the
/// `SteadyClock`'s.
package protocol WallClock: Sendable {
  func now() -> Timestamp
}
