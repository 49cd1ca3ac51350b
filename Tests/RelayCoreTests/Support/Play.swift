import RelayTestSupport

@testable import RelayCore

/// A dispatcher among a store and destinations that keep to a script: time passes from one event to the next, and
/// nothing is left to chance.
struct Play {
  struct Start: Equatable {
    var at: Timestamp
    var id: Int64
  }

  private(set) var now = Timestamp.tick(1_000)
  private(set) var dispatcher: Dispatcher
  private(set) var store = FakeStore()
  /// Attempts by destination.
  private(set) var starts: [String: [Start]] = [:]
  private(set) var circuitChanges: [String: [CircuitChange]] = [:]
  private(set) var mostInFlight = 0
  /// What a destination answers to an attempt that begins now, and how long it takes.
  private let answer: (Delivery, Timestamp) -> (AttemptResult, after: Duration)
  /// The same to several; nil: it answers as it does to the first.
  private let answerBatch: (([Delivery], Timestamp) -> (AttemptResult, after: Duration))?
  /// How many events the requests held, in order.
  private(set) var requestSizes: [Int] = []
  private var schedule: [(at: Timestamp, input: Dispatcher.Input)] = []
  private var nextID: Int64 = 1

  init(
    _ destinations: [Destination],
    batches answerBatch: (([Delivery], Timestamp) -> (AttemptResult, after: Duration))? = nil,
    answer: @escaping (Delivery, Timestamp) -> (AttemptResult, after: Duration)
  ) {
    self.answer = answer
    self.answerBatch = answerBatch
    dispatcher = Dispatcher()
    for destination in destinations { store.model.reorder(destination.name, by: destination.ordering) }
    dispatcher.handle(.configure(destinations), now: now)
    settleDown()
  }

  /// Events that come now.
  mutating func post(_ count: Int, to name: String, chat: String? = nil, kind: String = "t", bytes: Int = 0) {
    store.calls.append(
      .append(
        (0..<count).map { Made.delivery(nextID + Int64($0), to: name, bytes: bytes, chat: chat, kind: kind) })
    )
    nextID += Int64(count)
    settleDown()
  }

  mutating func run(for duration: Duration) {
    let end = now.advanced(by: duration)
    while let next = nextEvent, next <= end {
      now = max(now, next)
      // A stable order: what was scheduled first comes first.
      let due = schedule.filter { $0.at <= now }
      schedule.removeAll { $0.at <= now }
      for event in due { dispatcher.handle(event.input, now: now) }
      settleDown()
    }
    now = end
  }

  private var nextEvent: Timestamp? {
    mutating get { [schedule.map(\.at).min(), dispatcher.nextDeadline()].compactMap(\.self).min() }
  }

  /// The store and the dispatcher do what there is to do now.
  private mutating func settleDown() {
    repeat {
      carryOut(dispatcher.takeActions(now: now))
      while !store.calls.isEmpty {
        do { try store.doOneCall(now: now) } catch { fatalError("\(error)") }
      }
      for input in store.notifications { dispatcher.handle(input, now: now) }
    } while takeNotifications()
    mostInFlight = max(mostInFlight, dispatcher.lanes.all.map(\.slots.inFlight.count).max() ?? 0)
  }

  private mutating func takeNotifications() -> Bool {
    defer { store.notifications = [] }
    return !store.notifications.isEmpty
  }

  private mutating func send(_ deliveries: [Delivery]) {
    let name = deliveries[0].destination
    for delivery in deliveries { starts[name, default: []].append(Start(at: now, id: delivery.id.rawValue)) }
    requestSizes.append(deliveries.count)
    let isBatch = deliveries.count > 1
    let (result, time) =
      isBatch ? answerBatch?(deliveries, now) ?? answer(deliveries[0], now) : answer(deliveries[0], now)
    let finished = FinishedAttempt(delivery: deliveries[0].id, destination: name, result: result)
    schedule.append((now.advanced(by: time), .finished(finished)))
  }

  private mutating func carryOut(_ actions: [Dispatcher.Action]) {
    var settlements: [(Settlement, destination: String)] = []
    for action in actions {
      switch action {
      case .attempt(let delivery): send([delivery])
      case .batch(let deliveries): send(deliveries)
      case .settle(let settlement, let delivery, _), .settleCompanion(let settlement, let delivery):
        settlements.append((settlement, delivery.destination))
      case .claim(let request): store.calls.append(.claim(request, fails: false))
      case .release(let ids): store.calls.append(.release(ids))
      case .keepSuspendedTime(let suspended, let name):
        store.model.setSuspended(suspended, of: name)
      case .circuitChanged(let name, let change): circuitChanges[name, default: []].append(change)
      case .changeDestinations, .freshConnections, .held: break
      }
    }
    if !settlements.isEmpty { store.calls.append(.settle(settlements)) }
  }

  /// In the order of their attempts.
  func deliveries(of name: String) -> [StoreModel.Row] {
    store.model.rows.values.filter { $0.delivery.destination == name }.sorted { $0.id < $1.id }
  }

  func count(_ state: StoreModel.State, of name: String) -> Int {
    deliveries(of: name).count { $0.state == state }
  }
}
