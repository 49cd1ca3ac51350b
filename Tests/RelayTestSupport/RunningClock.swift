import RelayCore
import RelayThreads

/// The machine's wall clock, as long as nobody sets it.
public struct RunningClock: SteadyClock {
  public init() {}

  public func now() -> Timestamp { Timestamp(microseconds: wallClockMicroseconds()) }
  public func reading() -> ClockReading { ClockReading(steady: now(), wall: now()) }
  public var history: ClockHistory { ClockHistory() }
  public func resume(from kept: KeptClock?) {}
  public func kept() -> KeptClock {
    KeptClock(boot: nil, sinceBoot: .zero, steady: now(), history: history)
  }
}
