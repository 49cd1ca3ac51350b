import RelayCore
import RelayTestSupport

@testable import RelayPostgres

/// The lease's rules once more, as a search through all that has happened.
struct LeaseModel {
  enum Step: CaseIterable {
    case passOne, passFour, send, confirmOldest, confirmNewest, giveUp, disconnect, look
  }

  private struct Confirmation {
    var sent: Timestamp
    var at: Timestamp
  }

  private let times: LeaseTimes
  private var now = Timestamp.second(0)
  /// Heartbeats that were not answered yet.
  private var underWay: [Timestamp] = []
  /// Since the slot was given up last, if it ever was.
  private var confirmations: [Confirmation] = []
  /// How many of them there were when the connection was lost last.
  private var countAtLoss = 0
  /// What the lease has told.
  private var told: [Lease.Change] = []
  private var hasLooked = true

  init(_ times: LeaseTimes) {
    self.times = times
  }

  func allows(_ step: Step) -> Bool {
    switch step {
    case .confirmOldest: !underWay.isEmpty
    case .confirmNewest: underWay.count > 1
    case .send: underWay.count < 2
    case .passOne, .passFour, .giveUp, .disconnect, .look: true
    }
  }

  mutating func take(_ step: Step, _ lease: inout Lease) {
    hasLooked = step == .look || step == .confirmOldest || step == .confirmNewest || step == .giveUp
    switch step {
    case .passOne: now = now.advanced(by: .seconds(1))
    case .passFour: now = now.advanced(by: .seconds(4))
    case .send: underWay.append(now)
    case .confirmOldest: confirm(underWay.removeFirst(), &lease)
    case .confirmNewest: confirm(underWay.removeLast(), &lease)
    case .giveUp:
      confirmations = []
      countAtLoss = 0
      if let change = lease.giveUp() { told.append(change) }
    case .disconnect:
      countAtLoss = confirmations.count
      lease.disconnect()
    case .look:
      if let change = lease.look(at: now) { told.append(change) }
    }
  }

  private mutating func confirm(_ sent: Timestamp, _ lease: inout Lease) {
    told += lease.confirm(sentAt: sent, now: now)
    confirmations.append(Confirmation(sent: sent, at: now))
  }

  func agrees(with lease: Lease) -> Bool {
    let isFresh = age(at: now).map { $0 < times.startsWithin } ?? false
    guard lease.mayStart(at: now) == (isFresh && sureFor != nil) else { return false }
    guard lease.judgesOthers(at: now) == (sureFor.map { $0 >= times.length } ?? false) else { return false }
    // It has told first that it is held, and then the other each time; the last word is true once somebody has looked.
    for (place, change) in told.enumerated() where change != (place % 2 == 0 ? .held : .lost) { return false }
    return !hasLooked || (told.last == .held) == isHeld(at: now)
  }

  /// Of the newest heartbeat that was confirmed by then, while its confirmation was worth something.
  private func age(at time: Timestamp) -> Duration? {
    confirmations.filter { $0.at <= time && isWorthSomething($0) }
      .map { $0.sent.duration(to: time) }.min()
  }

  private func isHeld(at time: Timestamp) -> Bool { age(at: time).map { $0 < times.length } ?? false }

  /// Since the sending of the heartbeat whose confirmation was the last to find the lease lost, or was the first after the connection was.
  private var sureFor: Duration? {
    guard isHeld(at: now) else { return nil }
    var since: Timestamp?
    for (place, one) in confirmations.enumerated() where isWorthSomething(one) && place >= countAtLoss {
      let wasHeld = confirmations[..<place].contains {
        isWorthSomething($0) && $0.sent.duration(to: one.at) < times.length
      }
      if since == nil || !wasHeld { since = one.sent }
    }
    return since.map { $0.duration(to: now) }
  }

  private func isWorthSomething(_ one: Confirmation) -> Bool {
    one.sent.duration(to: one.at) < times.length
  }
}
