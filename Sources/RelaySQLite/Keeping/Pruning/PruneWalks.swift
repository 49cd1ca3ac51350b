import RelayCore
import RelayStoring

/// How far the pruner has come on each of its walks. What a walk has passed is either gone, or is reached again: by the
/// entry that its last delivery makes once it is settled, or because it is noted here.
///
/// Kept in memory alone: after a restart each walk begins anew.
struct PrunePosition {
  /// Along `event.id`: the last event that is done.
  private(set) var event = EventRowID(rawValue: 0)
  /// The last delivery of all events that this walk has ever passed.
  private(set) var delivery = DeliveryID(rawValue: 0)
  /// Where this walk last stopped: when what is too young there was settled; nil: it came to its end.
  private var stop: Timestamp?
  /// What this walk has passed and no entry leads to: the first such event, and from when on one of them may go.
  private var again: (event: EventRowID, time: Timestamp)?
  /// Along `delivery_revisit`: the last entry that is done.
  private(set) var revisit = RevisitPlace.beginning
  /// Along `envelope.id`, for envelopes without events: the last one that is done.
  private(set) var childless = EnvelopeRowID(rawValue: 0)
  /// Events that would have gone, were they not the newest.
  private(set) var newest: Set<EventRowID> = []

  /// When what the walk along the events waits for was settled; nil: it waits for nothing.
  var waitsFor: Timestamp? { [stop, again?.time].compactMap { $0 }.min() }

  /// A step begins. Lets the walk along the events turn back if what it has passed may be old enough by now.
  mutating func begin(cutoff: Timestamp) {
    stop = nil
    guard let again, again.time <= cutoff else { return }
    event = min(event, again.event.advanced(by: -1))
    self.again = nil
  }

  /// The walk along the events is done with this one.
  mutating func pass(_ passed: ArrivedEvent) {
    event = passed.row
    if let last = passed.lastDelivery { delivery = max(delivery, last) }
  }

  /// The walk along the events goes no further: what is next was settled then, and is too young.
  mutating func stop(at settled: Timestamp) { stop = settled }

  /// The walk along the events is to come to this one again, once what was settled then is old.
  mutating func comeAgain(to event: EventRowID, settled time: Timestamp) {
    again = (min(event, again?.event ?? event), min(time, again?.time ?? time))
  }

  /// The walk along the entries is done with this one.
  mutating func pass(_ entry: RevisitEntry) { revisit = entry.place }

  /// The walk along the envelopes is done with this one.
  mutating func pass(_ envelope: EnvelopeRow) { childless = envelope.id }

  /// To be tried again once it is not the newest any more.
  mutating func keepNewest(_ event: EventRowID) { newest.insert(event) }

  mutating func forgetNewest(_ event: EventRowID) { newest.remove(event) }

  /// What is settled from now on must lie behind the place that the walk along `delivery_revisit` has reached. It does not
  /// where the walk asked for no age and came to entries of this very moment; nor where it met entries of a time that is
  /// yet to come, which the wall clock left before the store had a time of its own.
  mutating func clockShows(_ now: Timestamp) {
    guard revisit.settled >= now else { return }
    revisit = RevisitPlace(settled: now.advanced(by: .seconds(-60)), delivery: DeliveryID(rawValue: 0))
  }
}

/// What one of the pruner's walks comes to next, read a page at a time.
struct PrunePage<Row> {
  /// Reads what follows the walk's position: as many rows as it is told, or fewer at its end.
  private let read: (_ limit: Int) throws(StoreError) -> [Row]
  private var rows: ArraySlice<Row> = []
  private var isLast = false

  init(_ read: @escaping (_ limit: Int) throws(StoreError) -> [Row]) {
    self.read = read
  }

  /// Rows that are read at once.
  private var limit: Int { 256 }

  /// nil: the walk has come to its end.
  mutating func first() throws(StoreError) -> Row? {
    if rows.isEmpty && !isLast {
      rows = try read(limit)[...]
      isLast = rows.count < limit
    }
    return rows.first
  }

  mutating func removeFirst() { rows.removeFirst() }

  /// The walk goes no further for now.
  mutating func end() {
    rows = []
    isLast = true
  }
}
