@testable import RelayCore

/// A store in memory, with a thread of its own in so far as it does one call when it is told to.
struct FakeStore {
  enum Call {
    case append([Delivery])
    case settle([(Settlement, destination: String)])
    case claim(ClaimRequest, fails: Bool)
    case release([DeliveryID])
    case withhold(String, token: Int)
    /// What is to be done while nothing of the destination is claimed but what is in flight.
    case operate(Operation)
    case handOut(String)
  }

  struct Record {
    enum State: Equatable {
      case fresh
      case retrying(due: Timestamp)
      /// For its order key; `due`: of one that had failed before.
      case waiting(due: Timestamp?)
      case delivered, discarded
      case dead(DeathReason)
    }
    var delivery: Delivery
    var key: String?
    var state: State
    var isClaimed = false

    var id: DeliveryID { delivery.id }
    var isWaiting: Bool { if case .waiting = state { true } else { false } }
    var isDead: Bool { if case .dead = state { true } else { false } }
    var isPending: Bool {
      switch state {
      case .fresh, .retrying, .waiting: true
      case .delivered, .dead, .discarded: false
      }
    }
  }

  var records: [DeliveryID: Record] = [:]
  /// Those that may be pending, by destination, and by destination and key.
  var perhapsPending: [String: Set<DeliveryID>] = [:]
  var perhapsKeyed: [String: [String: Set<DeliveryID>]] = [:]
  /// By destination: what is kept over restarts.
  var standings: [String: Standing] = [:]
  var orderings: [String: Ordering] = [:]
  var withheld: [String: Int] = [:]
  /// By the last operation: dead ones that are pending again.
  var revived: [DeliveryID] = []
  /// Destinations that have such, and have not been handed out since.
  var retried: Set<String> = []
  /// Asked, not done yet.
  var calls: [Call] = []
  /// Done, and not known to the dispatcher yet: in the order in which it was done.
  var notifications: [Dispatcher.Input] = []

  /// Does the oldest call.
  ///
  /// - Parameter inFlight: What may be claimed during an operation.
  mutating func doOneCall(now: Timestamp, inFlight: Set<DeliveryID> = []) throws {
    switch calls.removeFirst() {
    case .append(let deliveries): append(deliveries, now: now)
    case .settle(let settlements): try settle(settlements, now: now)
    case .claim(let request, let fails):
      let isWithheld = withheld[request.destination] != nil
      notifications.append(.claimed(fails || isWithheld ? failure(of: request) : claim(request)))
    case .release(let ids):
      for id in ids { try release(id) }
    case .withhold(let name, let token):
      withheld[name, default: 0] += 1
      notifications.append(.hold([name], token: token))
    case .operate(let operation):
      let claimed = records.values.filter { $0.isClaimed && $0.delivery.destination == operation.destination }
      for record in claimed {
        try require(
          mayBeClaimed(record.id, inFlight), "\(record.id) is claimed after a hold, not in flight")
      }
      operate(operation, now: now)
      if !revived.isEmpty { retried.insert(operation.destination) }
    case .handOut(let name):
      withheld[name] = withheld[name]! > 1 ? withheld[name]! - 1 : nil
      notifications.append(.resume([name], areRetried: retried.remove(name) != nil))
    }
  }

  /// In flight, or ended with an outcome that is on its way to the disk.
  private func mayBeClaimed(_ id: DeliveryID, _ inFlight: Set<DeliveryID>) -> Bool {
    inFlight.contains(id)
      || calls.contains { call in
        if case .settle(let settlements) = call {
          settlements.contains { $0.0.delivery == id }
        } else {
          false
        }
      }
  }

  private mutating func append(_ deliveries: [Delivery], now: Timestamp) {
    var handedOut: [Delivery] = []
    for delivery in deliveries {
      let name = delivery.destination
      let since = standings[name, default: Standing()].suspended.serviceTime(at: now)
      let key = orderings[name, default: .none].key(source: "huggy", chat: delivery.event.chat)
      var record = Record(delivery: delivery.since(since), key: key, state: .fresh)
      if hasPending(name, key) {
        record.state = .waiting(due: nil)
      } else if withheld[name] == nil {
        record.isClaimed = true
        handedOut.append(record.delivery)
      }
      insert(record)
    }
    notifications.append(.arrived(handedOut))
  }

