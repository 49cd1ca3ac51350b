import RelayCore

/// Reads back from the store what runs are made of. Confined to the thread of its connection.
///
/// Each query looks at few rows and ends at once. A test asserts each statement's plan.
final class IndexSource {
  /// What an event that was routed anew has for its deliveries lies beyond so many that came after the last: it is asked then.
  private static let nearDeliveries: Int64 = 1_000

  private let shape: RunShape
  private let runs: Statement
  private let pages: Statement
  private let pageFrom: Statement
  private let eventRows: Statement
  private let envelopeRows: Statement
  private let sourceOfEnvelope: Statement
  private let sources: Statement
  private let destinationRows: Statement
  private let arrival: Statement
  private let firstEvent: Statement
  private let eventFrom: Statement
  private let lastEvent: Statement

  init(_ connection: Connection, _ shape: RunShape) throws(StoreError) {
    self.shape = shape
    runs = try connection.prepare("SELECT id FROM event_run ORDER BY id")
    pages = try connection.prepare("SELECT body FROM run_page WHERE id >= ?1 AND id < ?2 ORDER BY id")
    pageFrom = try connection.prepare("SELECT min(id) FROM run_page WHERE id >= ?1")
    eventRows = try connection.prepare(
      """
      SELECT id, type, company, channel, chat, routes, dropped, first_delivery, deliveries, envelope FROM event
      WHERE id >= ?1 AND id < ?2 ORDER BY id
      """)
    envelopeRows = try connection.prepare("SELECT id, source FROM envelope WHERE id >= ?1 ORDER BY id")
    sourceOfEnvelope = try connection.prepare("SELECT source FROM envelope WHERE id = ?1")
    sources = try connection.prepare("SELECT min(id), max(id) FROM source")
    destinationRows = try connection.prepare(
      "SELECT event, destination FROM delivery WHERE id >= ?1 AND id < ?2 ORDER BY id")
    arrival = try connection.prepare("SELECT arrived FROM delivery WHERE id = ?1")
    firstEvent = try connection.prepare("SELECT min(id) FROM event")
    eventFrom = try connection.prepare("SELECT min(id) FROM event WHERE id >= ?1")
    lastEvent = try connection.prepare("SELECT max(id) FROM event")
  }

  // MARK: What there is

  func progress() throws(StoreError) -> IndexProgress {
    var found: [RunID] = []
    while try runs.step() { found.append(RunID(rawValue: runs.integer(0))) }
    return IndexProgress(
      runs: found, firstRow: try firstEvent.firstInteger(), lastRow: try lastEvent.firstInteger(),
      shape: shape)
  }

  func event(from row: Int64) throws(StoreError) -> Int64? {
    eventFrom.bind(1, row)
    return try eventFrom.firstInteger()
  }

  /// Runs of which pages have been left, though they are none: a crash came between.
  func leftovers(beside known: [RunID]) throws(StoreError) -> [RunID] {
    let known = Set(known)
    var found: [RunID] = []
    var from: Int64 = 0
    while true {
      pageFrom.bind(1, from)
      guard let page = try pageFrom.firstInteger() else { return found }
      let run = RunID(ofPage: page)
      if !known.contains(run) { found.append(run) }
      from = run.pages.upperBound
    }
  }

  func run(_ id: RunID) throws(StoreError) -> EncodedRun {
    pages.bind(1, id.pages)
    var bodies: [[UInt8]] = []
    while try pages.step() { bodies.append(pages.bytes(0)!) }
    return EncodedRun(id: id, pages: bodies)
  }

  // MARK: A run of events

  /// - Parameter isOver: Asked now and then.
  /// - Returns: nil: it is.
  func build(_ id: RunID, unless isOver: () -> Bool) throws(StoreError) -> EncodedRun? {
    var builder = RunBuilder(id, shape)
    let rows = id.rows(shape)
    // A small run's worth at a time: a long query would keep the store's log from being written over.
    for first in stride(from: rows.lowerBound, to: rows.upperBound, by: Int(shape.smallRows)) {
      if isOver() { return nil }
      let part = first..<min(first + shape.smallRows, rows.upperBound)
      try addEvents(part, to: &builder)
    }
    return builder.finish()
  }

