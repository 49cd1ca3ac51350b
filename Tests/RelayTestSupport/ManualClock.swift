import RelayCore
import RelayThreads

/// A clock that stands still until a test moves it.
public final class ManualClock: WallClock {
  private let time: Locked<Timestamp>

  public init(_ start: Timestamp = .second(0)) {
    time = Locked(start)
  }

  public func now() -> Timestamp { time.withLock { $0 } }

  public func advance(by duration: Duration) {
    time.withLock { $0 = $0.advanced(by: duration) }
  }

  /// Also back.
  public func set(_ now: Timestamp) {
    time.withLock { $0 = now }
  }
}

extension Timestamp {
  /// So many seconds after the beginning of a test: 2026-01-02T03:04:05Z.
  public static func second(_ seconds: Int) -> Timestamp {
    Timestamp(microseconds: (1_767_323_045 + Int64(seconds)) * 1_000_000)
  }
}
