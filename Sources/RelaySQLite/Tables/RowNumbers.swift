import RelayCore
import RelayStoring

/// The numbers that new rows get: each table's go on from the highest there is, the transaction under way included. Confined
/// to the store's thread.
///
/// They go on from what is on disk also if a restart comes after a failure: so a transaction that fails gives its numbers
/// back.
final class RowNumbers: TransactionMember {
  private struct Last {
    var envelope: EnvelopeRowID
    var event: EventRowID
    var delivery: DeliveryID
  }

  private var last: Last
  private var committed: Last

  init(_ connection: Connection, _ transactions: Transactions) throws(StoreError) {
    last = Last(
      envelope: RowID(rawValue: try connection.integer("SELECT max(id) FROM envelope") ?? 0),
      event: RowID(rawValue: try connection.integer("SELECT max(id) FROM event") ?? 0),
      delivery: DeliveryID(rawValue: try connection.integer("SELECT max(id) FROM delivery") ?? 0))
    committed = last
    transactions.register(self)
  }

  /// The event that is inserted next gets this one.
  var nextEvent: EventRowID { last.event.advanced(by: 1) }
  /// The delivery that is inserted next gets this one.
  var nextDelivery: DeliveryID { last.delivery.next }
  var lastEvent: EventRowID { last.event }
  var lastDelivery: DeliveryID { last.delivery }

  func takeEnvelope() -> EnvelopeRowID {
    last.envelope = last.envelope.advanced(by: 1)
    return last.envelope
  }

  func takeEvent() -> EventRowID {
    last.event = nextEvent
    return last.event
  }

  func takeDelivery() -> DeliveryID {
    last.delivery = nextDelivery
    return last.delivery
  }

  func commit() { committed = last }

  func rollback() { last = committed }
}

@available(*, unavailable)
extension RowNumbers: Sendable {}
