import Logging
import RelayCore
import RelayText
import RelayThreads

/// Takes a sample every ten seconds of what the relay counts anyway, and answers with them.
///
/// Counters are read without a lock. What is pending comes from the store's books, which it has in memory. Its database is looked
/// into only while something is pending, for the age of the oldest, by index. A store that does not answer leaves out what is its own.
package final class SeriesRecorder: Sendable {
  struct Parts: Sendable {
    let active: ActiveConfiguration
    let store: any DeliveryStore
    let lookup: any DeliveryLookup
    let engine: DeliveryEngine
    let metrics: RelayMetrics
    let patience: Patience
    let clock: any SteadyClock
    let file: (any SeriesKeeping)?
    let logger: Logger
  }

  private let parts: Parts
  private let keeper: SeriesKeeper
  private let book: Locked<SeriesBook>
  private let storeAnswers = AwaitedAnswers()
  private let lookupAnswers = AwaitedAnswers()

  init(_ parts: Parts) {
    self.parts = parts
    keeper = SeriesKeeper(parts.file, logger: parts.logger)
    book = Locked(SeriesBook(Self.counters(parts)))
  }

  /// Reads what an earlier run has left.
  package func begin() async {
    let kept = await onThread(named: "series") { [keeper] in keeper.read() }
    let (now, counters) = (parts.clock.now(), Self.counters(parts))
    let areOthers = book.withLock { book in
      // What came before the first look is of this run, too.
      if let kept { book.load(kept, at: now) }
      return book.notice(counters)
    }
    if areOthers { keeper.isOutdated() }
  }

  /// How long it is until a step ends.
  package var untilNext: Duration {
    let (now, step) = (parts.clock.now(), SeriesStep.tenSeconds)
    return now.duration(to: step.beginning(of: step.number(at: now) + 1))
  }

  /// Takes a sample. Every ten seconds, shortly after a step's end.
  ///
  /// - Parameter isLast: The relay stops: of the step that is under way.
  /// - Returns: What brings it into the file. A disk that hangs holds it up: nobody else is to wait for it.
  @discardableResult
  package func sample(isLast: Bool = false) async -> Task<Void, Never> {
    // Before anybody is waited for.
    let now = parts.clock.now()
    var reading = Self.counters(parts)
    await readGauges(&reading, now: now)
    let (change, taken) = book.withLock { book in
      (book.take(reading, at: now, isLast: isLast), book)
    }
    return Task { [keeper] in await keeper.write(change, of: taken) }
  }

  /// Takes the last sample, and waits for a moment until it is kept.
  package func end() async {
    let writing = await sample(isLast: true)
    try? await parts.patience.wait { () async throws(StoreError) in await writing.value }
  }

  private static func counters(_ parts: Parts) -> SeriesReading {
    var reading = parts.metrics.reading()
    let configuration = parts.active.configuration
    reading.configuredDestinations = configuration.destinations.map(\.name)
    reading.configuredSources = configuration.sources.map(\.name)
    return reading
  }

  private func readGauges(_ reading: inout SeriesReading, now: Timestamp) async {
    for lane in await parts.engine.snapshot() where !lane.isRemoved {
      reading.destinations[lane.name]?.inFlight = lane.inFlight.count
    }
    guard let (books, bytes) = await books() else { return }
    reading.storeBytes = bytes
    for one in books {
      reading.destinations[one.name]?.books = .init(pending: one.pending, dead: one.dead)
    }
    guard books.contains(where: { $0.pending > 0 }), let oldest = await oldest() else { return }
    for (name, received) in oldest {
      reading.destinations[name]?.oldestPending = max(.zero, received.duration(to: now))
    }
  }

  private func books() async -> ([StoredDestination], bytes: Int)? {
    // The one before has waited in vain: so would this one.
    guard !storeAnswers.areSilent(for: parts.patience.limit) else { return nil }
    storeAnswers.asked()
    return try? await parts.patience.wait { [store = parts.store, storeAnswers] () async throws(StoreError) in
      defer { storeAnswers.answered() }
      return (try await store.destinations(), try await store.usage().liveBytes)
    }
  }

  private func oldest() async -> [String: Timestamp]? {
    guard !lookupAnswers.areSilent(for: parts.patience.limit) else { return nil }
    lookupAnswers.asked()
    return try? await parts.patience.wait {
      [lookup = parts.lookup, lookupAnswers] () async throws(StoreError) in
      defer { lookupAnswers.answered() }
      return try await lookup.oldestPending()
    }
  }

  // MARK: What is shown

  func series(_ request: SeriesRequest) throws(OperationError) -> SeriesReport {
    try check(request)
    // A copy, so that nobody waits while it is shown.
    let book = book.withLock { $0 }
    // After a look at the clock: only who looks notices that the wall clock was set.
    let now = parts.clock.reading().steady
    return book.report(request, at: now, parts.clock.history)
  }

  /// That there are the destinations that are asked for, or were lately.
  private func check(_ request: SeriesRequest) throws(OperationError) {
    guard let wanted = request.destinations else { return }
    let known = parts.active.configuration.destinations.map(\.name)
    let all = Set(known).union(book.withLock { $0.names.destinations })
    guard let unknown = wanted.first(where: { !all.contains($0) }) else { return }
    let hint =
      NearestName.question(unknown, among: known)
      ?? "; the configuration has \(known.joined(separator: ", "))"
    throw OperationError(code: .notFound, message: "there is no destination \(unknown.prefix(100))\(hint)")
  }
}
