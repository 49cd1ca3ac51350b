import RelayCore

extension StoreSession {
  /// Hands out deliveries that nobody holds.
  ///
  /// The index holds nothing that was settled, or waits for its order key; and a walk along the fresh ones begins
  /// where the last one has come to. Those that were given back unlisted take their places among them. So the only rows
  /// to be passed over are retries of this destination that are held, which are bounded by the lane's window; firsts
  /// of keys of which another is in flight; and what can't be read for damage, so that it stops nothing else.
  func claim(_ request: ClaimRequest) throws(StoreError) -> Claim {
    var found = Claim(
      destination: request.destination, kind: request.kind, deliveries: [], isExhausted: true,
      isBeyond: request.after != nil)
    guard let destination = names.id(of: request.destination, in: .destination) else { return found }
    guard destinations.handsOut(destination) else { return .nothing(for: request) }
    let isFresh = request.kind == .fresh
    let query = isFresh ? statements.freshDeliveries : statements.retryingDeliveries
    query.bind(1, destination)
    let after = request.after?.rawValue ?? -1
    let from = max(backlogs.claimableFrom(destination), after + 1)
    query.bind(2, isFresh ? from : request.now.microseconds)
    defer { query.reset() }
    let returned = isFresh ? backlogs.returned(destination) : []
    // In order, so none is copied.
    let passed = request.after == nil ? returned[..<returned.startIndex] : returned.prefix { $0 <= after }
    var candidates = try ClaimCandidates(listed: query, returned: returned[passed.endIndex...])
    var entries: [ClaimTable.Entry] = []
    var footprint = 0
    var envelopes = EnvelopeCache()
    var firstLeft: Int64?
    while found.isExhausted, let candidate = try candidates.next() {
      let row = candidate.row
      let claimed = claims.entries[row]
      guard candidate.isListed ? claimed == nil : claimed?.isReturned == true else { continue }
      guard
        let (delivery, claim) = try delivery(
          row, destination: destination, name: request.destination, &envelopes)
      else {
        damage.note(row)
        continue
      }
      var entry = claim
      if let key = entry.key, claims.holds(key) {
        firstLeft = firstLeft ?? row
        continue
      }
      entry.isListed = candidate.isListed
      footprint += delivery.event.footprint
      found.deliveries.append(delivery)
      entries.append(entry)
      found.isExhausted = found.deliveries.count < request.limit && footprint < request.byteLimit
    }
    if found.isExhausted && request.kind == .retrying {
      found.nextDue = try nextDue(destination, after: request.now)
      if let due = found.nextDue, due > request.latestDue {
        retriesTooFarOff = (request.destination, request.latestDue)
        found.nextDue = request.latestDue
      }
    }
    if isFresh && request.after != nil {
      backlogs.keep(returned: passed + candidates.returned, of: destination)
    } else if isFresh {
      let next =
        firstLeft ?? candidates.lastListed.map { $0 + 1 } ?? backlogs.claimableFrom(destination)
      backlogs.walked(
        to: next, of: destination, returned: candidates.returned, isExhausted: found.isExhausted)
    }
    for (delivery, entry) in zip(found.deliveries, entries) {
      if !entry.isListed { _ = claims.take(delivery.id.rawValue) }
      claims.add(delivery.id.rawValue, entry)
    }
    claims.commit()
    return found
  }

  /// Gives claimed deliveries back.
  func release(_ deliveries: [DeliveryID]) {
    for delivery in deliveries {
      let row = delivery.rawValue
      guard let entry = claims.entries[row] else { continue }
      if entry.isFresh { backlogs.fellBehind(entry.destination) }
      if !entry.isListed {
        claims.change(row) { $0.isReturned = true }
        backlogs.wasReturned(row, of: entry.destination)
        continue
      }
      _ = claims.take(row)
      if entry.isFresh { backlogs.becameClaimable(row, of: entry.destination) }
    }
    claims.commit()
  }

