import RelayCore
import RelayStoring

/// Inserts envelopes, their events and deliveries, within a transaction: rows of each table one after another, so that an
/// envelope says where its events stand, and an event where its deliveries do
/// (docs/decisions/0013-an-event-knows-its-deliveries.md). Confined to the store's thread.
final class EnvelopeInserter {
  /// When what is inserted came.
  struct Arrival {
    /// The steady time.
    var now: Timestamp
    /// When its envelope came, if that was not just now.
    var receivedFirst: Timestamp?

    /// What deliveries' rows say of it.
    var arrived: Timestamp? { receivedFirst == nil ? nil : now }
  }

  private let names: NameTable
  private let destinations: DestinationTable
  private let numbers: RowNumbers
  private let order: EventOrder
  private let claims: Claims
  private let keys: OrderKeys
  private let walked: WalkedDeliveries
  private let envelopes: EnvelopeStatements
  private let events: EventStatements
  private let deliveries: DeliveryStatements

  init(
    _ connection: Connection, names: NameTable, destinations: DestinationTable, numbers: RowNumbers,
    order: EventOrder, claims: Claims, keys: OrderKeys, walked: WalkedDeliveries,
    deliveries: DeliveryStatements, envelopes: EnvelopeStatements
  ) throws(StoreError) {
    self.names = names
    self.destinations = destinations
    self.numbers = numbers
    self.order = order
    self.claims = claims
    self.keys = keys
    self.walked = walked
    self.deliveries = deliveries
    self.envelopes = envelopes
    events = try EventStatements(connection)
  }

  // MARK: Envelopes

  /// Its events are to be inserted right after it.
  func insert(_ envelope: NewEnvelope, source: SourceRowID) throws(StoreError) -> EnvelopeRowID {
    let row = numbers.takeEnvelope()
    try envelopes.insert(
      envelope, as: row, source: source, configuration: names.configurations.row(of: envelope.configuration),
      firstEvent: envelope.events.isEmpty ? nil : numbers.nextEvent)
    return row
  }

  /// A further row for events that follow it, of an envelope that came before.
  func insert(
    like stored: StoredEnvelope, first: EventID, count: Int, _ configuration: ConfigurationRowID?
  ) throws(StoreError) -> EnvelopeRowID {
    let row = numbers.takeEnvelope()
    try envelopes.insert(
      row, like: stored, configuration: configuration, first: first, count: count,
      firstEvent: numbers.nextEvent)
    return row
  }

  // MARK: Events

  /// - Parameter claimed: Where its deliveries go that may be attempted, claimed.
  func insert(
    _ event: NewEnvelope.NewEvent, envelope: EnvelopeRowID, _ arrival: Arrival, into claimed: inout [Delivery]
  ) throws(StoreError) {
    let row = numbers.takeEvent()
    try events.insert(
      event, as: row, envelope: envelope, routes: names.rows(ofRoutes: event.routes),
      nextDelivery: numbers.nextDelivery)
    if let previous = order.add(event.event.id, row: row) {
      try events.insertStraggler(event.event.id, row: row, previous: previous)
    }
    try insertDeliveries(of: event, row: row, arrival, into: &claimed)
  }

  /// Gives a stored event that never had a delivery those that the rules give it now.
  func reroute(
    _ event: NewEnvelope.NewEvent, row: EventRowID, _ configuration: ConfigurationRowID?, _ arrival: Arrival,
    into claimed: inout [Delivery]
  ) throws(StoreError) {
    try events.reroute(
      row, as: event, routes: names.rows(ofRoutes: event.routes), firstDelivery: numbers.nextDelivery,
      configuration: configuration)
    try insertDeliveries(of: event, row: row, arrival, into: &claimed)
  }

  /// Those of an envelope that never had a delivery, by their places among the accepted ones.
  func eventsWithoutDelivery(of envelope: StoredEnvelope) throws(StoreError) -> [Int: EventRowID] {
    guard let first = envelope.firstRow else { return [:] }
    var rows: [Int: EventRowID] = [:]
    let found = try events.eventsWithoutDelivery(
      of: envelope.row, from: first, count: envelope.acceptedCount)
    for (row, id) in found { rows[id.distance(from: envelope.firstEventID)] = row }
    return rows
  }

  // MARK: Deliveries

  private func insertDeliveries(
    of event: NewEnvelope.NewEvent, row: EventRowID, _ arrival: Arrival, into claimed: inout [Delivery]
  ) throws(StoreError) {
    for delivery in event.deliveries {
      if let inserted = try insert(delivery, of: event.event, row: row, arrival) { claimed.append(inserted) }
    }
  }

  /// - Returns: nil for what is not to be attempted now: it waits for its order key, or is held, or comes after
  ///   what its lane has given back, or went over its destination's `max_backlog`.
  private func insert(
    _ delivery: NewEnvelope.NewDelivery, of event: Event, row: EventRowID, _ arrival: Arrival
  ) throws(StoreError) -> Delivery? {
    let destination = names.destinations.row(of: delivery.destination)!
    let new = DeliveryStatements.NewRow(
      id: numbers.takeDelivery(), event: row, destination: destination,
      route: names.routes.row(of: delivery.route),
      since: destinations.serviceTime(of: destination, at: event.envelope.receivedAt), bytes: event.footprint,
      arrived: arrival.arrived)
    guard destinations.hasRoom(destination, for: new.bytes) else {
      try insertOverflow(new, arrival)
      return nil
    }
    let key = destinations.ordering(of: destination).key(source: event.envelope.source, chat: event.chat)
    let waits = try key.map { key throws(StoreError) in
      try keys.head(of: OrderKey(destination: destination, text: key)) != nil
    }
    let isHandedOut = waits != true && claims.takesArrivals(destination)
    let isListed = !isHandedOut || key != nil
    try deliveries.insert(
      new, state: !isListed ? .unlisted : waits == true ? .waiting : .fresh, orderKey: key)
    destinations.change(destination) { $0.arrived(in: .live, bytes: new.bytes) }
    guard isHandedOut else { return nil }
    claims.add(
      new.id,
      ClaimTable.Entry(
        destination: destination, bytes: new.bytes,
        received: arrival.receivedFirst ?? event.envelope.receivedAt, orderKey: key, isFresh: true,
        state: isListed ? .claimed : .claimedUnlisted))
    return Delivery(id: new.id, event: event, destination: delivery.destination, since: new.since)
  }

  private func insertOverflow(_ new: DeliveryStatements.NewRow, _ arrival: Arrival) throws(StoreError) {
    let revisit = arrival.receivedFirst.flatMap {
      walked.revisit(new.id, received: $0, settledAt: arrival.now)
    }
    try deliveries.insertOverflow(new, settledAt: arrival.now, revisit: revisit)
    destinations.change(new.destination) { $0.overflowed += 1 }
  }
}

@available(*, unavailable)
extension EnvelopeInserter: Sendable {}
