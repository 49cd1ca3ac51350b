import RelayTestSupport
import Testing

@testable import RelayCore

@Suite struct BatchSimulationTests {
  struct Case: Sendable, CustomStringConvertible {
    var ordering: Ordering
    var format: Destination.Format
    var wait = Duration.zero
    var description: String { "\(ordering.word), \(format.rawValue), \(wait)" }
  }

  static let cases =
    Ordering.allCases.flatMap { ordering in
      Destination.Format.allCases.map { Case(ordering: ordering, format: $0) }
    } + [Case(ordering: .none, format: .huggy, wait: .milliseconds(300))]

  /// Each tenth event is refused in whatever request it stands, and a third of the other requests fails.
  @Test(arguments: cases)
  func everythingIsDeliveredOrDeadForItsOwnFaultAndOrderHolds(of one: Case) throws {
    var (requests, events, halved) = (0, 0, 0)
    for seed in 0..<10 as Range<UInt64> {
      var simulation = try BatchSimulation(one, seed: seed)
      do {
        try simulation.run()
      } catch let violation as Violation {
        Issue.record("\(one), seed \(seed): \(violation)")
        return
      }
      requests += simulation.requests
      events += simulation.events
      halved += simulation.refusedBatches
    }
    // That it reaches what it is about.
    #expect(events > requests + requests / 4, "\(events) events in \(requests) requests")
    #expect(halved > 30, "\(halved) batches were refused")
  }
}

/// A dispatcher with one destination that takes batches, a store, and much that goes wrong; everything is drawn from a seed.
struct BatchSimulation {
  private let destination: Destination
  private var random: SplitMix64
  private var now = Timestamp.tick(1_000)
  private var dispatcher: Dispatcher
  private var store = FakeStore()
  /// By the first of each request.
  private var inFlight: [DeliveryID: [Delivery]] = [:]
  private var nextID: Int64 = 1
  private var envelopesLeft = 60
  private var isHealed = false
  private(set) var requests = 0
  private(set) var events = 0
  private(set) var refusedBatches = 0

  init(_ one: BatchSimulationTests.Case, seed: UInt64) throws {
    var destination = Made.destination(concurrency: one.ordering == .none ? 2 : 3)
    destination.batch = BatchPolicy(maxEvents: 8, maxWait: one.wait)
    destination.format = one.format
    destination.ordering = one.ordering
    destination.retry.maxAge = .seconds(1_000_000_000)
    destination.circuit.failures = 4
    self.destination = destination
    random = SplitMix64(seed: seed)
    dispatcher = Dispatcher(randomness: SplitMix64(seed: seed))
    store.model.reorder("d", by: one.ordering)
    try handle(.configure([destination]))
  }

  mutating func run() throws {
    for _ in 0..<1_200 { try step() }
    while envelopesLeft > 0 { append() }
    isHealed = true
    for _ in 0..<50_000 {
      if !store.calls.isEmpty {
        try store.doOneCall(now: now)
      } else if !store.notifications.isEmpty {
        try handle(store.notifications.removeFirst())
      } else if !inFlight.isEmpty {
        try finishOne()
      } else if let deadline = dispatcher.nextDeadline() {
        now = max(now, deadline)
        try pump()
      } else {
        return try expectEverythingSettled()
      }
    }
    throw Violation("it never comes to rest")
  }

  private mutating func step() throws {
    switch random.below(100) {
    case ..<8: if envelopesLeft > 0 { append() }
    case ..<40: if !store.calls.isEmpty { try store.doOneCall(now: now) }
    case ..<65: if !store.notifications.isEmpty { try handle(store.notifications.removeFirst()) }
    case ..<85: try finishOne()
    case ..<98:
      now = now.advanced(by: .milliseconds(random.pick([1, 100, 2_000, 30_000])))
      try pump()
    default: if random.chance(20) { try restart() }
    }
  }

  private mutating func append() {
    envelopesLeft -= 1
    let deliveries = (0...random.below(12)).map { offset in
      Made.delivery(
        nextID + Int64(offset), chat: "\(random.below(3))", kind: "k\(random.below(2))",
        company: random.chance(90) ? "a" : "b", received: now)
    }
    nextID += Int64(deliveries.count)
    store.calls.append(.append(deliveries))
  }

