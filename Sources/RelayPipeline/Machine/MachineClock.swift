import RelayCore
import RelaySystem
import RelayThreads
import Synchronization

/// The steady clock of this machine. Every thread may read it, and none waits for another but when the wall clock has made
/// a step.
package final class MachineClock: SteadyClock {
  private let sinceBoot: @Sendable () -> Int64
  private let wall: @Sendable () -> Int64
  private let stepped: @Sendable (ClockStep, Timestamp) -> Void
  private let time: Locked<SteadyTime>
  /// In microseconds: the steady time when the machine started; and how far the wall clock is ahead.
  private let base: Atomic<Int64>
  private let offset = Atomic<Int64>(0)

  /// - Parameters:
  ///   - boot: Names the machine's run since it started.
  ///   - sinceBoot: Microseconds since then, and `wall` those since 1970.
  ///   - stepped: Told of each step of the wall clock and the steady time, on whatever thread has noticed it.
  package init(
    boot: String? = bootIdentity(), sinceBoot: @escaping @Sendable () -> Int64 = bootClockMicroseconds,
    wall: @escaping @Sendable () -> Int64 = wallClockMicroseconds,
    stepped: @escaping @Sendable (ClockStep, Timestamp) -> Void
  ) {
    let time = SteadyTime(
      boot: boot, MachineTime(sinceBoot: .microseconds(sinceBoot()), wall: Timestamp(microseconds: wall())))
    self.sinceBoot = sinceBoot
    self.wall = wall
    self.stepped = stepped
    self.time = Locked(time)
    base = Atomic(time.base.microseconds)
  }

  package func now() -> Timestamp {
    Timestamp(microseconds: base.load(ordering: .relaxed) + sinceBoot())
  }

  package func reading() -> ClockReading {
    let reading = ClockReading(steady: now(), wall: Timestamp(microseconds: wall()))
    let drift = reading.microsecondsAhead - offset.load(ordering: .relaxed)
    return abs(drift) < SteadyTime.toleranceMicroseconds ? reading : lookAgain()
  }

  package var history: ClockHistory { time.withLock { $0.history } }

  package func resume(from kept: KeptClock?) {
    guard let kept else { return }
    change { $0.resume(from: kept, $1) }
  }

  package func kept() -> KeptClock {
    let machine = readTogether()
    return time.withLock { $0.kept(machine) }
  }

  /// It looks as if the wall clock had made a step; or the thread stood still between the two readings.
  private func lookAgain() -> ClockReading {
    change { $0.look($1) }
  }

  @discardableResult
  private func change(_ body: (inout SteadyTime, MachineTime) -> ClockStep?) -> ClockReading {
    let (reading, step) = time.withLock { time in
      let machine = readTogether()
      let step = body(&time, machine)
      base.store(time.base.microseconds, ordering: .relaxed)
      offset.store(time.history.offset.microseconds, ordering: .relaxed)
      return (ClockReading(steady: time.steady(at: machine), wall: machine.wall), step)
    }
    if let step { stepped(step, reading.steady) }
    return reading
  }

  /// Both within a millisecond, if the thread is let run at all.
  private func readTogether() -> MachineTime {
    var before = sinceBoot()
    for _ in 0..<100 {
      let wall = wall()
      let after = sinceBoot()
      if after - before <= 1_000 {
        return MachineTime(sinceBoot: .microseconds(after), wall: Timestamp(microseconds: wall))
      }
      before = after
    }
    return MachineTime(sinceBoot: .microseconds(sinceBoot()), wall: Timestamp(microseconds: wall()))
  }
}

/// The machine's clock.
package struct SystemWallClock: WallClock {
  package init() {}

  package func now() -> Timestamp { Timestamp(microseconds: wallClockMicroseconds()) }
}