  private func addEvents(_ rows: Range<Int64>, to builder: inout RunBuilder) throws(StoreError) {
    let query = eventRows
    query.bind(1, rows)
    defer {
      query.reset()
      envelopeRows.reset()
    }
    let onlySource = try onlySource()
    var envelope: Int64?
    var deliveries: Range<Int64>?
    while try query.step() {
      let row = query.integer(0)
      addTraits(query, row, to: &builder)
      var source = onlySource
      if source == nil { source = try self.source(ofEnvelope: query.integer(9), &envelope) }
      builder.add(EventTerm.of(.source, row: source!), row: row)
      let count = query.integer(8)
      guard count > 0, let first = query.optionalInteger(7) else {
        builder.add(EventTerm.undelivered(isDropped: query.integer(6) != 0), row: row)
        continue
      }
      let own = first..<first + count
      guard try cameWithIt(own, after: deliveries) else { continue }
      deliveries = deliveries.map { $0.lowerBound..<max($0.upperBound, own.upperBound) } ?? own
      builder.add(deliveries: own, row: row)
    }
    if let deliveries { try addDestinations(deliveries, of: rows, to: &builder) }
  }

  private func addTraits(_ query: Statement, _ row: Int64, to builder: inout RunBuilder) {
    query.withBytes(1) { builder.add(.type, $0, row: row) }
    add(.company, query, 2, row, to: &builder)
    add(.channel, query, 3, row, to: &builder)
    if !query.isNull(4) { query.withBytes(4) { builder.add(EventTerm.of(.chat, $0), row: row) } }
    query.withBytes(5) { numbers in
      var number: Int64 = 0
      for (place, byte) in numbers.enumerated() {
        if byte != UInt8(ascii: " ") { number = number &* 10 &+ Int64(byte &- UInt8(ascii: "0")) }
        guard byte == UInt8(ascii: " ") || place == numbers.count - 1 else { continue }
        builder.add(EventTerm.of(.route, row: number), row: row)
        number = 0
      }
    }
  }

  private func add(
    _ kind: EventTerm.Kind, _ query: Statement, _ column: Int32, _ row: Int64, to builder: inout RunBuilder
  ) {
    if query.isNull(column) {
      builder.add(kind, nil, row: row)
    } else {
      query.withBytes(column) { builder.add(kind, $0, row: row) }
    }
  }

  /// The one source that the store has ever known, as most do: then no envelope is asked for its own.
  private func onlySource() throws(StoreError) -> Int64? {
    defer { sources.reset() }
    guard try sources.step(), let first = sources.optionalInteger(0), first == sources.integer(1) else {
      return nil
    }
    return first
  }

  /// Envelopes rise with their events: the next is a step away, mostly.
  ///
  /// - Parameter current: Where `envelopeRows` stands.
  private func source(ofEnvelope id: Int64, _ current: inout Int64?) throws(StoreError) -> Int64 {
    if current == nil {
      envelopeRows.bind(1, id)
      if try envelopeRows.step() { current = envelopeRows.integer(0) }
    }
    for _ in 0..<4 {
      guard let at = current, at < id else { break }
      current = try envelopeRows.step() ? envelopeRows.integer(0) : .max
    }
    if current == id { return envelopeRows.integer(1) }
    sourceOfEnvelope.bind(1, id)
    return try sourceOfEnvelope.firstInteger() ?? 0
  }

  /// Whether the deliveries came with their event, and not later: those lie elsewhere, and are found in another way.
  private func cameWithIt(_ own: Range<Int64>, after before: Range<Int64>?) throws(StoreError) -> Bool {
    if let before, own.lowerBound <= before.upperBound + Self.nearDeliveries { return true }
    arrival.bind(1, own.lowerBound)
    return try arrival.firstInteger() == nil
  }

  private func addDestinations(
    _ deliveries: Range<Int64>, of rows: Range<Int64>, to builder: inout RunBuilder
  ) throws(StoreError) {
    let query = destinationRows
    query.bind(1, deliveries)
    defer { query.reset() }
    while try query.step() {
      let row = query.integer(0)
      if rows.contains(row) { builder.add(EventTerm.of(.destination, row: query.integer(1)), row: row) }
    }
  }
}

@available(*, unavailable)
extension IndexSource: Sendable {}
