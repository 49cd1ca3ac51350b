import RelayCore
import RelayThreads

/// The machine's clock.
public struct SystemWallClock: WallClock {
  public init() {}

  public func now() -> Timestamp { Timestamp(microseconds: wallClockMicroseconds()) }
}
