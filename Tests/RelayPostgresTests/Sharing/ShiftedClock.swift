import RelayCore

/// Shows another time than a clock that a test moves, always by as much.
struct ShiftedClock: SteadyClock {
  let clock: any SteadyClock
  let ahead: Duration

  func now() -> Timestamp { clock.now().advanced(by: ahead) }

  func reading() -> ClockReading {
    let reading = clock.reading()
    return ClockReading(
      steady: reading.steady.advanced(by: ahead), wall: reading.wall.advanced(by: ahead))
  }

  var history: ClockHistory { ClockHistory() }
  func resume(from kept: KeptClock?) {}
  func kept() -> KeptClock {
    KeptClock(boot: nil, sinceBoot: .zero, steady: now(), history: history)
  }
}
