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
  /// An event that was stored and has gone since is left out as well: what became of it is not known any more. Those that
  /// were not stored get an envelope's row of their own, after all others, as an envelope's events stand one after
  /// another.
  func reroute(
    _ envelope: NewEnvelope, as first: StoredEnvelope, now: Timestamp
  ) throws(StoreError) -> AppendOutcome.Rerouted {
    var rerouted = AppendOutcome.Rerouted()
    guard envelope.events.contains(where: { !$0.deliveries.isEmpty }) else { return rerouted }
    let rows = try rowsWithoutDelivery(of: first)
    var unstored = first.unstored
    var events: [(event: NewEnvelope.NewEvent, row: Int64?)] = []
    for new in envelope.events where !new.deliveries.isEmpty {
      let place = envelope.place(of: new.event)
      let row = rows[place]
      guard row != nil || unstored.remove(place) else { continue }
      var again = new
      again.event = new.event.identified(as: first.firstEventID.advanced(by: place))
      events.append((again, row))
      rerouted.places.append(place)
    }
    guard !events.isEmpty else { return rerouted }
    let configuration = names.id(of: envelope.configuration, in: .configuration)
    let inserted = events.filter { $0.row == nil }
    if let firstInserted = inserted.first {
      try insertEnvelope(
        from: firstInserted.event.event.id, count: inserted.count, like: first.row, configuration)
    }
    for (event, row) in events {
      if let row {
        try reroute(
          event, row: row, configuration, receivedFirst: first.receivedAt, now: now,
          into: &rerouted.deliveries)
      } else {
        try insert(
          event, envelope: nextEnvelope, receivedFirst: first.receivedAt, now: now,
          into: &rerouted.deliveries)
      }
    }
    statements.rerouteEnvelope.bind(1, first.row)
    statements.rerouteEnvelope.bind(2, unstored.isEmpty ? nil : unstored.bytes)
    try statements.rerouteEnvelope.run()
    return rerouted
  }

  /// A row for events that follow it, of an envelope that came before.
  private func insertEnvelope(
    from first: EventID, count: Int, like row: Int64, _ configuration: Int64?
  ) throws(StoreError) {
    nextEnvelope += 1
    let insert = statements.insertEnvelopeLike
    insert.bind(1, nextEnvelope)
    insert.bind(2, configuration)
    insert.bind(3, first)
    insert.bind(4, count)
    insert.bind(5, nextEvent + 1)
    insert.bind(6, row)
    try insert.run()
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
    _ event: NewEnvelope.NewEvent, row: Int64, _ configuration: Int64?, receivedFirst: Timestamp,
    now: Timestamp, into claimed: inout [Delivery]
  ) throws(StoreError) {
    let update = statements.rerouteEvent
    update.bind(1, row)
    update.bind(2, names.ids(of: event.routes, in: .route))
    update.bind(3, event.isDropped ? 1 : 0)
    update.bind(4, nextDelivery + 1)
    update.bind(5, event.deliveries.count)
    update.bind(6, configuration)
    try update.run()
    try insert(
      event.deliveries, of: event.event, row: row, receivedFirst: receivedFirst, now: now, into: &claimed)
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
