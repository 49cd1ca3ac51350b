import RelayCore
import RelayThreads

/// Says which sources are silent: what was heard of them last, put to the rules of the configuration.
///
/// Nothing runs for it: it is reckoned when somebody asks. Relays that share a store hear for one another: none calls a source silent before
/// it has looked at what the others have stored.
final class SilenceWatch: Sendable {
  private struct State: Sendable {
    /// From when on a source is listened for of which nothing is known, by the steady clock.
    var listeningSince: [String: Timestamp] = [:]
    /// When the relay did not run: nobody could be heard then. In order, by the steady clock.
    var deaf: [Range<Timestamp>] = []
    /// Sources of which the store is being asked what others have taken in, and when it was asked last of each, by the steady clock.
    var asked: Set<String> = []
    var lookedAt: [String: Timestamp] = [:]
    /// What is asked; nil: nothing yet.
    var lookup: (any DeliveryLookup)?
  }

  private let clock: any SteadyClock
  private let metrics: RelayMetrics
  private let isShared: @Sendable () -> Bool
  private let state = Locked(State())

  /// How long a start looks for what the sources have sent to earlier runs.
  private let searchTime: Duration

  /// - Parameters:
  ///   - patience: How long whoever asks the store waits for it: a start waits for a quarter of that.
  ///   - isShared: Whether other relays take in for the same store now.
  init(
    clock: any SteadyClock, metrics: RelayMetrics, patience: Patience,
    isShared: @escaping @Sendable () -> Bool
  ) {
    self.clock = clock
    self.metrics = metrics
    self.isShared = isShared
    searchTime = patience.limit / 4
  }

  /// How many pages of the audit it looks at, for what people have put in by hand. Each is 5,000 entries at most.
  private static let auditPages = 2
  private static let eventsAtOnce = 50
  /// How often the store is asked whether others hear a source that is silent here.
  private static let lookInterval = Duration.seconds(15)

  /// Goes on from what earlier runs have heard: the last event of each source that the store has, and that no person has put in. Where
  /// it has none, or does not say, the count begins now.
  ///
  /// - Parameter downTime: How long nobody ran before this start.
  func begin(_ configuration: Configuration, lookup: any DeliveryLookup, downTime: Gap?) async {
    state.withLock { $0.lookup = lookup }
    let end = ContinuousClock.now.advanced(by: searchTime)
    let byHand = await publishings(lookup, until: end)
    for source in configuration.sources {
      let published = byHand[source.name] ?? []
      guard let heard = try? await lastEvent(of: source.name, lookup, published, until: end) else { continue }
      metrics.source(source.name).acceptedElsewhere(at: reading(of: heard))
    }
    let pauses = await downTimes(lookup, and: downTime)
    let started = clock.now()
    state.withLock { state in
      state.deaf = pauses
      for source in configuration.sources {
        let isKnown = metrics.source(source.name).lastHeardAt != nil
        state.listeningSince[source.name] = isKnown ? Timestamp(microseconds: 0) : started
      }
    }
    // What went nowhere was not stored: the last event that was may not be the last that came.
    guard configuration.store.keep == .routed else { return }
    let now = clock.now()
    state.withLock { state in
      for source in configuration.sources { state.listeningSince[source.name] = now }
    }
  }

  /// A source that is new, or is back, is listened for from now on: while it was not configured, nobody could hear it.
  func listen(for configuration: Configuration) {
    let (now, names) = (clock.now(), Set(configuration.sources.map(\.name)))
    state.withLock { state in
      state.listeningSince = state.listeningSince.filter { names.contains($0.key) }
      for name in names where state.listeningSince[name] == nil { state.listeningSince[name] = now }
    }
  }

  /// nil: the configuration does not say when it is silent.
  func silence(of source: Source) -> SourceSilence? {
    guard let rule = source.quietAfter else { return nil }
    let state = state.withLock { $0 }
    guard let listening = state.listeningSince[source.name] else { return SourceSilence(since: nil) }
    let heard = metrics.source(source.name).lastHeardAt ?? listening
    // A step of the wall clock is noticed by who looks.
    let now = clock.reading().steady
    let history = clock.history
    let deadline = rule.deadline(after: max(heard, listening), history: history, deaf: state.deaf)
    guard let deadline, deadline <= now, !mayBeHeardElsewhere(source.name, since: deadline, now: now) else {
      return SourceSilence(since: nil)
    }
    return SourceSilence(since: history.wall(at: deadline))
  }

