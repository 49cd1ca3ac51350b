import Glibc

/// A thread of its own, for work that blocks: Swift's cooperative pool may be no wider than the machine.
///
/// One that nobody joins goes on to its end by itself.
package final class WorkerThread: @unchecked Sendable {  // Immutable but for the join, which is locked.
  private let handle: pthread_t
  private let isJoined = Locked(false)

  /// - Parameter name: At most 15 bytes; shows in `top -H` and in a debugger.
  package init(name: String, _ body: @escaping @Sendable () -> Void) {
    let context = Unmanaged.passRetained(Body(name: name, run: body))
    var thread = pthread_t()
    let status = pthread_create(&thread, nil, { enter($0) }, context.toOpaque())
    precondition(status == 0, "the system gives no more threads (error \(status))")
    handle = thread
  }

  /// Starts a thread that nobody will wait for.
  ///
  /// - Returns: false: the system gives no more threads.
  package static func start(name: String, _ body: @escaping @Sendable () -> Void) -> Bool {
    let context = Unmanaged.passRetained(Body(name: name, run: body))
    var thread = pthread_t()
    guard pthread_create(&thread, nil, { enter($0) }, context.toOpaque()) == 0 else {
      context.release()
      return false
    }
    pthread_detach(thread)
    return true
  }

  deinit {
    // Else its stack would stay.
    if !isJoined.withLock({ $0 }) { pthread_detach(handle) }
  }

  /// Waits until the thread has ended. From any other thread, as often as you like.
  package func join() {
    isJoined.withLock { isJoined in
      guard !isJoined else { return }
      pthread_join(handle, nil)
      isJoined = true
    }
  }

  fileprivate final class Body: Sendable {
    let name: String
    let run: @Sendable () -> Void

    init(name: String, run: @escaping @Sendable () -> Void) {
      self.name = name
      self.run = run
    }
  }
}

/// Runs what blocks on a thread of its own, and waits for it: Swift's cooperative pool goes on meanwhile.
///
/// If the system gives no more threads, it runs on the caller's: late is better than never.
///
/// - Parameter name: At most 15 bytes.
package func onThread<Value: Sendable>(
  named name: String = "blocking", _ body: @escaping @Sendable () -> Value
) async -> Value {
  await withCheckedContinuation { continuation in
    let work: @Sendable () -> Void = { continuation.resume(returning: body()) }
    if !WorkerThread.start(name: name, work) { work() }
  }
}

private func enter(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  let body = Unmanaged<WorkerThread.Body>.fromOpaque(argument!).takeRetainedValue()
  nameThread(body.name)
  body.run()
  return nil
}

/// `pthread_setname_np` is hidden from Swift; the kernel takes the name through this file too.
private func nameThread(_ name: String) {
  let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
  guard file >= 0 else { return }
  _ = name.withCString { write(file, $0, min(15, strlen($0))) }
  close(file)
}
