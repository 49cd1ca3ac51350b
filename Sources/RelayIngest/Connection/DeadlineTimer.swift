import NIOCore

/// The one scheduled task of a connection.
///
/// The state machine says when to wake up. It does not move with each request, so that requests need not cancel a task and
/// schedule another one.
struct DeadlineTimer {
  private var task: Scheduled<Void>?
  /// When the task is due; nil: there is none.
  private(set) var wakesAt: NIODeadline?

  /// Wakes up at `deadline` instead of the time that was set before.
  mutating func set(to deadline: NIODeadline, on eventLoop: any EventLoop, _ wake: @escaping () -> Void) {
    task?.cancel()
    wakesAt = deadline
    task = eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { wake() }
  }

  /// The task has run: none is left.
  mutating func fired() {
    task = nil
    wakesAt = nil
  }

  mutating func cancel() {
    task?.cancel()
    fired()
  }
}
