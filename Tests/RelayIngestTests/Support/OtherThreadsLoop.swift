import Dispatch
import NIOCore
import Synchronization

/// An event loop as other threads see it: nobody is on it, and what it is to carry out waits until the test says so.
final class OtherThreadsLoop: EventLoop {
  private let tasks = Mutex<[@Sendable () -> Void]>([])
  private let real: any EventLoop

  /// - Parameter real: Where the tasks belong.
  init(_ real: any EventLoop) {
    self.real = real
  }

  /// How often it has been woken since `run`.
  var wakeUps: Int { tasks.withLock { $0.count } }

  func run() {
    let waiting = tasks.withLock { tasks in
      defer { tasks = [] }
      return tasks
    }
    for task in waiting { task() }
  }

  var inEventLoop: Bool { false }
  func execute(_ task: @escaping @Sendable () -> Void) { tasks.withLock { $0.append(task) } }
  func scheduleTask<T>(deadline: NIODeadline, _ task: @escaping @Sendable () throws -> T) -> Scheduled<T> {
    real.scheduleTask(deadline: deadline, task)
  }
  func scheduleTask<T>(in time: TimeAmount, _ task: @escaping @Sendable () throws -> T) -> Scheduled<T> {
    real.scheduleTask(in: time, task)
  }
  func shutdownGracefully(queue: DispatchQueue, _ callback: @escaping @Sendable ((any Error)?) -> Void) {
    real.shutdownGracefully(queue: queue, callback)
  }
}
