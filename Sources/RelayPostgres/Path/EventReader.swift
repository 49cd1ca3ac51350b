import RelayCore
import RelayStoring

/// Reads events for their deliveries. Confined to the store's thread.
///
/// What can't be read, since its event is missing, is passed over, and told of once: so it stops nothing else. The same holds for what
/// became pending while its event was erased at another node: there is nothing to send, and it is to be cancelled.
final class EventReader {
  private let names: NameTable
  private let cache = EventCache<EventID>()
  private let statements: ClaimStatements
  private let connection: StoreConnection
  /// Deliveries that can't be read.
  private var missing: Set<DeliveryID> = []
  /// Those of them that nobody has been told of yet.
  private var newlyMissing: [DeliveryID] = []
  /// Deliveries of erased events, and those of them that nobody has been told of yet.
  private var erased: Set<DeliveryID> = []
  private var newlyErased: [DestinationRowID: [DeliveryID]] = [:]

  init(names: NameTable, statements: ClaimStatements, _ connection: StoreConnection) {
    self.names = names
    self.statements = statements
    self.connection = connection
  }

  /// What these deliveries send, by its id.
  func events(_ deliveries: [DeliveryRead]) throws(StoreError) -> [EventID: Event] {
    var events: [EventID: Event] = [:]
    var unknown: [EventID] = []
    var asked: Set<EventID> = []
    var erasedEvents: Set<EventID> = []
    for delivery in deliveries where asked.insert(delivery.event).inserted {
      if let event = cache.event(delivery.event) {
        events[delivery.event] = event
      } else {
        unknown.append(delivery.event)
      }
    }
    if !unknown.isEmpty {
      let found = try statements.events(unknown, source: { names.source(of: $0) }, connection)
      for found in found {
        let event = found.event
        guard !found.isErased else {
          erasedEvents.insert(event.id)
          continue
        }
        events[event.id] = event
        // If it has one delivery, nobody else comes for it.
        if found.deliveries > 1 { cache.insert(event, row: event.id) }
      }
    }
    for delivery in deliveries where events[delivery.event] == nil {
      pass(over: delivery, isErased: erasedEvents.contains(delivery.event))
    }
    return events
  }

  /// - Parameter isErased: There is an event, and its body is gone; else there is none.
  func pass(over delivery: DeliveryRead, isErased: Bool) {
    if !isErased {
      if missing.insert(delivery.id).inserted { newlyMissing.append(delivery.id) }
    } else if erased.insert(delivery.id).inserted {
      newlyErased[DestinationRowID(rawValue: Int64(delivery.destination)), default: []].append(delivery.id)
    }
  }

  func isPassedOver(_ delivery: DeliveryRead) -> Bool {
    missing.contains(delivery.id) || erased.contains(delivery.id)
  }

  /// Pending deliveries of erased events that have been found since this was last asked.
  func takeErased() -> [DestinationRowID: [DeliveryID]] {
    defer { newlyErased.removeAll() }
    return newlyErased
  }

  /// They are pending no more.
  func areCancelled(_ deliveries: [DeliveryID]) { erased.subtract(deliveries) }

  /// What it says is erased: nobody is given it any more.
  func forget(_ event: EventID) { cache.remove(event) }

  /// What has been found missing since this was last asked.
  func takeDamage() -> StoreError? {
    guard let first = newlyMissing.first else { return nil }
    defer { newlyMissing.removeAll() }
    let others = newlyMissing.count > 1 ? " and \(newlyMissing.count - 1) more" : ""
    return StoreError(
      code: .failing,
      message:
        "the store is damaged: delivery \(first)\(others) can't be made, its event is missing; restore a backup of the "
        + "database if what is missing matters")
  }
}

@available(*, unavailable)
extension EventReader: Sendable {}
