import RelayCore
import RelayStoring

/// Routes events of a stored envelope anew that never had a delivery, when it comes again and the rules have been mended since.
/// Within a transaction. Confined to the store's thread.
final class Rerouter {
  private let names: NameTable
  private let inserter: EnvelopeInserter
  private let envelopes: EnvelopeStatements

  init(names: NameTable, inserter: EnvelopeInserter, envelopes: EnvelopeStatements) {
    self.names = names
    self.inserter = inserter
    self.envelopes = envelopes
  }

  /// Does as the envelope that has come again says. What was delivered, is pending, dead or discarded is left as it is.
  ///
  /// An event that was stored and has gone since is left out as well: what became of it is not known any more. Those that
  /// were not stored get an envelope's row of their own, after all others, as an envelope's events stand one after
  /// another.
  func reroute(
    _ envelope: NewEnvelope, as first: StoredEnvelope, now: Timestamp
  ) throws(StoreError) -> AppendOutcome.Rerouted {
    var rerouted = AppendOutcome.Rerouted()
    guard envelope.events.contains(where: { !$0.deliveries.isEmpty }) else { return rerouted }
    var unstored = first.unstored
    let events = try events(of: envelope, as: first, &unstored)
    guard !events.isEmpty else { return rerouted }
    rerouted.places = events.map(\.place)
    let configuration = names.configurations.row(of: envelope.configuration)
    let inserted = events.filter { $0.row == nil }
    let newRow = try inserted.first.map { firstInserted throws(StoreError) in
      try inserter.insert(
        like: first, first: firstInserted.event.event.id, count: inserted.count, configuration)
    }
    let arrival = EnvelopeInserter.Arrival(now: now, receivedFirst: first.receivedAt)
    for (_, event, row) in events {
      if let row {
        try inserter.reroute(event, row: row, configuration, arrival, into: &rerouted.deliveries)
      } else if let newRow {
        try inserter.insert(event, envelope: newRow, arrival, into: &rerouted.deliveries)
      }
    }
    try envelopes.setUnstored(unstored, of: first.row)
    return rerouted
  }

  /// The events that are to be delivered now and never were, with the ids that they had, in their order.
  ///
  /// - Parameter unstored: Which were not stored; those that will be are taken out of it.
  /// - Returns: Each with its place among the accepted ones, and its row; nil: it was not stored.
  private func events(
    of envelope: NewEnvelope, as first: StoredEnvelope, _ unstored: inout UnstoredEvents
  ) throws(StoreError) -> [(place: Int, event: NewEnvelope.NewEvent, row: EventRowID?)] {
    let rows = try inserter.eventsWithoutDelivery(of: first)
    // As the store has it: also the trace is the first one's.
    let context = EnvelopeContext(
      source: envelope.context.source, receivedAt: envelope.context.receivedAt, time: envelope.context.time,
      token: envelope.context.token, trace: first.trace)
    var events: [(place: Int, event: NewEnvelope.NewEvent, row: EventRowID?)] = []
    for new in envelope.events where !new.deliveries.isEmpty {
      let place = envelope.place(of: new.event)
      let row = rows[place]
      guard row != nil || unstored.remove(place) else { continue }
      var again = new
      again.event = new.event.identified(as: first.firstEventID.advanced(by: place), in: context)
      events.append((place, again, row))
    }
    return events
  }
}

@available(*, unavailable)
extension Rerouter: Sendable {}

extension Event {
  fileprivate func identified(as id: EventID, in envelope: EnvelopeContext) -> Event {
    Event(
      id: id, envelope: envelope, type: type, rawType: rawType, company: company, channel: channel,
      chat: chat, body: body)
  }
}
