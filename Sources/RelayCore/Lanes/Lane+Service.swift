/// What a person or the configuration does to a lane.
extension Lane {
  /// The destination is configured anew, or again: what a removed lane gave back is in the store, whatever a claim
  /// that is still under way says.
  ///
  /// - Returns: Whether its circuit is in another state now.
  mutating func reconfigure(_ destination: Destination) -> Bool {
    let isMoved = isRemoved || !self.destination.hasSameEndpoint(as: destination)
    // Another server has asked for no time, and told none.
    if self.destination.url != destination.url { (heldUntil, clockOffset) = (nil, nil) }
    // What waits in the store for longer than is allowed now is brought within it by a claim.
    if destination.retry.longestDelay < self.destination.retry.longestDelay { retryBacklog.grew() }
    self.destination = destination
    if let rate = destination.rate {
      if bucket == nil { bucket = TokenBucket(rate: rate) } else { bucket!.change(to: rate) }
    } else {
      bucket = nil
    }
    if isRemoved {
      isRemoved = false
      freshBacklog.grew()
      retryBacklog.grew()
    }
    return isMoved && beginAnew()
  }

  /// A person says that the destination is well: what it asked for with `Retry-After` no longer holds, and a probe is
  /// due at once.
  ///
  /// - Returns: Whether its circuit is in another state now.
  mutating func liftHold() -> Bool {
    heldUntil = nil
    return beginAnew()
  }

  private mutating func beginAnew() -> Bool {
    takeBackAside()
    scout.startOver()
    return circuit.begunAnew(destination)
  }

  /// Its destination is no longer configured.
  ///
  /// - Returns: What it gives back.
  mutating func remove() -> [DeliveryID] {
    isRemoved = true
    return giveUpWindow()
  }

  /// - Returns: What it gives back.
  mutating func recall() -> [DeliveryID] {
    isRecalled = true
    return giveUpWindow()
  }

  /// All that it owes is in the store, in whatever order.
  mutating func readmit() {
    isRecalled = false
    freshBacklog.grew()
    retryBacklog.grew()
    // It may have been discarded; if it was not, it fails again.
    trouble.head = nil
  }

  /// A person has retried some: their limits begin anew, so this opening's time counts from now on.
  mutating func retriedByPerson(at now: Timestamp) {
    trouble.unpausedTimeShifts(by: .zero - headTime.total(at: now))
    headTime = SuspendedTime()
  }

  /// The wall clock was set forward by so much, or back (negative).
  mutating func wallClockStepped(by step: Duration) {
    standing.wallClockStepped(by: step)
    clockOffset = clockOffset.map { $0 + step }
  }

  /// Begins and ends what depends on the time alone: call it in every turn.
  ///
  /// - Returns: Whether its suspended time began or ended.
  mutating func advance(to now: Timestamp) -> Bool {
    standing.endPause(at: now)
    if let held = heldUntil, held <= now { heldUntil = nil }
    let isPaused = isPaused(at: now)
    let isChanged = standing.suspended.set(isSuspended: isPaused || circuit.isOpen, at: now)
    if circuit.isOpen {
      headTime.set(isSuspended: !isPaused, at: now)
    } else if headTime != SuspendedTime() {
      headTime = SuspendedTime()
    }
    return isChanged
  }
}

extension Destination {
  /// Whether it differs at most in where the file pauses it.
  package func hasSameEndpoint(as other: Destination) -> Bool {
    var (mine, theirs) = (self, other)
    mine.pausedAt = nil
    theirs.pausedAt = nil
    return mine == theirs
  }
}
