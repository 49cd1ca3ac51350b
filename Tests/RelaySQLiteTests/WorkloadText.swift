import RelayCore
import RelayTestSupport

@testable import RelaySQLite

// What is compared, as text: a difference can be read.

extension StoreModel.Row {
  var text: String {
    let reason =
      switch state {
      case .dead(let reason): "\(reason.rawValue)"
      case .discarded(let reason): "\(reason.rawValue)"
      case .fresh, .retrying, .waiting, .delivered: "-"
      }
    return "\(id) \(delivery.run) \(state.kind.rawValue) \(delivery.attempts) \(delivery.countedAttempts) "
      + "\(delivery.since.microseconds) \(delivery.probedAt.number) \(reason) \(state.due.number) "
      + (isPending ? key ?? "-" : "")
  }
}

extension Delivery {
  var text: String {
    "\(id) \(event.id) \(event.body.count) B to \(destination), attempts: \(attempts) \(countedAttempts), "
      + "since \(since.microseconds), probed \(probedAt.number), due \(due.number)"
      + followers.map { " + (\($0.text))" }.joined()
  }
}

extension Claim {
  var text: String {
    "\(isExhausted ? "all" : "some")\(isBeyond ? " beyond" : "") of \(destination), \(kind), next \(nextDue.number): "
      + deliveries.map(\.text).joined(separator: "; ")
  }
}

extension Timestamp? {
  fileprivate var number: String { map { "\($0.microseconds)" } ?? "-" }
}
