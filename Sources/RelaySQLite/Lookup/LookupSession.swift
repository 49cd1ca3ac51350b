import RelayCore
import RelayStoring

/// A connection that looks, and what it can be asked. Confined to the lookup's thread.
///
/// Each answer tells things as they stood at one time: between two readings a delivery may pass from one index to another.
/// All are soon over.
final class LookupSession {
  /// Rows that a page looks at, at most.
  static let pageRows = 5_000

  let connection: Connection
  let audit: AuditReader
  private let records: RecordReader
  private let walks: DeliveryWalks
  private let eventPages: EventPages
  private let replays: ReplayReader
  private let search: EventSearch
  private let gapReader: GapReader
  private let clock: (any SteadyClock)?

  /// - Parameters:
  ///   - clock: Knows what the wall clock showed; nil: the store's times are told as they are.
  ///   - file: Which file that is to be; nil: whichever.
  ///   - fileSystem: What it is on; nil: what the system says.
  ///   - shape: Another than the store's only in tests.
  ///   - readsBackwards: It is asked for what takes a walk from the newest event on.
  ///   - fewest: How many deliveries in a state are looked up one by one, wherever they are.
  init(
    path: String, clock: (any SteadyClock)? = nil, file: FileID? = nil, fileSystem: FileSystemKind? = nil,
    shape: RunShape = .standard, readsBackwards: Bool = false, fewest: Int = 1_000
  ) throws(StoreError) {
    self.clock = clock
    connection = try Connection(
      lookingInto: path, file: file, fileSystem: fileSystem, readsBackwards: readsBackwards)
    audit = try AuditReader(connection)
    records = try RecordReader(connection)
    walks = try DeliveryWalks(connection)
    replays = try ReplayReader(connection)
    search = try EventSearch(connection)
    eventPages = try EventPages(connection, records: records, search: search, shape: shape, fewest: fewest)
    gapReader = try GapReader(connection)
  }

  /// Reads everything as it stands at one time.
  private func snapshot<Value>(
    _ body: (ClockHistory) throws(StoreError) -> Value
  ) throws(StoreError) -> Value {
    try connection.execute("BEGIN")
    defer { try? connection.execute("COMMIT") }
    return try body(clock?.history ?? ClockHistory())
  }

  /// Whether the file can be read.
  func readHeader() throws(StoreError) { try connection.readHeader() }

  /// The event with all its deliveries, which are few: as many as there are destinations.
  func event(_ id: EventID) throws(StoreError) -> EventRecord? {
    try snapshot { history throws(StoreError) in
      guard let row = try search.row(of: id) else { return nil }
      return try records.event(row, history)
    }
  }

  /// - Parameter budget: How much a page may look at.
  func events(
    _ request: EventPageRequest, budget: LookupBudget = .page
  ) throws(StoreError) -> EventPage {
    try snapshot { history throws(StoreError) in try eventPages.page(request, history, budget) }
  }

  func deliveries(
    _ filter: DeliveryFilter, after: DeliveryID?, limit: Int
  ) throws(StoreError) -> DeliveryPage {
    let limit = max(1, limit)
    return try snapshot { history throws(StoreError) in
      var found: [DeliveryRecord] = []
      var last: DeliveryID?
      guard var walk = try walks.walk(filter, after: after, history) else {
        return DeliveryPage(deliveries: [], next: nil)
      }
      for _ in 0..<Self.pageRows {
        guard let step = try walk.next() else { return DeliveryPage(deliveries: found, next: nil) }
        if step.fits, let record = try records.delivery(step.delivery, history, where: filter.holds) {
          // One more than asked for: there is a next page.
          guard found.count < limit else { return DeliveryPage(deliveries: found, next: found.last?.id) }
          found.append(record)
        }
        last = step.delivery
      }
      return DeliveryPage(deliveries: found, next: last)
    }
  }

  func count(_ filter: DeliveryFilter, after: DeliveryID?) throws(StoreError) -> DeliveryCountPage {
    var counts = DeliveryCounts()
    let next = try eachPlace(filter, after: after) { row, _ in
      if row.isErased { counts.erased += 1 } else { counts.add(of: row.destination, row.place.state) }
    }
    return DeliveryCountPage(counts: counts, next: next)
  }

