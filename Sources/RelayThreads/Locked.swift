import Glibc

/// A value behind a pthread mutex.
///
/// Public, here and below: the compiler specializes a generic for another module only where it is public and inlinable; else
/// each call would cost the look-up of its types.
///
/// `Synchronization.Mutex` would do, but thread sanitizer reports false races for it on Linux.
public final class Locked<Value>: @unchecked Sendable {  // The mutex guards the value.
  @usableFromInline var value: Value
  @usableFromInline let mutex: UnsafeMutablePointer<pthread_mutex_t>

  public init(_ value: Value) {
    self.value = value
    mutex = .allocate(capacity: 1)
    pthread_mutex_init(mutex, nil)
  }

  deinit {
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
  }

  @inlinable
  public func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return try body(&value)
  }
}

/// What a thread that waits on a `Monitor` does next.
public enum MonitorStep<Result> {
  case done(Result)
  /// For at most that time; nil: until it is woken.
  case sleep(Duration?)
}

/// A value behind a mutex, and a way to wait for it to change.
public final class Monitor<Value>: @unchecked Sendable {  // The mutex guards the value.
  @usableFromInline var value: Value
  @usableFromInline let mutex: UnsafeMutablePointer<pthread_mutex_t>
  @usableFromInline let condition: UnsafeMutablePointer<pthread_cond_t>

  public init(_ value: Value) {
    self.value = value
    mutex = .allocate(capacity: 1)
    condition = .allocate(capacity: 1)
    pthread_mutex_init(mutex, nil)
    var attributes = pthread_condattr_t()
    pthread_condattr_init(&attributes)
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    pthread_cond_init(condition, &attributes)
    pthread_condattr_destroy(&attributes)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  /// Changes the value and wakes whoever waits.
  @inlinable
  public func update<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
    pthread_mutex_lock(mutex)
    defer {
      pthread_cond_broadcast(condition)
      pthread_mutex_unlock(mutex)
    }
    return try body(&value)
  }

  /// Changes the value, and wakes whoever waits only where `body` says so.
  @inlinable
  public func change<Result>(_ body: (inout Value) -> (Result, wakes: Bool)) -> Result {
    pthread_mutex_lock(mutex)
    let (result, wakes) = body(&value)
    pthread_mutex_unlock(mutex)
    // After the unlock: who wakes would else wait for the mutex.
    if wakes { pthread_cond_broadcast(condition) }
    return result
  }

  /// Asks `body` over and over, after each change that wakes and each sleep that it wished for, until it is done.
  @inlinable
  public func wait<Result>(until body: (inout Value) -> MonitorStep<Result>) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while true {
      switch body(&value) {
      case .done(let result): return result
      case .sleep(nil): pthread_cond_wait(condition, mutex)
      case .sleep(let time?):
        var deadline = timespec.monotonic(after: time)
        pthread_cond_timedwait(condition, mutex, &deadline)
      }
    }
  }

  /// Waits until `body` returns something, at most until the timeout; nil: it took too long.
  @inlinable
  public func wait<Result>(timeout: Duration? = nil, until body: (inout Value) -> Result?) -> Result? {
    var deadline = timespec()
    if let timeout { deadline = .monotonic(after: timeout) }
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while true {
      if let result = body(&value) { return result }
      if timeout == nil {
        pthread_cond_wait(condition, mutex)
      } else if pthread_cond_timedwait(condition, mutex, &deadline) == ETIMEDOUT {
        return body(&value)
      }
    }
  }
}

extension timespec {
  @usableFromInline static func monotonic(after duration: Duration) -> timespec {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    let (seconds, attoseconds) = duration.components
    let nanoseconds = Int64(now.tv_nsec) + attoseconds / 1_000_000_000
    return timespec(
      tv_sec: now.tv_sec + Int(seconds) + Int(nanoseconds / 1_000_000_000),
      tv_nsec: Int(nanoseconds % 1_000_000_000))
  }
}