  /// Asks the store now and then what others have taken in.
  ///
  /// - Returns: Whether it has not said yet that they have taken in nothing by that time.
  private func mayBeHeardElsewhere(_ source: String, since deadline: Timestamp, now: Timestamp) -> Bool {
    guard isShared() else { return false }
    let (lookedAt, lookup) = state.withLock { state -> (Timestamp?, (any DeliveryLookup)?) in
      let last = state.lookedAt[source]
      let isDue = last.map { $0 < deadline || $0.advanced(by: Self.lookInterval) <= now } ?? true
      guard isDue, let lookup = state.lookup, state.asked.insert(source).inserted else { return (last, nil) }
      return (last, lookup)
    }
    if let lookup { Task { await look(for: source, lookup, at: now) } }
    return lookedAt.map { $0 < deadline } ?? true
  }

  private func look(for source: String, _ lookup: any DeliveryLookup, at now: Timestamp) async {
    let end = ContinuousClock.now.advanced(by: searchTime)
    let published = await publishings(lookup, until: end)[source] ?? []
    var hasAnswered = true
    do throws(StoreError) {
      if let heard = try await lastEvent(of: source, lookup, published, until: end) {
        metrics.source(source).acceptedElsewhere(at: reading(of: heard))
      }
    } catch {
      hasAnswered = false
    }
    state.withLock { state in
      state.asked.remove(source)
      if hasAnswered { state.lookedAt[source] = now }
    }
  }

  /// Where the clock showed this time twice, it was the second.
  private func reading(of wall: Timestamp) -> ClockReading {
    ClockReading(steady: min(clock.history.lastMoment(before: wall), clock.now()), wall: wall)
  }

  private func lastEvent(
    of source: String, _ lookup: any DeliveryLookup, _ published: [Timestamp],
    until end: ContinuousClock.Instant
  ) async throws(StoreError) -> Timestamp? {
    var request = EventPageRequest(
      filter: EventFilter(sources: [WildcardPattern(source)]),
      limit: published.isEmpty ? 1 : Self.eventsAtOnce)
    var received: [Timestamp] = []
    repeat {
      let page = try await lookup.events(request)
      received += page.events.map(\.receivedAt)
      if let heard = PublishedEvents.newestPosted(of: received, published: published) { return heard }
      guard let next = page.next else { return nil }
      request.after = next
    } while ContinuousClock.now < end
    return nil
  }

  /// When people have begun to put envelopes in by hand, by the source's name: as the audit says, which knows of each.
  private func publishings(
    _ lookup: any DeliveryLookup, until end: ContinuousClock.Instant
  ) async -> [String: [Timestamp]] {
    var times: [String: [Timestamp]] = [:]
    var after: AuditID?
    for _ in 0..<Self.auditPages where ContinuousClock.now < end {
      let filter = AuditFilter(what: PublishedEvents.action)
      guard let page = try? await lookup.audit(filter, after: after, limit: 500) else { return times }
      // One that was refused, or was known already, has put in nothing.
      for record in page.records where record.outcome.map({ $0.text == "done" && $0.count != 0 }) ?? true {
        // Behind the name comes what else was asked for.
        let source = record.entry.target.prefix { $0 != " " }
        times[String(source), default: []].append(record.entry.at)
      }
      guard let next = page.next else { return times }
      after = next
    }
    return times
  }

  private func downTimes(_ lookup: any DeliveryLookup, and last: Gap?) async -> [Range<Timestamp>] {
    let history = clock.history
    let kept = (try? await lookup.gaps(since: nil, until: nil)) ?? []
    var times = kept.filter { $0.kind == .down }.map { gap in
      (began: history.firstMoment(from: gap.began), ended: history.lastMoment(before: gap.ended))
    }
    // It may not be in the store yet, or not whole.
    if let last { times.append((last.began, last.ended)) }
    return times.filter { $0.began < $0.ended }.map { $0.began..<$0.ended }
      .sorted { $0.lowerBound < $1.lowerBound }
  }
}
