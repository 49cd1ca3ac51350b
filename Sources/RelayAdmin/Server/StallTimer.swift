import NIOCore

/// Closes a connection whose client takes nothing of what was written for it. A copy of the store that waits for its client
/// keeps as much of the disk as it is large.
///
/// One scheduled task while anything is unsent; it looks when something last left, and sleeps for the rest.
final class StallTimer {
  /// Changed before anything of an answer is written.
  var limit: TimeAmount
  private var unsent = 0
  private var lastProgress = NIODeadline.uptimeNanoseconds(0)
  private var timer: Scheduled<Void>?

  init(limit: TimeAmount) {
    self.limit = limit
  }

  /// - Parameter sent: When the kernel has all of it.
  func wrote(until sent: EventLoopFuture<Void>, _ context: ChannelHandlerContext) {
    if unsent == 0 { lastProgress = context.eventLoop.now }
    unsent += 1
    sent.assumeIsolated().whenComplete { [self] _ in
      unsent -= 1
      lastProgress = sent.eventLoop.now
    }
    if timer == nil { arm(context, at: lastProgress + limit) }
  }

  func cancel() {
    timer?.cancel()
    timer = nil
  }

  private func arm(_ context: ChannelHandlerContext, at deadline: NIODeadline) {
    timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [self] in
      timer = nil
      guard unsent > 0 else { return }
      guard context.eventLoop.now >= lastProgress + limit else {
        return arm(context, at: lastProgress + limit)
      }
      context.close(promise: nil)
    }
  }
}

@available(*, unavailable) extension StallTimer: Sendable {}
