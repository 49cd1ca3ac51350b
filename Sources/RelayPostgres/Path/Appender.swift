import RelayCore
import RelayStoring

/// Appends envelopes: a new one is stored, and one that comes again is told from it. Confined to the store's thread.
final class Appender {
  private let names: NameTable
  private let duplicates: DuplicateMap
  private let statements: DuplicateStatements
  private let inserter: Inserter
  private let connection: StoreConnection
  /// Events older than this may have gone; nil: not known yet.
  var retention: Duration?

  init(
    _ tables: TableNames, names: NameTable, duplicates: DuplicateMap, inserter: Inserter,
    _ connection: StoreConnection
  ) {
    self.names = names
    self.duplicates = duplicates
    self.inserter = inserter
    self.connection = connection
    statements = DuplicateStatements(tables)
  }

  /// Why an envelope can't be stored, whatever state the store is in: it uses a name that was never configured.
  func refusal(of envelope: NewEnvelope) -> StoreError? {
    guard let (name, kind) = names.unknown(in: envelope) else { return nil }
    return .unknown(kind, name)
  }

  /// - Parameters:
  ///   - envelopes: Those that are not refused.
  ///   - history: What the wall clock has shown; asked for one that looks like a redelivery.
  /// - Returns: What gives, after the commit, for each what came of it: with the deliveries that may be attempted, claimed.
  func append(
    _ envelopes: [NewEnvelope], in commit: PendingCommit, history: () -> ClockHistory
  ) throws(StoreError) -> [() -> AppendOutcome] {
    let lacking = try lookUpLacking(envelopes, now: commit.now, history)
    return envelopes.map { envelope in
      guard let (key, known) = duplicate(of: envelope, history) else {
        return store(envelope, in: commit)
      }
      return reroute(envelope, as: known, key: key, lacking: lacking, in: commit)
    }
  }

  private func store(_ envelope: NewEnvelope, in commit: PendingCommit) -> () -> AppendOutcome {
    let source = names.source(envelope.context.source)!
    let configuration = names.configuration(envelope.configuration)!
    if let fingerprint = envelope.fingerprint {
      let known = KnownEnvelope(envelope, source: source)
      let key = DuplicateMap.Key(fingerprint.hash, source: source)
      if commit.tells { commit.twins.append(TwinKey(key, after: duplicates[key]?.firstEventID)) }
      duplicates.insert(known, for: key)
      commit.arrivals.add(known.row(hash: fingerprint.hash, configuration: configuration))
    }
    var handedOut: [() -> Delivery?] = []
    for event in envelope.events {
      inserter.insert(
        event, of: envelope.firstEventID, source: source, configuration: configuration,
        Inserter.Arrival(now: commit.now, receivedFirst: nil), in: commit, into: &handedOut)
    }
    return { .stored(handedOut.compactMap { $0() }) }
  }

  // MARK: One that comes again

  /// The earlier one with the same bytes; also one of this very commit, which is answered with it.
  private func duplicate(
    of envelope: NewEnvelope, _ history: () -> ClockHistory
  ) -> (DuplicateMap.Key, KnownEnvelope)? {
    guard let fingerprint = envelope.fingerprint else { return nil }
    let key = DuplicateMap.Key(fingerprint.hash, source: names.source(envelope.context.source)!)
    guard let known = duplicates[key], known.receivedAt > fingerprint.since else { return nil }
    if let wallSince = fingerprint.wallSince, history().wall(at: known.receivedAt) <= wallSince { return nil }
    return (key, known)
  }

  /// Events of envelopes that come again which never had a delivery: a rare read, since nearly all events of what is posted have one.
  private func lookUpLacking(
    _ envelopes: [NewEnvelope], now: Timestamp, _ history: () -> ClockHistory
  ) throws(StoreError) -> Set<EventID> {
    var asked: [KnownEnvelope] = []
    for envelope in envelopes {
      guard envelope.events.contains(where: { !$0.deliveries.isEmpty }),
        let (_, known) = duplicate(of: envelope, history), mayBeRouted(known, now)
      else { continue }
      asked.append(known)
    }
    guard !asked.isEmpty else { return [] }
    return Set(try statements.eventsWithoutDelivery(of: asked, connection))
  }

