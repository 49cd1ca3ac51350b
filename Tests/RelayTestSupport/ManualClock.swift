import RelayCore
import RelayThreads

/// A clock that stands still until a test moves it. The wall clock shows the same time, but for what a test sets it ahead.
package final class ManualClock: WallClock, SteadyClock {
  private struct State: Sendable {
    var now: Timestamp
    var history = ClockHistory()
  }

  private let state: Locked<State>

  package init(_ start: Timestamp = .second(0)) {
    state = Locked(State(now: start))
  }

  package func now() -> Timestamp { state.withLock { $0.now } }

  package func reading() -> ClockReading {
    state.withLock { ClockReading(steady: $0.now, wall: $0.now.advanced(by: $0.history.offset)) }
  }

  package var history: ClockHistory { state.withLock { $0.history } }

  /// Nothing is changed by another run: tests say themselves what time it is.
  package func resume(from kept: KeptClock?) {}

  package func kept() -> KeptClock {
    state.withLock { KeptClock(boot: nil, sinceBoot: .zero, steady: $0.now, history: $0.history) }
  }

  package func advance(by duration: Duration) {
    state.withLock { $0.now = $0.now.advanced(by: duration) }
  }

  /// Also back.
  package func set(_ now: Timestamp) {
    state.withLock { $0.now = now }
  }

  /// The wall clock is set ahead of it by so much, from now on.
  package func setWall(ahead offset: Duration) {
    state.withLock {
      let before =
        $0.history.steps.isEmpty ? [ClockHistory.Step(from: .epoch, offset: .zero)] : $0.history.steps
      $0.history = ClockHistory(before + [ClockHistory.Step(from: $0.now, offset: offset)])
    }
  }
}

/// A machine whose clocks a test moves: what the steady clock is made of.
package final class ManualMachine: SteadyClock {
  private struct State: Sendable {
    var boot = 1
    var machine: MachineTime
    var time: SteadyTime
  }

  private let state: Locked<State>

  package init(wall: Timestamp = .second(0)) {
    let machine = MachineTime(sinceBoot: .seconds(1_000), wall: wall)
    state = Locked(State(machine: machine, time: SteadyTime(boot: "1", machine)))
  }

  package func now() -> Timestamp { state.withLock { $0.time.steady(at: $0.machine) } }

  package func reading() -> ClockReading {
    state.withLock {
      _ = $0.time.look($0.machine)
      return ClockReading(steady: $0.time.steady(at: $0.machine), wall: $0.machine.wall)
    }
  }

  package var history: ClockHistory { state.withLock { $0.time.history } }

  package func resume(from kept: KeptClock?) {
    state.withLock { state in
      // The relay's process is another one.
      state.time = SteadyTime(boot: "\(state.boot)", state.machine)
      if let kept { _ = state.time.resume(from: kept, state.machine) }
    }
  }

  package func kept() -> KeptClock { state.withLock { $0.time.kept($0.machine) } }

  /// Time passes.
  package func pass(_ duration: Duration) {
    state.withLock {
      $0.machine.sinceBoot += duration
      $0.machine.wall = $0.machine.wall.advanced(by: duration)
    }
  }

  /// Somebody sets the wall clock forward by so much, or back (negative).
  package func setWall(by step: Duration) {
    state.withLock { $0.machine.wall = $0.machine.wall.advanced(by: step) }
  }

  /// The machine is off for so long, and runs again.
  package func reboot(after absence: Duration) {
    state.withLock {
      $0.boot += 1
      $0.machine.sinceBoot = .seconds(5)
      $0.machine.wall = $0.machine.wall.advanced(by: absence)
    }
  }
}

extension Timestamp {
  /// So many seconds after the beginning of a test: 2026-01-02T03:04:05Z.
  package static func second(_ seconds: Int) -> Timestamp {
    Timestamp(microseconds: (1_767_323_045 + Int64(seconds)) * 1_000_000)
  }
}