  func groups(_ filter: DeliveryFilter, after: DeliveryID?) throws(StoreError) -> DeliveryGroupPage {
    var groups = DeliveryGroups()
    let next = try eachPlace(filter, after: after) { row, history in
      groups.add(row.kind, receivedAt: history.wall(at: row.received), error: row.lastError)
    }
    return DeliveryGroupPage(groups: groups, next: next)
  }

  /// What fits among the next rows.
  ///
  /// - Returns: Where the next page begins; nil: there are no more.
  private func eachPlace(
    _ filter: DeliveryFilter, after: DeliveryID?, _ body: (PlaceRow, ClockHistory) -> Void
  ) throws(StoreError) -> DeliveryID? {
    try snapshot { history throws(StoreError) in
      guard var walk = try walks.walk(filter, after: after, history) else { return nil }
      var last: DeliveryID?
      for _ in 0..<Self.pageRows {
        guard let step = try walk.next() else { return nil }
        if step.fits, let row = try records.place(step.delivery), filter.holds(row, history) {
          body(row, history)
        }
        last = step.delivery
      }
      return last
    }
  }

  /// What of these there is.
  func places(of ids: [DeliveryID]) throws(StoreError) -> [DeliveryPlace] {
    var places: [DeliveryPlace] = []
    for id in ids {
      if let row = try records.place(id) { places.append(row.place) }
    }
    return places
  }

  // MARK: Replays

  /// Newest first.
  func replays(before: Int?, limit: Int) throws(StoreError) -> [Replay] {
    try replays.replays(before: before, limit: min(limit, Self.pageRows), clock?.history ?? ClockHistory())
  }

  func replay(_ id: Int) throws(StoreError) -> Replay? {
    try replays.replay(id, clock?.history ?? ClockHistory())
  }

  /// By the store's own times: whoever goes on with them needs these.
  func unfinishedReplays() throws(StoreError) -> [Replay] { try replays.unfinished() }

  func replayable(_ request: EventPageRequest) throws(StoreError) -> ReplayPage {
    try snapshot { history throws(StoreError) in
      try eventPages.replayPage(request, history, .page, replays)
    }
  }

  /// When each destination's oldest pending delivery was received, by the steady clock: the one that arrived first.
  func oldestPending() throws(StoreError) -> [String: Timestamp] {
    try snapshot { _ throws(StoreError) in
      var oldest: [String: Timestamp] = [:]
      let unlisted = try walks.oldestUnlisted()
      for (row, name) in try walks.allDestinations() {
        let first = [unlisted[row], try walks.oldestListed(of: row)].compactMap { $0 }.min()
        if let first, let received = try walks.received(first) { oldest[name] = received }
      }
      return oldest
    }
  }

  /// Since when the delivery of each destination that has been due for longest has been due, or will be.
  func oldestDue() throws(StoreError) -> [String: Timestamp] {
    try snapshot { _ throws(StoreError) in
      var due: [String: Timestamp] = [:]
      let unlisted = try walks.oldestUnlisted()
      for (row, name) in try walks.allDestinations() {
        let fresh = [unlisted[row], try walks.oldestFresh(of: row)].compactMap { $0 }.min()
        let arrived = try fresh.flatMap { delivery throws(StoreError) in try walks.arrived(delivery) }
        due[name] = [arrived, try walks.firstRetry(of: row)].compactMap { $0 }.min()
      }
      return due
    }
  }

  func pendingWaits(at now: Timestamp) throws(StoreError) -> [String: PendingWaits] {
    try snapshot { _ throws(StoreError) in
      var waits: [String: PendingWaits] = [:]
      var left = PendingWaits.maxCountedInAll
      for (row, name) in try walks.allDestinations() where left > 0 {
        waits[name] = try walks.waits(of: row, at: now)
        left -= waits[name].map { $0.later + $0.ordered } ?? PendingWaits.maxCounted
      }
      return waits
    }
  }
}

extension LookupSession {
  /// When senders were turned away, in the given time at least in part, the newest first, as the wall clock showed it.
  func gaps(since: Timestamp?, until: Timestamp?) throws(StoreError) -> [Gap] {
    try snapshot { history throws(StoreError) in
      try gapReader.all().shown(since: since, until: until, by: history)
    }
  }
}

@available(*, unavailable)
extension LookupSession: Sendable {}
