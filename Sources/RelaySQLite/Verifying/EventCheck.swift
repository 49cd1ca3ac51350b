import RelayCore
import RelayStoring
import RelayText

/// Goes through all events once: whether each can be found by its id, has the deliveries that it says, and a body that is one.
final class EventCheck {
  private let events: Statement
  private let deliveries: Statement
  private let straggler: Statement
  private let isSound: SQLiteVerifier.BodyTest
  private var highest: EventID?
  private var check = StoreVerification.Check.events(keep: SQLiteVerifier.copy)

  init(_ connection: Connection, isSound: @escaping SQLiteVerifier.BodyTest) throws(StoreError) {
    self.isSound = isSound
    events = try connection.prepare(
      "SELECT id, uuid, first_delivery, deliveries, body, CASE WHEN length(body) = 0 THEN erased END FROM event ORDER BY id"
    )
    deliveries = try connection.prepare(
      "SELECT count(*) FROM delivery WHERE id >= ?1 AND id < ?2 AND event = ?3")
    straggler = try connection.prepare("SELECT 1 FROM straggler WHERE uuid = ?1 AND event = ?2")
  }

  func run() throws(StoreError) -> StoreVerification.Check {
    var count = 0
    while try events.step() {
      count += 1
      try look()
    }
    check.count = count
    return check
  }

  private func look() throws(StoreError) {
    let row: EventRowID = events.row(0)
    guard let bytes = events.bytes(1), bytes.count == 16 else { return check.found("event \(row) has no id") }
    let id = EventID(bytes: bytes)
    if let highest, id <= highest {
      straggler.bind(1, id)
      straggler.bind(2, row)
      if try straggler.firstInteger() == nil { check.found("\(id) can't be found by its id") }
    } else {
      highest = id
    }
    try lookAtDeliveries(of: id, row)
    let body = events.bytes(4) ?? []
    if body.isEmpty {
      // Of what goes somewhere, a body goes only with an erasure.
      if events.integer(3) > 0, events.isNull(5) { check.found("\(id) has deliveries, and no body") }
    } else if !isSound(body) {
      check.foundUnsoundBody(of: id)
    }
  }

  private func lookAtDeliveries(of id: EventID, _ row: EventRowID) throws(StoreError) {
    let count = events.integer(3)
    guard count > 0 else { return }
    let deliveriesText = Int(count).counted("delivery", "deliveries")
    guard let first = events.optionalInteger(2) else {
      return check.found("\(id) has \(deliveriesText), and does not say where")
    }
    deliveries.bind(1, first)
    deliveries.bind(2, first + count)
    deliveries.bind(3, row)
    let there = try deliveries.firstInteger() ?? 0
    if there != count {
      check.found("\(id) has \(deliveriesText), and \(Int(there).counted("is", "are")) there")
    }
  }
}

@available(*, unavailable)
extension EventCheck: Sendable {}
