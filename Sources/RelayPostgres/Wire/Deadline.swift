import Glibc
import RelayCore

/// Until when something may take. A pace of real time: it bounds waits for a socket.
struct Deadline {
  private let end: ContinuousClock.Instant

  init(after duration: Duration) {
    end = .now.advanced(by: duration)
  }

  /// Not below zero.
  var remaining: Duration { max(.zero, ContinuousClock.now.duration(to: end)) }

  var isOver: Bool { remaining == .zero }

  /// A part of what remains, where that many are to be tried yet.
  func share(of count: Int) -> Deadline { Deadline(after: remaining / max(1, count)) }

  /// The earlier of this and one that ends after a time from now.
  func atMost(_ duration: Duration) -> Deadline { Deadline(after: min(remaining, duration)) }

  /// Waits until a socket has something, or can take something.
  ///
  /// - Returns: false: the time is over.
  func wait(for socket: Int32, reading: Bool = true, writing: Bool = false) -> Bool {
    var descriptor = pollfd(
      fd: socket, events: Int16((reading ? POLLIN : 0) | (writing ? POLLOUT : 0)), revents: 0)
    while true {
      let milliseconds = min(remaining.millisecondsRoundedUp, Int64(Int32.max))
      let ready = poll(&descriptor, 1, Int32(milliseconds))
      // What goes wrong with the socket, libpq finds out as it reads.
      if ready > 0 || (ready < 0 && errno != EINTR) { return true }
      if isOver { return false }
    }
  }
}
