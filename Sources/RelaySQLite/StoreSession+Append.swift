import RelayCore

extension StoreSession {
  /// Why an envelope can't be stored, whatever state the store is in: it uses a name that was never configured.
  /// Found before anything of it is written, so that it costs no other envelope of the same transaction.
  func refusal(of envelope: NewEnvelope) -> StoreError? {
    guard let (name, kind) = names.unknown(in: envelope) else { return nil }
    return StoreError(
      code: .failing, message: "the store knows no \(kind.table) \"\(name)\"; configure it before it is used")
  }

  /// - Parameters:
  ///   - now: The steady time.
  ///   - history: What the wall clock has shown; asked for one that looks like a redelivery.
  /// - Returns: With the deliveries that may be attempted, claimed.
  func append(
    _ envelope: NewEnvelope, now: Timestamp, history: () -> ClockHistory = { ClockHistory() }
  ) throws(StoreError) -> AppendOutcome {
    if let first = try duplicate(of: envelope, history) {
      return .duplicate(
        firstEventID: first.firstEventID, acceptedCount: first.acceptedCount,
        rerouted: try reroute(envelope, as: first, now: now))
    }
    let row = try insert(envelope)
    var deliveries: [Delivery] = []
    for event in envelope.events {
      try insert(event, envelope: row, now: now, into: &deliveries)
    }
    return .stored(deliveries)
  }

  /// An earlier row with the same bytes; also one of this very transaction, which is answered with its commit.
  private func duplicate(
    of envelope: NewEnvelope, _ history: () -> ClockHistory
  ) throws(StoreError) -> StoredEnvelope? {
    guard let fingerprint = envelope.fingerprint else { return nil }
    let source = names.id(of: envelope.context.source, in: .source)!
    let key = DuplicateIndex.key(fingerprint.hash, source: source)
    guard let row = duplicates.row(for: key) else { return nil }
    let query = statements.envelopeByRow
    query.bind(1, row)
    guard try query.step() else { return nil }
    defer { query.reset() }
    guard query.bytes(0) == fingerprint.hash,
      query.integer(1) == source,
      query.integer(2) > fingerprint.since.microseconds
    else { return nil }
    let receivedAt = Timestamp(microseconds: query.integer(2))
    if let wallSince = fingerprint.wallSince, history().wall(at: receivedAt) <= wallSince { return nil }
    return StoredEnvelope(
      row: row, receivedAt: receivedAt,
      firstEventID: EventID(bytes: query.bytes(3)!), acceptedCount: Int(query.integer(4)),
      firstRow: query.optionalInteger(5), unstored: UnstoredEvents(query.bytes(6) ?? []))
  }

  private func insert(_ envelope: NewEnvelope) throws(StoreError) -> Int64 {
    nextEnvelope += 1
    let source = names.id(of: envelope.context.source, in: .source)!
    let insert = statements.insertEnvelope
    insert.bind(1, nextEnvelope)
    insert.bind(2, source)
    insert.bind(3, names.id(of: envelope.configuration, in: .configuration))
    insert.bind(4, envelope.context.receivedAt.microseconds)
    insert.bind(5, envelope.firstEventID)
    insert.bind(6, envelope.acceptedCount)
    insert.bind(7, envelope.fingerprint?.hash)
    insert.bind(8, envelope.context.time)
    insert.bind(9, envelope.context.token)
    // They are inserted right after it.
    insert.bind(10, envelope.events.isEmpty ? nil : nextEvent + 1)
    insert.bind(11, UnstoredEvents(of: envelope)?.bytes)
    try insert.run()
    if let fingerprint = envelope.fingerprint {
      duplicates.insert(DuplicateIndex.key(fingerprint.hash, source: source), row: nextEnvelope)
    }
    return nextEnvelope
  }

  /// - Parameters:
  ///   - receivedFirst: When its envelope came, if that was not just now.
  ///   - claimed: Where its deliveries go that may be attempted, claimed.
  func insert(
    _ event: NewEnvelope.NewEvent, envelope: Int64, receivedFirst: Timestamp? = nil, now: Timestamp,
    into claimed: inout [Delivery]
  ) throws(StoreError) {
    nextEvent += 1
    let insert = statements.insertEvent
    let body = event.event
    insert.bind(1, nextEvent)
    insert.bind(2, body.id)
    insert.bind(3, envelope)
    insert.bind(4, body.type)
    insert.bind(5, body.rawType.elementsEqual(body.type.utf8) ? nil : body.rawType)
    insert.bind(6, body.company)
    insert.bind(7, body.channel)
    insert.bind(8, body.chat)
    insert.bind(9, names.ids(of: event.routes, in: .route))
    insert.bind(10, event.isDropped ? 1 : 0)
    insert.bind(11, body.body)
    // They are inserted right after it.
    insert.bind(12, event.deliveries.isEmpty ? nil : nextDelivery + 1)
    insert.bind(13, event.deliveries.count)
    try insert.run()
    if let previous = order.add(body.id, row: nextEvent) {
      statements.insertStraggler.bind(1, body.id)
      statements.insertStraggler.bind(2, nextEvent)
      statements.insertStraggler.bind(3, previous)
      try statements.insertStraggler.run()
    }
    try self.insert(
      event.deliveries, of: body, row: nextEvent, receivedFirst: receivedFirst, now: now, into: &claimed)
  }

