import RelayCore
import RelayStoring

/// Reads deliveries for their lanes. Confined to the store's thread.
///
/// One that can't be read, since its event or envelope is missing, is passed over, and told of once: so it stops nothing else.
final class DeliveryReader {
  private let names: NameTable
  private let events: EventCache<EventRowID>
  private let statements: DeliveryStatements
  /// Those that can't be read.
  private var damaged: Set<DeliveryID> = []
  /// Those of them that nobody has been told of yet.
  private var newlyDamaged: [DeliveryID] = []

  init(names: NameTable, events: EventCache<EventRowID>, statements: DeliveryStatements) {
    self.names = names
    self.events = events
    self.statements = statements
  }

  /// Reads a delivery, and what it is to be claimed with.
  ///
  /// - Parameters:
  ///   - name: The destination's.
  ///   - envelopes: Keeps the envelope for the next one.
  /// - Returns: nil: it, its event or its envelope is missing.
  func delivery(
    _ id: DeliveryID, of destination: DestinationRowID, name: String, _ envelopes: inout LastEnvelope
  ) throws(StoreError) -> (Delivery, ClaimTable.Entry)? {
    guard let row = try statements.delivery(id), let event = try event(row.event, &envelopes) else {
      if damaged.insert(id).inserted { newlyDamaged.append(id) }
      return nil
    }
    let delivery = Delivery(
      id: id, event: event, destination: name, run: row.run, attempts: row.attempts,
      countedAttempts: row.countedAttempts, since: row.since, probedAt: row.probedAt)
    let claim = ClaimTable.Entry(
      destination: destination, bytes: row.bytes, received: event.envelope.receivedAt, orderKey: row.orderKey,
      isFresh: row.isFresh, run: row.run)
    return (delivery, claim)
  }

  private func event(_ row: EventRowID, _ envelopes: inout LastEnvelope) throws(StoreError) -> Event? {
    if let event = events.event(row) { return event }
    guard
      let (event, deliveries) = try statements.event(row, &envelopes, source: { names.sources.name(of: $0) })
    else { return nil }
    // If it has one delivery, nobody else comes for it.
    if deliveries > 1 { events.insert(event, row: row) }
    return event
  }

  /// What has been found missing since this was last asked.
  func takeDamage() -> StoreError? {
    guard let first = newlyDamaged.first else { return nil }
    defer { newlyDamaged.removeAll() }
    let others = newlyDamaged.count > 1 ? " and \(newlyDamaged.count - 1) more" : ""
    return StoreError(
      code: .failing,
      message:
        "the store is damaged: delivery \(first)\(others) can't be made, its event or envelope is missing; "
        + "keep a copy of the store's files, and restore a backup if what is missing matters")
  }
}

@available(*, unavailable)
extension DeliveryReader: Sendable {}
