import RelayCore
import RelayThreads

/// Answers for a store whose thread does not come back: a disk that hangs holds it for as long as it likes.
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
    case .hangs(let unanswered):
      observer?.storeHangs(true)
      for call in unanswered { call.answer(.failure(.hanging)) }
      return true
    case .isBack:
      observer?.storeHangs(false)
      return true
    }
  }
}

/// Whether a thread has gone and does not come back. Pure: it counts looks, and so takes no time for a hang in which the
/// whole process stood still.
struct HangRule: Equatable, Sendable {
  /// How many looks in a row must find it where it was.
  static let looks = 4

  private var turn = -1
  private var count = 0
  private(set) var isHanging = false

  /// - Parameters:
  ///   - turn: Changes whenever the thread comes back.
  ///   - isResting: It is back.
  /// - Returns: Whether it hangs now and did not before, or the other way round; nil: as before.
  mutating func look(turn: Int, isResting: Bool) -> Bool? {
    if isResting || turn != self.turn {
      self.turn = turn
      count = 0
    } else {
      count += 1
    }
    let hangs = count >= Self.looks
    guard hangs != isHanging else { return nil }
    isHanging = hangs
    return hangs
  }
}
