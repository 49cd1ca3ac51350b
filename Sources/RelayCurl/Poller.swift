import CEpoll
import Glibc
import Synchronization

/// epoll, and an eventfd to wake it. `wake` is for any thread; the rest is for the thread that waits.
final class Poller: @unchecked Sendable {  // Descriptors never change; the kernel guards the rest.
  /// Whether the thread sleeps, and whether it has been called: only a sleeper needs a system call.
  private enum Sleep {
    static let awake: UInt8 = 0
    static let asleep: UInt8 = 1
    static let called: UInt8 = 2
  }

  private let sleep = Atomic<UInt8>(Sleep.awake)
  private let epoll: Int32
  private let wakeup: Int32
  private var buffer = [epoll_event](repeating: epoll_event(), count: 256)

  init() {
    epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
    wakeup = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
    precondition(epoll >= 0 && wakeup >= 0, "out of file descriptors: raise LimitNOFILE")
    control(EPOLL_CTL_ADD, wakeup, EPOLLIN.rawValue)
  }

  deinit {
    close(epoll)
    close(wakeup)
  }

  func wake() {
    guard sleep.exchange(Sleep.called, ordering: .sequentiallyConsistent) == Sleep.asleep else { return }
    var one: UInt64 = 1
    _ = write(wakeup, &one, 8)
  }

  /// Watches a descriptor, or changes what is watched for.
  func watch(_ descriptor: Int32, events: UInt32, isNew: Bool) {
    control(isNew ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, descriptor, events)
  }

  func forget(_ descriptor: Int32) {
    control(EPOLL_CTL_DEL, descriptor, 0)
  }

  /// Waits for something to happen.
  ///
  /// - Parameters:
  ///   - timeoutMilliseconds: Negative: for ever.
  ///   - ready: Called with each descriptor that is ready, and its events.
  /// - Returns: Whether it was woken.
  func wait(timeoutMilliseconds: Int32, ready: (Int32, UInt32) -> Void) -> Bool {
    let sleeps = sleep.compareExchange(
      expected: Sleep.awake, desired: Sleep.asleep, ordering: .sequentiallyConsistent
    ).exchanged
    let count = epoll_wait(epoll, &buffer, Int32(buffer.count), sleeps ? timeoutMilliseconds : 0)
    let wasWoken = sleep.exchange(Sleep.awake, ordering: .sequentiallyConsistent) == Sleep.called
    // A signal may interrupt it: then nothing is ready.
    for index in 0..<max(0, Int(count)) {
      let event = buffer[index]
      if event.data.fd == wakeup {
        var value: UInt64 = 0
        _ = read(wakeup, &value, 8)
      } else {
        ready(event.data.fd, event.events)
      }
    }
    return wasWoken
  }

  private func control(_ operation: Int32, _ descriptor: Int32, _ events: UInt32) {
    var event = epoll_event()
    event.events = events
    event.data.fd = descriptor
    guard epoll_ctl(epoll, operation, descriptor, &event) != 0 else { return }
    // A descriptor may have been closed, or closed and opened anew, since it was last spoken of.
    if operation == EPOLL_CTL_MOD && errno == ENOENT {
      epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event)
    } else if operation == EPOLL_CTL_ADD && errno == EEXIST {
      epoll_ctl(epoll, EPOLL_CTL_MOD, descriptor, &event)
    }
  }
}
