import RelayCore
import RelayThreads

/// Answers for a store whose thread does not come back: a disk that hangs, or a server, holds it for as long as it likes.
///
/// A thread of its own, which looks now and then while the store has something to do, and sleeps while it has not. What
/// it finds is the inbox's to decide.
final class HangWatch: Sendable {
  private struct Signal: Sendable {
    var isWanted = false
    var isOver = false
  }

  private let signal = Monitor(Signal())
  private let thread: WorkerThread

  /// - Parameters:
  ///   - interval: From one look to the next.
  ///   - observer: Told on this thread whether the store hangs.
  init(_ inbox: Monitor<StoreInbox>, interval: Duration, observer: (any StoreObserver)?) {
    let signal = signal
    thread = WorkerThread(name: "store-watch") {
      while Self.isWanted(signal) {
        repeat {
          if signal.wait(timeout: interval, until: { $0.isOver ? true : nil }) != nil { return }
        } while Self.look(inbox, observer)
      }
    }
  }

  /// The store has something to do.
  func begin() { signal.update { $0.isWanted = true } }

  /// Blocks until its thread has ended.
  func end() {
    signal.update { $0.isOver = true }
    thread.join()
  }

  /// Sleeps until it is; false: it is over.
  private static func isWanted(_ signal: Monitor<Signal>) -> Bool {
    signal.wait { signal -> Bool? in
      if signal.isOver { return false }
      guard signal.isWanted else { return nil }
      signal.isWanted = false
      return true
    } ?? false
  }

  /// - Returns: Whether to look again.
  private static func look(_ inbox: Monitor<StoreInbox>, _ observer: (any StoreObserver)?) -> Bool {
    switch inbox.change({ ($0.look(), wakes: false) }) {
    case .nothingToDo: return false
    case .works: return true
    case .hangs(let error, let unanswered):
      observer?.storeHangs(true)
      for call in unanswered { call.answer(.failure(error)) }
      return true
    case .isBack:
      observer?.storeHangs(false)
      return true
    }
  }
}
