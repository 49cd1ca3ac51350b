import RelayCore
import RelayThreads

/// Says which sources are silent: what was heard of them last, put to the rules of the configuration.
///
/// Nothing runs for it: it is reckoned when somebody asks.
final class SilenceWatch: Sendable {
  private struct State: Sendable {
    /// From when on a source is listened for of which nothing is known, by the steady clock.
    var listeningSince: [String: Timestamp] = [:]
    /// When the relay did not run: nobody could be heard then. In order, by the steady clock.
    var deaf: [Range<Timestamp>] = []
  }

  private let clock: any SteadyClock
  private let metrics: RelayMetrics
  private let state = Locked(State())

  /// How long a start looks for what the sources have sent to earlier runs.
  private let searchTime: Duration

  /// - Parameter patience: How long whoever asks the store waits for it: a start waits for a quarter of that.
  init(clock: any SteadyClock, metrics: RelayMetrics, patience: Patience) {
    self.clock = clock
    self.metrics = metrics
    searchTime = patience.limit / 4
  }

  /// How many pages of the audit it looks at, for what people have put in by hand. Each is 5,000 entries at most.
  private static let auditPages = 2
  private static let eventsAtOnce = 50

  /// Goes on from what earlier runs have heard: the last event of each source that the store has, and that no person has put in. Where
  /// it has none, or does not say, the count begins now.
  ///
  /// - Parameter downTime: How long nobody ran before this start.
  func begin(_ configuration: Configuration, lookup: any DeliveryLookup, downTime: Gap?) async {
    let end = ContinuousClock.now.advanced(by: searchTime)
    let byHand = await publishings(lookup, until: end)
    for source in configuration.sources {
      let published = byHand[source.name] ?? []
      guard let heard = await lastEvent(of: source.name, lookup, published, until: end) else { continue }
      let history = clock.history
      // Where the clock showed this time twice, it was the second.
      let steady = min(history.lastMoment(before: heard), clock.now())
      metrics.source(source.name).acceptedBefore(at: ClockReading(steady: steady, wall: heard))
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
    guard let deadline, deadline <= now else { return SourceSilence(since: nil) }
    return SourceSilence(since: history.wall(at: deadline))
  }

  private func lastEvent(
    of source: String, _ lookup: any DeliveryLookup, _ published: [Timestamp],
    until end: ContinuousClock.Instant
  ) async -> Timestamp? {
    var request = EventPageRequest(
      filter: EventFilter(sources: [WildcardPattern(source)]),
      limit: published.isEmpty ? 1 : Self.eventsAtOnce)
    var received: [Timestamp] = []
    repeat {
      guard let page = try? await lookup.events(request) else { return nil }
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