  /// Inserts an event's deliveries one after another: its row says where.
  ///
  /// - Parameters:
  ///   - receivedFirst: When its envelope came, if that was not just now.
  ///   - claimed: Where those go that may be attempted, claimed.
  func insert(
    _ deliveries: [NewEnvelope.NewDelivery], of event: Event, row: Int64, receivedFirst: Timestamp?,
    now: Timestamp, into claimed: inout [Delivery]
  ) throws(StoreError) {
    for delivery in deliveries {
      let inserted = try insert(delivery, of: event, row: row, receivedFirst: receivedFirst, now: now)
      if let inserted { claimed.append(inserted) }
    }
  }

  /// - Returns: nil for what is not to be attempted now: it waits for its order key, or is withheld, or comes after
  ///   what its lane has given back, or went over its destination's `max_backlog`.
  private func insert(
    _ delivery: NewEnvelope.NewDelivery, of event: Event, row: Int64, receivedFirst: Timestamp?,
    now: Timestamp
  ) throws(StoreError) -> Delivery? {
    let destination = names.id(of: delivery.destination, in: .destination)!
    let bytes = event.footprint
    let since = destinations.serviceTime(of: destination, at: event.envelope.receivedAt)
    nextDelivery += 1
    guard destinations.hasRoom(destination, for: bytes) else {
      try insertOverflow(
        delivery, destination, event: row, since: since, bytes: bytes, receivedFirst: receivedFirst, now: now)
      return nil
    }
    let key = destinations.ordering(of: destination).key(source: event.envelope.source, chat: event.chat)
    let waits = try key.map { key throws(StoreError) in
      try head(of: OrderKey(destination: destination, text: key)) != nil
    }
    let isHandedOut =
      waits != true && destinations.handsOut(destination) && !backlogs.isBehind(destination)
    let isListed = !isHandedOut || key != nil
    let insert = statements.insertDelivery
    insert.bind(1, nextDelivery)
    insert.bind(2, row)
    insert.bind(3, destination)
    insert.bind(4, names.id(of: delivery.route, in: .route))
    insert.bind(
      5, isListed ? Int64((waits == true ? DeliveryState.waiting : .fresh).rawValue) : Self.unlistedState)
    insert.bind(6, since.microseconds)
    insert.bind(7, key)
    insert.bind(8, bytes)
    insert.bind(9, receivedFirst == nil ? nil : now.microseconds)
    try insert.run()
    destinations.change(destination) {
      $0.pending += 1
      $0.backlogBytes += bytes
    }
    guard isHandedOut else { return nil }
    claims.add(
      nextDelivery,
      ClaimTable.Entry(
        destination: destination, bytes: bytes, received: receivedFirst ?? event.envelope.receivedAt,
        orderKey: key,
        isFresh: true, isListed: isListed))
    return Delivery(
      id: DeliveryID(rawValue: nextDelivery), event: event, destination: delivery.destination, since: since)
  }

  private func insertOverflow(
    _ delivery: NewEnvelope.NewDelivery, _ destination: Int64, event: Int64, since: Timestamp, bytes: Int,
    receivedFirst: Timestamp?, now: Timestamp
  ) throws(StoreError) {
    let insert = statements.insertOverflow
    insert.bind(1, nextDelivery)
    insert.bind(2, event)
    insert.bind(3, destination)
    insert.bind(4, names.id(of: delivery.route, in: .route))
    insert.bind(5, since.microseconds)
    insert.bind(6, bytes)
    insert.bind(7, now.microseconds)
    let revisit = receivedFirst.flatMap { self.revisit(nextDelivery, received: $0, settledAt: now) }
    insert.bind(8, revisit?.microseconds)
    insert.bind(9, receivedFirst == nil ? nil : now.microseconds)
    try insert.run()
    destinations.change(destination) { $0.overflowed += 1 }
  }
}
