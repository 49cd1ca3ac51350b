import RelayCore

/// A store in memory, with a thread of its own in so far as it does one call when it is told to.
struct FakeStore {
  enum Call {
    case append([Delivery])
    case settle([(Settlement, destination: String)])
    case claim(ClaimRequest, fails: Bool)
    case release([DeliveryID])
  }

  struct Record {
    enum State: Equatable { case fresh, retrying(due: Timestamp), delivered, dead }
    var delivery: Delivery
    var state = State.fresh
    var isClaimed = true
    var isPending: Bool { state != .delivered && state != .dead }
  }

  private(set) var records: [DeliveryID: Record] = [:]
  /// Asked, not done yet.
  var calls: [Call] = []
  /// Done, and not known to the dispatcher yet: in the order in which it was done.
  var notifications: [Dispatcher.Input] = []

  /// Does the oldest call.
  mutating func doOneCall() throws {
    switch calls.removeFirst() {
    case .append(let deliveries):
      for delivery in deliveries { records[delivery.id] = Record(delivery: delivery) }
      notifications.append(.arrived(deliveries))
    case .settle(let settlements):
      for (settlement, _) in settlements { try settle(settlement) }
      notifications.append(.settled(settlements.map { .init(destination: $1, outcome: $0.outcome) }))
    case .claim(let request, let fails):
      notifications.append(.claimed(fails ? failure(of: request) : claim(request)))
    case .release(let ids):
      for id in ids {
        try require(
          records[id]?.isClaimed == true && records[id]?.isPending == true, "\(id) was not its to release")
        records[id]!.isClaimed = false
      }
    }
  }

  /// A crash and a new start: what was asked is lost, what was claimed is free.
  mutating func openAnew() {
    calls.removeAll { if case .append = $0 { false } else { true } }
    notifications = []
    for id in records.keys { records[id]!.isClaimed = false }
  }

  private mutating func settle(_ settlement: Settlement) throws {
    guard var record = records[settlement.delivery], record.isClaimed, record.isPending else {
      throw Violation("\(settlement.delivery) was settled by somebody who had not claimed it")
    }
    try require(
      settlement.attempts == record.delivery.attempts + 1, "\(settlement.delivery) miscounts attempts")
    record.delivery.attempts = settlement.attempts
    record.isClaimed = false
    switch settlement.outcome {
    case .delivered: record.state = .delivered
    case .dead: record.state = .dead
    case .retry(let due): record.state = .retrying(due: due)
    }
    records[settlement.delivery] = record
  }

  private func failure(of request: ClaimRequest) -> Claim {
    Claim(destination: request.destination, kind: request.kind, deliveries: [], isExhausted: false)
  }

  private mutating func claim(_ request: ClaimRequest) -> Claim {
    var candidates: [(due: Timestamp, id: DeliveryID)] = []
    for (id, record) in records where !record.isClaimed && record.delivery.destination == request.destination
    {
      switch (record.state, request.kind) {
      case (.fresh, .fresh): candidates.append((.epoch, id))
      case (.retrying(let due), .retrying): candidates.append((due, id))
      default: break
      }
    }
    candidates.sort { ($0.due, $0.id) < ($1.due, $1.id) }
    var claim = Claim(destination: request.destination, kind: request.kind, deliveries: [], isExhausted: true)
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

/// What a simulation found wrong.
struct Violation: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

func require(_ condition: Bool, _ message: @autoclosure () -> String) throws {
  if !condition { throw Violation(message()) }
}
