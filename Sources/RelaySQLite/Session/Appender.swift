import RelayCore
import RelayStoring

/// Appends envelopes, within a transaction: a new one is stored, and one that comes again is told from it. Confined to the
/// store's thread.
final class Appender {
  private let names: NameTable
  private let duplicates: DuplicateIndex
  private let envelopes: EnvelopeStatements
  private let inserter: EnvelopeInserter
  private let rerouter: Rerouter

  init(
    names: NameTable, duplicates: DuplicateIndex, envelopes: EnvelopeStatements, inserter: EnvelopeInserter
  ) {
    self.names = names
    self.duplicates = duplicates
    self.envelopes = envelopes
    self.inserter = inserter
    rerouter = Rerouter(names: names, inserter: inserter, envelopes: envelopes)
  }

  /// Why an envelope can't be stored, whatever state the store is in: it uses a name that was never configured.
  /// Found before anything of it is written, so that it costs no other envelope of the same transaction.
  func refusal(of envelope: NewEnvelope) -> StoreError? {
    guard let (name, kind) = names.unknown(in: envelope) else { return nil }
    return .unknown(kind, name)
  }

  /// - Parameters:
  ///   - now: The steady time.
  ///   - history: What the wall clock has shown; asked for one that looks like a redelivery.
  /// - Returns: With the deliveries that may be attempted, claimed.
  func append(
    _ envelope: NewEnvelope, now: Timestamp, history: () -> ClockHistory = { ClockHistory() }
  ) throws(StoreError) -> AppendOutcome {
    let source = names.sources.row(of: envelope.context.source)!
    let key = envelope.fingerprint.map { DuplicateIndex.key($0.hash, source: source) }
    if let key, let first = try duplicate(of: envelope, key, source: source, history) {
      return .duplicate(
        firstEventID: first.firstEventID, acceptedCount: first.acceptedCount,
        rerouted: try rerouter.reroute(envelope, as: first, now: now))
    }
    let row = try inserter.insert(envelope, source: source)
    if let key { duplicates.insert(key, row: row) }
    var deliveries: [Delivery] = []
    for event in envelope.events {
      try inserter.insert(
        event, envelope: row, EnvelopeInserter.Arrival(now: now, receivedFirst: nil), into: &deliveries)
    }
    return .stored(deliveries)
  }

  /// An earlier row with the same bytes; also one of this very transaction, which is answered with its commit.
  private func duplicate(
    of envelope: NewEnvelope, _ key: UInt64, source: SourceRowID, _ history: () -> ClockHistory
  ) throws(StoreError) -> StoredEnvelope? {
    guard let fingerprint = envelope.fingerprint, let row = duplicates.row(for: key),
      let stored = try envelopes.envelope(row)
    else { return nil }
    guard stored.hash == fingerprint.hash, stored.source == source, stored.receivedAt > fingerprint.since
    else { return nil }
    if let wallSince = fingerprint.wallSince, history().wall(at: stored.receivedAt) <= wallSince {
      return nil
    }
    return stored
  }
}

@available(*, unavailable)
extension Appender: Sendable {}
