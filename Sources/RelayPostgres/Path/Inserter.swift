import RelayCore
import RelayStoring

/// Inserts events and deliveries with a commit, and hands out what may be attempted at once. Confined to the store's thread.
final class Inserter {
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
  private let claims: Claims
  private let lanes: Lanes
  private var statements: PerDay<AppendStatements>

  init(
    _ tables: TableNames, names: NameTable, destinations: DestinationTable, claims: Claims, lanes: Lanes
  ) {
    self.lanes = lanes
    self.names = names
    self.destinations = destinations
    self.claims = claims
    statements = PerDay { AppendStatements(tables, of: $0) }
  }

  /// - Parameters:
  ///   - first: The first id of its envelope.
  ///   - isStored: It never had a delivery, and gets those that the rules give it now.
  ///   - handedOut: Where goes what gives, after the commit, its deliveries that may be attempted, claimed.
  func insert(
    _ event: NewEnvelope.NewEvent, of first: EventID, source: Int32, configuration: Int32, _ arrival: Arrival,
    isStored: Bool = false, in commit: PendingCommit, into handedOut: inout [() -> Delivery?]
  ) {
    let row = AppendStatements.EventRow(
      event: event.event, receivedAt: arrival.receivedFirst ?? event.event.envelope.receivedAt,
      envelope: first, source: source, configuration: configuration,
      routes: names.rows(ofRoutes: event.routes), isDropped: event.isDropped,
      deliveries: Int32(event.deliveries.count))
    if isStored { commit.arrivals.reroute(row) } else { commit.arrivals.add(row) }
    for delivery in event.deliveries {
      if let given = insert(delivery, of: event.event, arrival, in: commit) { handedOut.append(given) }
    }
  }

  /// - Returns: nil for what is not to be attempted now: it is held, or another node serves its destination, or comes after what its lane has given back, or went over its
  ///   destination's `max_backlog`. What is given is nil where it waits for its order key.
  private func insert(
    _ delivery: NewEnvelope.NewDelivery, of event: Event, _ arrival: Arrival, in commit: PendingCommit
  ) -> (() -> Delivery?)? {
    let destination = names.destination(delivery.destination)!
    var row = AppendStatements.DeliveryRow(
      place: 0, event: event.id, destination: Int32(destination.rawValue),
      route: names.route(delivery.route)!,
      since: destinations.serviceTime(of: destination, at: event.envelope.receivedAt),
      receivedAt: arrival.receivedFirst ?? event.envelope.receivedAt, bytes: Int32(clamping: event.footprint),
      arrivedAt: arrival.arrived)
    guard destinations.hasRoom(destination, for: event.footprint) else {
      row.shelf = DeliveryState.discarded.shelf(in: .live)
      _ = commit.arrivals.add(row, key: nil)
      destinations.change(destination) { $0.overflowed += 1 }
      return nil
    }
    let key = destinations.ordering(of: destination).key(source: event.envelope.source, chat: event.chat)
      .map { OrderKey(destination: destination, text: $0) }
    let isHandedOut = claims.takesArrivals(destination)
    if !isHandedOut { row.shelf = DeliveryState.fresh.shelf(in: .live) }
    let isServed = lanes.owns(destination)
    if !isServed { commit.news.stored(destination, key, in: .live) }
    let place = commit.arrivals.add(row, key: key, isServed: isServed)
    destinations.change(destination) { $0.arrived(in: .live, bytes: event.footprint) }
    guard isHandedOut else { return nil }
    let entry = ClaimTable.Entry(
      destination: destination, bytes: event.footprint, received: row.receivedAt, orderKey: key?.text,
      isFresh: true, state: key == nil ? .claimedUnlisted : .claimed)
    return handOut(
      place, event, to: delivery.destination, since: row.since, entry, key: key, in: commit)
  }

  /// What gives, after the commit, the delivery; nil, if it waits.
  private func handOut(
    _ place: Int32, _ event: Event, to destination: String, since: Timestamp, _ entry: ClaimTable.Entry,
    key: OrderKey?, in commit: PendingCommit
  ) -> () -> Delivery? {
    {
      let id = commit.delivery(at: place)
      guard key == nil || !commit.waits(id) else { return nil }
      self.claims.add(id, entry)
      return Delivery(id: id, event: event, destination: destination, since: since)
    }
  }

  /// Adds what has come to the commit, and looks after those that nobody has been given for long.
  func write(in commit: PendingCommit) {
    commit.arrivals.write({ statements.of($0) }, in: commit) { commit.wait(for: $0) }
    let count = commit.arrivals.deliveryCount
    commit.whenDone { self.claims.came(count, from: commit.delivery(at: 0)) }
    claims.shortenTail(in: commit)
  }
}

@available(*, unavailable)
extension Inserter: Sendable {}