  mutating func insert(_ record: Record) {
    let name = record.delivery.destination
    records[record.id] = record
    perhapsPending[name, default: []].insert(record.id)
    if let key = record.key { perhapsKeyed[name, default: [:]][key, default: []].insert(record.id) }
  }

  private mutating func settle(_ settlements: [(Settlement, destination: String)], now: Timestamp) throws {
    var promoted: [Delivery] = []
    for (settlement, _) in settlements {
      guard var record = records[settlement.delivery], record.isClaimed, record.isPending else {
        throw Violation("\(settlement.delivery) was settled by somebody who had not claimed it")
      }
      try require(
        settlement.attempts == record.delivery.attempts + 1, "\(settlement.delivery) miscounts attempts")
      record.delivery.attempts = settlement.attempts
      record.delivery.countedAttempts = settlement.countedAttempts
      record.delivery.probedAt = settlement.probedAt
      record.isClaimed = false
      switch settlement.outcome {
      case .delivered: record.state = .delivered
      case .dead(let reason): record.state = .dead(reason)
      case .retry(let due): record.state = .retrying(due: due)
      }
      records[record.id] = record
      if let next = putInOrder(record.delivery.destination, record.key) {
        promoted += promote(next, now: now)
      }
    }
    notifications.append(.settled(settlements.map { .init(destination: $1, outcome: $0.outcome) }))
    if !promoted.isEmpty { notifications.append(.promoted(promoted)) }
  }

  private mutating func promote(_ id: DeliveryID, now: Timestamp) -> [Delivery] {
    guard withheld[records[id]!.delivery.destination] == nil else { return [] }
    records[id]!.isClaimed = true
    var delivery = records[id]!.delivery
    if case .retrying(let due) = records[id]!.state, due > now { delivery.due = due }
    return [delivery]
  }

  private mutating func release(_ id: DeliveryID) throws {
    try require(
      records[id]?.isClaimed == true && records[id]?.isPending == true, "\(id) was not its to release")
    records[id]!.isClaimed = false
    let record = records[id]!
    let next = putInOrder(record.delivery.destination, record.key)
    try require(next == nil, "\(id) was held while an earlier one of its key was pending")
  }

  private func failure(of request: ClaimRequest) -> Claim {
    Claim(
      destination: request.destination, kind: request.kind, deliveries: [], isExhausted: false,
      isBeyond: request.after != nil)
  }

  private mutating func claim(_ request: ClaimRequest) -> Claim {
    var candidates: [(due: Timestamp, id: DeliveryID)] = []
    for id in perhapsPending[request.destination, default: []] {
      let record = records[id]!
      if !record.isPending { perhapsPending[request.destination]!.remove(id) }
      switch (record.state, request.kind) {
      case (.fresh, .fresh) where !record.isClaimed && request.after.map { $0 < id } ?? true:
        candidates.append((.epoch, id))
      case (.retrying(let due), .retrying) where !record.isClaimed: candidates.append((due, id))
      default: break
      }
    }
    candidates.sort { ($0.due, $0.id) < ($1.due, $1.id) }
    var claim = Claim(
      destination: request.destination, kind: request.kind, deliveries: [], isExhausted: true,
      isBeyond: request.after != nil)
    var bytes = 0
    for (due, id) in candidates {
      if due > request.now {
        claim.nextDue = due
        break
      }
      if claim.deliveries.count >= request.limit || bytes >= request.byteLimit {
        claim.isExhausted = false
        break
      }
      records[id]!.isClaimed = true
      claim.deliveries.append(records[id]!.delivery)
      bytes += records[id]!.delivery.event.footprint
    }
    return claim
  }
}

extension Delivery {
  func since(_ since: Timestamp) -> Delivery {
    Delivery(
      id: id, event: event, destination: destination, run: run, attempts: attempts,
      countedAttempts: countedAttempts, since: since, probedAt: probedAt)
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
