import RelayCore

/// An envelope's row, as one that comes again needs it.
struct StoredEnvelope {
  var row: Int64
  var receivedAt: Timestamp
  var firstEventID: EventID
  var acceptedCount: Int
  /// Where its events begin; nil: none was stored.
  var firstRow: Int64?
  var unstored: UnstoredEvents
}

extension StoreSession {
  /// Routes the events of a stored envelope anew that never had a delivery, as the envelope that has come again says:
  /// the rules have been mended since. What was delivered, is pending, dead or discarded is left as it is.
  ///
  /// An event that was stored and has gone since is left out as well: what became of it is not known any more.
  func reroute(
    _ envelope: NewEnvelope, as first: StoredEnvelope, now: Timestamp
  ) throws(StoreError) -> AppendOutcome.Rerouted {
    var rerouted = AppendOutcome.Rerouted()
    guard envelope.events.contains(where: { !$0.deliveries.isEmpty }) else { return rerouted }
    let rows = try rowsWithoutDelivery(of: first)
    var unstored = first.unstored
    for new in envelope.events where !new.deliveries.isEmpty {
      let place = envelope.place(of: new.event)
      var again = new
      again.event = new.event.identified(as: first.firstEventID.advanced(by: place))
      if let row = rows[place] {
        rerouted.deliveries += try reroute(again, row: row, receivedFirst: first.receivedAt, now: now)
      } else if unstored.remove(place) {
        rerouted.deliveries += try insert(again, envelope: first.row, now: now)
      } else {
        continue
      }
      rerouted.places.append(place)
    }
    if !rerouted.places.isEmpty {
      statements.rerouteEnvelope.bind(1, first.row)
      statements.rerouteEnvelope.bind(2, names.id(of: envelope.configuration, in: .configuration))
      statements.rerouteEnvelope.bind(3, unstored.isEmpty ? nil : unstored.bytes)
      try statements.rerouteEnvelope.run()
    }
    return rerouted
  }

  /// By the events' places among the accepted ones.
  private func rowsWithoutDelivery(of envelope: StoredEnvelope) throws(StoreError) -> [Int: Int64] {
    guard let firstRow = envelope.firstRow else { return [:] }
    var rows: [Int: Int64] = [:]
    let query = statements.eventsWithoutDelivery
    query.bind(1, firstRow)
    query.bind(2, firstRow + Int64(envelope.acceptedCount))
    query.bind(3, envelope.row)
    while try query.step() {
      rows[EventID(bytes: query.bytes(1)!).distance(from: envelope.firstEventID)] = query.integer(0)
    }
    return rows
  }

  private func reroute(
    _ event: NewEnvelope.NewEvent, row: Int64, receivedFirst: Timestamp, now: Timestamp
  ) throws(StoreError) -> [Delivery] {
    let update = statements.rerouteEvent
    update.bind(1, row)
    update.bind(2, names.ids(of: event.routes, in: .route))
    update.bind(3, event.isDropped ? 1 : 0)
    update.bind(4, nextDelivery + 1)
    update.bind(5, event.deliveries.count)
    try update.run()
    return try insert(event.deliveries, of: event.event, row: row, receivedFirst: receivedFirst, now: now)
  }
}

extension Event {
  fileprivate func identified(as id: EventID) -> Event {
    Event(
      id: id, envelope: envelope, type: type, rawType: rawType, company: company, channel: channel,
      chat: chat,
      body: body)
  }
}
