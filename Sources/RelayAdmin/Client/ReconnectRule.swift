/// Whether and when a reader of the stream tries again. One that has been let in once goes on for ever, unless it is told that it
/// may not read.
package struct ReconnectRule: Sendable {
  /// How a try ended.
  package enum Ending: Sendable, Equatable {
    /// The stream was there, and has ended or was cut off.
    case ended
    /// Something answered with another status.
    case refused(status: Int)
    case unreachable
  }

  package enum Decision: Sendable, Equatable {
    case tryAgain(after: Duration)
    case giveUp
  }

  private var hasBeenIn = false
  private var failures = 0

  /// A restart of the relay takes a second or two.
  private static let shortest = Duration.milliseconds(500)
  private static let longest = Duration.seconds(30)

  package init() {}

  /// - Parameters:
  ///   - retry: How long the stream last said to wait; nil: it has not said.
  ///   - random: From 0 to 1, so that readers that lost their streams together do not come back together.
  package mutating func decide(_ ending: Ending, retry: Duration?, random: Double) -> Decision {
    switch ending {
    case .ended: (hasBeenIn, failures) = (true, 0)
    case .refused(401), .refused(403): return .giveUp
    case .refused, .unreachable:
      // The address may be wrong, or the relay too old.
      guard hasBeenIn else { return .giveUp }
      failures += 1
    }
    let backoff = min(Self.longest, Self.shortest * (1 << min(failures, 10)))
    // The relay has added its own jitter to what it said.
    return .tryAgain(after: max(retry ?? .zero, backoff * (0.5 + random / 2)))
  }
}
