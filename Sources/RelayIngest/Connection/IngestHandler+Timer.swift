import NIOCore

/// One scheduled task for all deadlines of a connection.
///
/// Deadlines move with every request; the task does not. It looks at the deadline when it fires and sleeps
/// for the rest. So that no deadline is missed it never sleeps longer than the shortest time that a request
/// could set anew; the shorter time of a refused request arms it afresh.
extension IngestHandler {
  func armTimer(in context: ChannelHandlerContext) {
    let now = context.eventLoop.now
    let limits = ingest.limits
    let wake = min(machine.deadline, now + min(limits.requestTimeout, limits.answerTimeout))
    wakesAt = wake
    timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: wake) { [self] in timerFired() }
  }

  func rearmTimerForEarlierDeadline() {
    guard let context, machine.ignoresInput else { return }
    timer?.cancel()
    armTimer(in: context)
  }

  private func timerFired() {
    guard let context else { return }
    timer = nil
    perform(machine.deadlinePassed(now: context.eventLoop.now))
    if timer == nil, machine.state != .closed { armTimer(in: context) }
  }
}
