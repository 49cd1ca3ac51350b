import RelayPipeline
import Synchronization

/// Counts the connections of all event loops (`server.max_connections`).
final class ConnectionLimit: Sendable {
  /// As many more may be waiting to read their 503; beyond that a connection is closed without a word.
  static let maxTurnedAway = 128

  private let maxOpen: Atomic<Int>
  private let open = Atomic<Int>(0)
  private let turnedAway = Atomic<Int>(0)

  init(maxOpen: Int) {
    self.maxOpen = Atomic(maxOpen)
  }

  /// Those that are open stay.
  func setMaxOpen(_ maxOpen: Int) {
    self.maxOpen.store(maxOpen, ordering: .relaxed)
  }

  func admit() -> ConnectionAdmission? {
    if Self.enter(open, limit: maxOpen.load(ordering: .relaxed)) { return .open }
    return turnAway(.tooManyConnections)
  }

  /// - Parameter refusal: What it is told.
  func turnAway(_ refusal: Refusal) -> ConnectionAdmission? {
    Self.enter(turnedAway, limit: Self.maxTurnedAway) ? .turnedAway(refusal) : nil
  }

  func leave(_ admission: ConnectionAdmission) {
    switch admission {
    case .open: open.wrappingSubtract(1, ordering: .relaxed)
    case .turnedAway: turnedAway.wrappingSubtract(1, ordering: .relaxed)
    }
  }

  private static func enter(_ count: borrowing Atomic<Int>, limit: Int) -> Bool {
    if count.wrappingAdd(1, ordering: .relaxed).newValue <= limit { return true }
    count.wrappingSubtract(1, ordering: .relaxed)
    return false
  }
}

/// Whether a new connection is served.
enum ConnectionAdmission: Equatable {
  case open
  /// Told that there are too many.
  case turnedAway(Refusal)

  var refusal: Refusal? { if case .turnedAway(let refusal) = self { refusal } else { nil } }
}
