import RelayTestSupport
@testable import RelayCore

extension Dispatcher {
  /// One whose store was found empty.
  static func idle(_ destinations: Destination...) -> Dispatcher {
    var dispatcher = Dispatcher(randomness: SplitMix64(seed: 1))
    dispatcher.answerClaims(dispatcher.actions(after: .configure(destinations)))
    return dispatcher
  }

  /// Answers that there is nothing.
  mutating func answerClaims(_ actions: [Action]) {
    for case .claim(let request) in actions {
      let claim = Claim(
        destination: request.destination, kind: request.kind, deliveries: [], isExhausted: true)
      handle(.claimed(claim), now: LaneKit.now)
    }
    _ = takeActions(now: LaneKit.now)
  }

  mutating func actions(after inputs: Input..., at time: Timestamp = LaneKit.now) -> [Action] {
    for input in inputs { handle(input, now: time) }
    return takeActions(now: time)
  }
}

extension Dispatcher.Action {
  /// What follows from a first attempt that was answered 200.
  static func delivered(_ id: Int64, to name: String) -> Dispatcher.Action {
    .settle(
      Settlement(
        delivery: DeliveryID(rawValue: id), attempts: 1, attempt: Made.result(200), outcome: .delivered),
      of: Made.delivery(id, to: name), isProbe: false)
  }

  var attempted: Int64? { if case .attempt(let delivery) = self { delivery.id.rawValue } else { nil } }
  var circuitChange: CircuitChange? { if case .circuitChanged(_, let change) = self { change } else { nil } }
  var suspendedTime: SuspendedTime? {
    if case .keepSuspendedTime(let suspended, _) = self { suspended } else { nil }
  }
  var settlement: Settlement? { if case .settle(let settlement, _, _) = self { settlement } else { nil } }
}

extension [Dispatcher.Action] {
  var attempted: [Int64] { compactMap(\.attempted) }
  var circuitChanges: [CircuitChange] { compactMap(\.circuitChange) }
  var suspendedTimes: [SuspendedTime] { compactMap(\.suspendedTime) }
  var settlements: [Settlement] { compactMap(\.settlement) }
  var released: [Int64] {
    flatMap { action -> [Int64] in
      if case .release(let ids) = action { ids.map(\.rawValue) } else { [] }
    }
  }
}
