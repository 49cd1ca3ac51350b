/// What the machine's clocks show, read together.
package struct MachineTime: Sendable, Equatable {
  /// Since the machine started. It counts on while the machine sleeps, and nobody can set it.
  package var sinceBoot: Duration
  package var wall: Timestamp

  package init(sinceBoot: Duration, wall: Timestamp) {
    self.sinceBoot = sinceBoot
    self.wall = wall
  }
}

/// What is kept of the clock over restarts.
package struct KeptClock: Sendable, Equatable {
  /// Names the run of the machine that `sinceBoot` counts from; nil: the system does not say.
  package var boot: String?
  package var sinceBoot: Duration
  /// The steady time at that moment.
  package var steady: Timestamp
  package var history: ClockHistory

  package init(boot: String?, sinceBoot: Duration, steady: Timestamp, history: ClockHistory) {
    self.boot = boot
    self.sinceBoot = sinceBoot
    self.steady = steady
    self.history = history
  }
}

/// The wall clock made a step that the boot-time clock did not.
package struct ClockStep: Sendable, Equatable {
  package enum Moment: Sendable, Equatable {
    case running
    /// While the relay did not run, and the machine did.
    case stopped
    /// While the machine was off. Only a step back is noticed then: one forward looks like time that has passed.
    case off
  }

  /// How far it was set forward, or back (negative).
  package var by: Duration
  /// What it shows since.
  package var wall: Timestamp
  package var moment: Moment

  package init(by: Duration, wall: Timestamp, moment: Moment) {
    self.by = by
    self.wall = wall
    self.moment = moment
  }
}

/// The steady clock's rules, pure: told what the machine's clocks show, it says what time it is.
package struct SteadyTime: Sendable {
  /// The steady time when the machine started, or would have: `sinceBoot` is added to it.
  package private(set) var base: Timestamp
  package private(set) var history: ClockHistory
  private let boot: String?

  /// What the wall clock gains or loses by less is no step: the two are not read at quite the same moment. A leap second
  /// is one.
  package static let tolerance = Duration.milliseconds(500)
  /// The same, for who compares at every turn.
  package static let toleranceMicroseconds = tolerance.microseconds
  /// How often it is kept while there is something to commit.
  package static let keepingInterval = Duration.seconds(10)

  /// It begins as the wall clock's time.
  ///
  /// - Parameter boot: Names the machine's run.
  package init(boot: String?, _ machine: MachineTime) {
    base = machine.wall.advanced(by: .zero - machine.sinceBoot)
    self.boot = boot
    history = ClockHistory([ClockHistory.Step(from: machine.wall, offset: .zero)])
  }

  package func steady(at machine: MachineTime) -> Timestamp { base.advanced(by: machine.sinceBoot) }

  /// Goes on from where an earlier run has left it.
  ///
  /// In the same run of the machine it counts what has passed. Over a restart of the machine nobody knows how much that
  /// was (the wall clock may have been set, too): nothing has. It goes on a little later than it was kept, so that it is
  /// later than all that was timed by then.
  ///
  /// - Returns: What the wall clock was set by meanwhile.
  package mutating func resume(from kept: KeptClock, _ machine: MachineTime) -> ClockStep? {
    history = kept.history
    let isSameBoot = boot != nil && boot == kept.boot && machine.sinceBoot >= kept.sinceBoot
    guard !isSameBoot else {
      base = kept.steady.advanced(by: .zero - kept.sinceBoot)
      return look(machine, while: .stopped)
    }
    base = kept.steady.advanced(by: Self.keepingInterval - machine.sinceBoot)
    return look(machine, while: .off).flatMap { $0.by < .zero ? $0 : nil }
  }

  /// Notices a step of the wall clock.
  package mutating func look(_ machine: MachineTime, while moment: ClockStep.Moment = .running) -> ClockStep?
  {
    let steady = steady(at: machine)
    let offset = steady.duration(to: machine.wall)
    let step = offset - history.offset
    guard abs(step.microseconds) >= Self.toleranceMicroseconds else { return nil }
    history.add(ClockHistory.Step(from: steady, offset: offset))
    return ClockStep(by: step, wall: machine.wall, moment: moment)
  }

  package func kept(_ machine: MachineTime) -> KeptClock {
    KeptClock(boot: boot, sinceBoot: machine.sinceBoot, steady: steady(at: machine), history: history)
  }
}