  private mutating func restart() throws {
    store.openAnew()
    inFlight = [:]
    dispatcher = Dispatcher(randomness: SplitMix64(seed: random.next()))
    try handle(.configure([destination]))
  }

  private mutating func handle(_ input: Dispatcher.Input) throws {
    dispatcher.handle(input, now: now)
    try pump()
  }

  private mutating func pump() throws {
    var settlements: [(Settlement, destination: String)] = []
    for action in dispatcher.takeActions(now: now) {
      switch action {
      case .attempt(let delivery): try started([delivery])
      case .batch(let deliveries): try started(deliveries)
      case .settle(let settlement, let delivery, _), .settleCompanion(let settlement, let delivery):
        try check(settlement, of: delivery)
        settlements.append((settlement, "d"))
      case .claim(let request): store.calls.append(.claim(request, fails: random.chance(10)))
      case .release(let ids): store.calls.append(.release(ids))
      case .keepSuspendedTime(let suspended, let name): store.model.setSuspended(suspended, of: name)
      case .changeDestinations, .freshConnections, .held, .circuitChanged: break
      }
    }
    if !settlements.isEmpty { store.calls.append(.settle(settlements)) }
  }

  private mutating func started(_ deliveries: [Delivery]) throws {
    requests += 1
    events += deliveries.count
    let ids = deliveries.map(\.id)
    let flying = Set(inFlight.values.joined().map(\.id))
    try require(deliveries.count <= 8 && Set(ids).count == ids.count, "\(ids) are no batch")
    try require(Set(deliveries.map(\.event.company)).count == 1, "\(ids) are of several companies")
    for (place, delivery) in deliveries.enumerated() {
      guard let row = store.model.rows[delivery.id] else { throw Violation("\(delivery.id) is nobody's") }
      try require(row.isClaimed && row.isPending, "\(delivery.id) is not claimed, or settled")
      try require(!flying.contains(delivery.id), "\(delivery.id) is in flight twice")
      try require(row.state.due.map { $0 <= now } ?? true, "\(delivery.id) is not due")
      guard row.key != nil else { continue }
      let earlier = store.model.rows.values.filter { $0.key == row.key && $0.id < row.id && $0.isPending }
      try require(
        Set(earlier.map(\.id)).isSubset(of: ids[..<place]), "\(delivery.id) overtakes one of its key")
      let isParted =
        destination.format == .huggy && earlier.contains { $0.delivery.event.type != delivery.event.type }
      try require(!isParted, "\(delivery.id) has left its order with its type")
    }
    inFlight[ids[0]] = deliveries
    try require(inFlight.count <= destination.concurrency, "\(inFlight.count) requests in flight")
  }

  private func isCulprit(_ delivery: Delivery) -> Bool { delivery.id.rawValue % 10 == 0 }

  private func check(_ settlement: Settlement, of delivery: Delivery) throws {
    guard case .dead(let reason) = settlement.outcome else { return }
    let isOwnFault = reason == .permanent && isCulprit(delivery) && settlement.attempt.events == 1
    try require(isOwnFault, "\(delivery.id) died of \(reason) among \(settlement.attempt.events)")
  }

  private mutating func finishOne() throws {
    guard let id = inFlight.keys.sorted().randomElement(using: &random) else { return }
    let deliveries = inFlight.removeValue(forKey: id)!
    let result = answer(to: deliveries)
    try handle(.finished(FinishedAttempt(delivery: id, destination: "d", result: result)))
  }

  private mutating func answer(to deliveries: [Delivery]) -> AttemptResult {
    if deliveries.contains(where: isCulprit) {
      if deliveries.count > 1 { refusedBatches += 1 }
      return Made.result(400)
    }
    if isHealed || !random.chance(33) { return Made.result(200) }
    return random.pick([
      Made.result(500), Made.result(404), Made.result(503, retryAfter: .seconds(1)), Made.failure(.timeout),
      Made.failure(.reset), Made.failure(.connectionRefused),
    ])
  }

  private func expectEverythingSettled() throws {
    for row in store.model.inOrderOfArrival {
      let expected: StoreModel.State = isCulprit(row.delivery) ? .dead(.permanent) : .delivered
      try require(row.state == expected, "\(row.id) is \(row.state)")
    }
    try require(dispatcher.isIdle, "not idle, though all is settled")
  }
}