  private func nextDue(_ destination: Int64, after now: Timestamp) throws(StoreError) -> Timestamp? {
    let query = statements.nextDue
    query.bind(1, destination)
    query.bind(2, now.microseconds)
    defer { query.reset() }
    while try query.step() {
      // A store that another clock has left may have claimed ones in the future.
      if !claims.contains(query.integer(1)) { return Timestamp(microseconds: query.integer(0)) }
    }
    return nil
  }

  /// Reads a delivery, and what it is to be claimed with.
  ///
  /// - Returns: nil: it, its event or its envelope is missing.
  func delivery(
    _ row: Int64, destination: Int64, name: String, _ envelopes: inout EnvelopeCache
  ) throws(StoreError) -> (Delivery, ClaimTable.Entry)? {
    let query = statements.deliveryByRow
    query.bind(1, row)
    guard try query.step() else { return nil }
    defer { query.reset() }
    guard let event = try event(query.integer(0), &envelopes) else { return nil }
    let delivery = Delivery(
      id: DeliveryID(rawValue: row), event: event, destination: name, run: Int(query.integer(1)),
      attempts: Int(query.integer(2)), countedAttempts: Int(query.integer(4)),
      since: Timestamp(microseconds: query.integer(3)),
      probedAt: query.optionalInteger(5).map { Timestamp(microseconds: $0) })
    let claim = ClaimTable.Entry(
      destination: destination, bytes: Int(query.integer(7)), received: event.envelope.receivedAt,
      orderKey: query.text(6), isFresh: query.isNull(8))
    return (delivery, claim)
  }

  private func event(_ row: Int64, _ envelopes: inout EnvelopeCache) throws(StoreError) -> Event? {
    if let event = events.event(row) { return event }
    let query = statements.eventByRow
    query.bind(1, row)
    guard try query.step() else { return nil }
    defer { query.reset() }
    let envelope = envelopes.context(query.integer(0)) {
      EnvelopeContext(
        source: names.name(of: query.integer(9), in: .source),
        receivedAt: Timestamp(microseconds: query.integer(10)), time: query.bytes(11), token: query.bytes(12))
    }
    let type = query.text(2)!
    let event = Event(
      id: EventID(bytes: query.bytes(1)!), envelope: envelope, type: type,
      rawType: query.bytes(3) ?? Array(type.utf8), company: query.text(4), channel: query.text(5),
      chat: query.text(6), body: query.bytes(7)!)
    // Of one delivery nobody else comes for it.
    if query.integer(8) > 1 { events.insert(event, row: row) }
    return event
  }
}

extension Claim {
  /// The answer of a store that can't read, or withholds them.
  static func nothing(for request: ClaimRequest) -> Claim {
    Claim(
      destination: request.destination, kind: request.kind, deliveries: [], isExhausted: false,
      isBeyond: request.after != nil)
  }
}

/// The last envelope that was read: an envelope's deliveries mostly come one after another.
struct EnvelopeCache {
  private var row: Int64 = -1
  private var context: EnvelopeContext?

  mutating func context(_ row: Int64, make: () -> EnvelopeContext) -> EnvelopeContext {
    if row == self.row, let context { return context }
    let made = make()
    (self.row, context) = (row, made)
    return made
  }
}

extension EventID {
  /// 16 bytes, the most significant first.
  var bytes: [UInt8] {
    [UInt8](unsafeUninitializedCapacity: 16) { bytes, count in
      for place in 0..<8 {
        bytes[place] = UInt8(truncatingIfNeeded: high >> UInt64(56 - 8 * place))
        bytes[place + 8] = UInt8(truncatingIfNeeded: low >> UInt64(56 - 8 * place))
      }
      count = 16
    }
  }

  init(bytes: [UInt8]) {
    func word(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
    self.init(high: word(bytes[..<8]), low: word(bytes[8...]))
  }
}
