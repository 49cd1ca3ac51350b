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

  mutating func actions(after inputs: Input...) -> [Action] {
    for input in inputs { handle(input, now: LaneKit.now) }
    return takeActions(now: LaneKit.now)
  }
}

extension Dispatcher.Action {
  /// What follows from a first attempt that was answered 200.
  static func delivered(_ id: Int64, to name: String) -> Dispatcher.Action {
    .settle(
      Settlement(
        delivery: DeliveryID(rawValue: id), attempts: 1, attempt: Made.result(200), outcome: .delivered),
      destination: name)
  }
}