  /// What is old enough to go is left alone: its day may be going now.
  private func mayBeRouted(_ known: KnownEnvelope, _ now: Timestamp) -> Bool {
    !known.isComplete && retention.map { now.advanced(by: .zero - $0) < known.receivedAt } ?? true
  }

  /// Routes events anew that never had a delivery, when their envelope comes again and the rules have been mended since. What was
  /// delivered, is pending, dead or discarded is left as it is. An event that was stored and has gone since is left out as well: what
  /// became of it is not known any more.
  private func reroute(
    _ envelope: NewEnvelope, as known: KnownEnvelope, key: DuplicateMap.Key, lacking: Set<EventID>,
    in commit: PendingCommit
  ) -> () -> AppendOutcome {
    var places: [Int] = []
    var handedOut: [() -> Delivery?] = []
    let arrival = Inserter.Arrival(now: commit.now, receivedFirst: known.receivedAt)
    let configuration = names.configuration(envelope.configuration)!
    if mayBeRouted(known, commit.now) {
      var unstored = UnstoredEvents(known.unstored)
      // As the store has it.
      let context = EnvelopeContext(
        source: envelope.context.source, receivedAt: envelope.context.receivedAt, time: envelope.context.time,
        token: envelope.context.token,
        trace: StoredTrace.read(known.trace, firstEvent: known.firstEventID))
      for new in envelope.events where !new.deliveries.isEmpty {
        let place = envelope.place(of: new.event)
        let id = known.firstEventID.advanced(by: place)
        let isNew = unstored.remove(place)
        guard isNew || commit.arrivals.lacksDelivery(id, isStoredWithout: lacking.contains(id)) else {
          continue
        }
        if commit.tells { commit.twins.append(TwinKey(routing: id)) }
        places.append(place)
        var again = new
        again.event = new.event.identified(as: id, in: context)
        inserter.insert(
          again, of: known.firstEventID, source: known.source, configuration: configuration, arrival,
          isStored: !isNew, in: commit, into: &handedOut)
      }
      if unstored.bytes != known.unstored, let hash = envelope.fingerprint?.hash {
        var now = known
        now.unstored = unstored.bytes
        duplicates.replace(now, for: key)
        commit.arrivals.add(now.row(hash: hash, configuration: configuration))
      }
    }
    return {
      .duplicate(
        firstEventID: known.firstEventID, acceptedCount: known.acceptedCount,
        rerouted: AppendOutcome.Rerouted(places: places, deliveries: handedOut.compactMap { $0() }))
    }
  }
}

@available(*, unavailable)
extension Appender: Sendable {}

extension KnownEnvelope {
  init(_ envelope: NewEnvelope, source: Int32) {
    self.init(
      firstEventID: envelope.firstEventID, source: source, receivedAt: envelope.context.receivedAt,
      acceptedCount: envelope.acceptedCount,
      isComplete: envelope.events.count == envelope.acceptedCount
        && envelope.events.allSatisfy { !$0.deliveries.isEmpty },
      unstored: UnstoredEvents(of: envelope)?.bytes ?? [],
      trace: StoredTrace.bytes(of: envelope.context.trace, firstEvent: envelope.firstEventID))
  }

  func row(hash: [UInt8], configuration: Int32) -> AppendStatements.EnvelopeRow {
    AppendStatements.EnvelopeRow(known: self, configuration: configuration, hash: hash)
  }
}

extension Event {
  fileprivate func identified(as id: EventID, in envelope: EnvelopeContext) -> Event {
    Event(
      id: id, envelope: envelope, type: type, rawType: rawType, company: company, channel: channel,
      chat: chat, body: body)
  }
}
