import RelayTestSupport

@testable import RelayCore

/// A store in memory, with a thread of its own in so far as it does one call when it is told to. What a call does, the
/// model says that every store's tests are held against; here are the calls' order, the answers on their way, and what no
/// lane may ask.
struct FakeStore {
  enum Call {
    case append([Delivery])
    case replay([Delivery])
    case settle([(Settlement, destination: String)])
    case claim(ClaimRequest, fails: Bool)
    case release([DeliveryID])
    case hold(String, token: Int)
    /// What is to be done while nothing of the destination is claimed but what is in flight.
    case operate(Operation)
    case resume(String)
  }

  /// What a person or a reload does in the store.
  struct Operation {
    enum Kind {
      case discard
      case retryDead
      case reorder(Ordering)
    }
    var destination: String
    var kind: Kind
    /// Which deliveries a change takes: those whose id divides by it.
    var divisor: Int64
  }

  var model = StoreModel()
  /// By destination: pauses, which are kept over restarts.
  var pausedUntil: [String: Timestamp] = [:]
  /// By the last operation: dead ones that are pending again.
  private(set) var revived: [DeliveryID] = []
  /// Destinations that have such, and were not resumed since.
  private var retried: Set<String> = []
  /// Asked, not done yet.
  var calls: [Call] = []
  /// Done, and not known to the dispatcher yet: in the order in which it was done.
  var notifications: [Dispatcher.Input] = []

  /// Does the oldest call.
  ///
  /// - Parameter inFlight: What may be claimed during an operation.
  mutating func doOneCall(now: Timestamp, inFlight: Set<DeliveryID> = []) throws {
    switch calls.removeFirst() {
    case .append(let deliveries):
      notifications.append(.arrived(deliveries.compactMap { model.append($0, receivedAt: now) }))
    case .replay(let deliveries):
      model.queue(deliveries, at: now)
      notifications.append(.replayQueued(Set(deliveries.map(\.destination)).sorted()))
    case .settle(let settlements): try settle(settlements, now: now)
    case .claim(let request, let fails):
      notifications.append(.claimed(fails ? failure(of: request) : model.claim(request)))
    case .release(let ids):
      for id in ids { try release(id) }
    case .hold(let name, let token):
      model.hold(name)
      notifications.append(.hold([name], token: token))
    case .operate(let operation):
      try expectOnlyClaimed(inFlight, of: operation.destination)
      operate(operation, now: now)
    case .resume(let name):
      model.resume(name)
      notifications.append(.resume([name], areRetried: retried.remove(name) != nil))
    }
  }

  private mutating func settle(_ settlements: [(Settlement, destination: String)], now: Timestamp) throws {
    var promoted: [Delivery] = []
    for (settlement, _) in settlements {
      let id = settlement.delivery
      guard let row = model.rows[id], row.isClaimed, row.isPending else {
        throw Violation("\(id) was settled by somebody who had not claimed it")
      }
      try require(settlement.attempts == row.delivery.attempts + 1, "\(id) miscounts attempts")
      if let next = model.settle(settlement, now: now) { promoted.append(next) }
    }
    notifications.append(
      .settled(
        settlements.map {
          .init(destination: $1, queue: model.rows[$0.delivery]!.delivery.queue, outcome: $0.outcome)
        }))
    if !promoted.isEmpty { notifications.append(.promoted(promoted)) }
  }

  private mutating func release(_ id: DeliveryID) throws {
    guard let row = model.rows[id], row.isClaimed, row.isPending else {
      throw Violation("\(id) was not its to release")
    }
    try require(
      row.state.kind != .waiting || row.isFollower,
      "\(id) was held while an earlier one of its key was pending")
    model.release(id)
  }

  /// The answer of a store that can't read.
  private func failure(of request: ClaimRequest) -> Claim {
    Claim(
      destination: request.destination, queue: request.queue, kind: request.kind, deliveries: [],
      isExhausted: false, isBeyond: request.after != nil)
  }

  // MARK: Operation

  /// What is in flight, or has ended with an outcome that is on its way to the disk.
  private func expectOnlyClaimed(_ inFlight: Set<DeliveryID>, of destination: String) throws {
    var allowed = inFlight
    for case .settle(let settlements) in calls { allowed.formUnion(settlements.map(\.0.delivery)) }
    for row in model.rows.values where row.isClaimed && row.delivery.destination == destination {
      try require(allowed.contains(row.id), "\(row.id) is claimed after a hold, not in flight")
    }
  }

  private mutating func operate(_ operation: Operation, now: Timestamp) {
    let name = operation.destination
    let rows = model.rows.values.filter {
      $0.delivery.destination == name && $0.id.rawValue % operation.divisor == 0
    }
    revived = []
    switch operation.kind {
    case .discard: _ = model.change(.discard, name, ids: Set(rows.map(\.id)))
    case .retryDead:
      revived = rows.filter { $0.state.kind == .dead }.map(\.id)
      _ = model.change(.retry(at: now), name, ids: Set(revived))
      if !revived.isEmpty { retried.insert(name) }
    case .reorder(let ordering): model.reorder(name, by: ordering)
    }
  }

  /// A crash and a new start: what was asked is lost, what was claimed is free.
  mutating func openAnew() {
    calls.removeAll {
      switch $0 {
      case .append, .replay: false
      case .settle, .claim, .release, .hold, .operate, .resume: true
      }
    }
    notifications = []
    retried = []
    model.openAnew()
  }
}

/// What a simulation found wrong.
struct Violation: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

func require(_ condition: Bool, _ message: @autoclosure () -> String) throws {
  if !condition { throw Violation(message()) }
}
