import RelayCore
import RelaySystem

/// The machine's wall clock, as long as nobody sets it.
package struct RunningClock: SteadyClock {
  package init() {}

  package func now() -> Timestamp { Timestamp(microseconds: wallClockMicroseconds()) }
  package func reading() -> ClockReading { ClockReading(steady: now(), wall: now()) }
  package var history: ClockHistory { ClockHistory() }
  package func resume(from kept: KeptClock?) {}
  package func kept() -> KeptClock {
    KeptClock(boot: nil, sinceBoot: .zero, steady: now(), history: history)
  }
}
