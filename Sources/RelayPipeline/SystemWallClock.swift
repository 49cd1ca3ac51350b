import RelayCore
import RelayThreads

/// The machine's clock.
package struct SystemWallClock: WallClock {
  package init() {}

  package func now() -> Timestamp { Timestamp(microseconds: wallClockMicroseconds()) }
}
