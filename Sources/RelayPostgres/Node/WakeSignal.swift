import CEpoll
import Glibc
import RelayCore

/// Wakes a thread that waits for a socket.
final class WakeSignal: Sendable {
  private let descriptor: Int32

  init() {
    descriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
    precondition(descriptor >= 0, "out of file descriptors: raise LimitNOFILE")
  }

  deinit {
    close(descriptor)
  }

  /// From any thread.
  func wake() {
    var one: UInt64 = 1
    _ = write(descriptor, &one, 8)
  }

  /// Waits until it is woken, the socket can be read, or the time is over.
  ///
  /// - Parameter socket: -1: there is none.
  /// - Returns: Whether the socket can be read.
  func wait(for socket: Int32, atMost time: Duration) -> Bool {
    var watched = [
      pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
      pollfd(fd: socket, events: Int16(POLLIN), revents: 0),
    ]
    let milliseconds = min(time.millisecondsRoundedUp, Int64(Int32.max))
    // A signal may interrupt it: then nothing is ready, and who waits looks at the time again.
    guard poll(&watched, nfds_t(watched.count), Int32(milliseconds)) > 0 else { return false }
    var value: UInt64 = 0
    if watched[0].revents != 0 { _ = read(descriptor, &value, 8) }
    return watched[1].revents != 0
  }
}
