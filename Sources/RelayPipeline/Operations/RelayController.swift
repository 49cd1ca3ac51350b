import Logging
import RelayCore
import RelayThreads

/// A running relay as a whole: what is configured, and everything that people do to it.
///
/// It is composed of one type for each kind of thing: `DeliveryChanges`, `Reloader`, `Reordering`, `RuleTrials`,
/// `SourceDesk`, `DestinationTester`, `StatusReader`, `StoreSearch`, `SeriesRecorder`, `AuditTrail`.
package final class RelayController: RelayOperations {
  let parts: Parts
  private let activeConfiguration: ActiveConfiguration
  private let asked: PatientStore
  let reordering: Reordering
  private let changes: DeliveryChanges
  private let search: StoreSearch
  package let stream: LiveStream
  private let replays: Replays
  private let reloader: Reloader
  private let trials: RuleTrials
  let statusReader: StatusReader
  package let recorder: SeriesRecorder
  package let endings: EndingLog
  let auditTrail: AuditTrail
  private let gapBook: GapBook
  private let typeCheck: TypeCheck
  private let holds: DestinationHolds
  private let sources: SourceDesk
  private let silence: SilenceWatch
  private let tester: DestinationTester
  private let erasures: Erasures
  let isDraining = Locked(false)
  /// It looks at the rest, and so is made last. nil: nobody is told anything.
  let noticeDesk = Locked<Notices?>(nil)

  package init(_ configuration: Configuration, parts: Parts, source: any ReloadSource) {
    self.parts = parts
    let active = ActiveConfiguration(configuration, loadedAt: parts.clock.reading().wall)
    let asked = PatientStore(
      store: parts.store, lookup: parts.lookup, watch: parts.watch, active: active,
      patience: parts.patience)
    let holds = DestinationHolds(store: parts.store, engine: parts.engine)
    activeConfiguration = active
    self.asked = asked
    self.holds = holds
    typeCheck = TypeCheck(asked: asked, active: active, metrics: parts.metrics)
    search = StoreSearch(asked: asked, typeCheck: typeCheck)
    reordering = Reordering(store: parts.store, holds: holds, active: active, logger: parts.logger)
    changes = DeliveryChanges(
      store: parts.store, asked: asked, holds: holds, typeCheck: typeCheck,
      metrics: parts.metrics, feed: parts.engine.feed, logger: parts.logger)
    stream = LiveStream(feed: parts.engine.feed, asked: asked)
    replays = Replays(
      Replays.Parts(
        active: active, asked: asked, store: parts.store, lookup: parts.lookup, engine: parts.engine,
        changes: changes, clock: parts.clock, logger: parts.logger))
    let auditTrail = AuditTrail(asked: asked, logger: parts.logger)
    self.auditTrail = auditTrail
    erasures = Erasures(
      Erasures.Parts(
        store: parts.store, asked: asked, auditTrail: auditTrail, holds: holds, receiver: parts.receiver,
        metrics: parts.metrics,
        feed: parts.engine.feed, attachments: parts.attachments, clock: parts.clock, logger: parts.logger))
    let silence = SilenceWatch(
      clock: parts.clock, metrics: parts.metrics, patience: parts.patience,
      isShared: { [store = parts.store] in store.isSharedNow })
    self.silence = silence
    reloader = Reloader(
      configuration,
      parts: Reloader.Parts(
        active: active, asked: asked, holds: holds, reordering: reordering, engine: parts.engine,
        receiver: parts.receiver, metrics: parts.metrics, silence: silence, linker: parts.linker,
        attachments: parts.attachments, clock: parts.clock, logger: parts.logger),
      source: source)
    trials = RuleTrials(configuration, active: active, asked: asked, source: source, clock: parts.clock)
    sources = SourceDesk(
      SourceDesk.Parts(
        active: active, asked: asked, receiver: parts.receiver, metrics: parts.metrics, silence: silence,
        logger: parts.logger))
    tester = DestinationTester(
      DestinationTester.Parts(
        active: active, prober: parts.prober, samples: parts.samples, linker: parts.linker,
        clock: parts.clock, logger: parts.logger))
    statusReader = StatusReader(
      StatusReader.Parts(
        active: active, asked: asked, lookup: parts.lookup, engine: parts.engine, metrics: parts.metrics,
        watch: parts.watch, clock: parts.clock, store: parts.store, sources: sources,
        attachments: parts.attachments))
    endings = EndingLog(active: active, clock: parts.clock, logger: parts.logger)
    recorder = SeriesRecorder(
      SeriesRecorder.Parts(
        active: active, store: parts.store, lookup: parts.lookup, engine: parts.engine,
        metrics: parts.metrics,
        patience: parts.patience, clock: parts.clock, file: parts.seriesFile, logger: parts.logger))
    gapBook = GapBook(asked: asked, recorder: parts.receiver.gaps, clock: parts.clock)
    parts.engine.hideInAnswers(configuration.toldSecrets)
    parts.engine.rewriteLinks(with: parts.linker?.rewriter(for: configuration))
    guard let tools = parts.notices else { return }
    let notices = makeNotices(tools, active)
    noticeDesk.withLock { $0 = notices }
  }

  var active: ActiveConfiguration.State { activeConfiguration.current }

  // MARK: Life

  /// Tells the store what is configured; nothing is delivered yet.
  ///
  /// - Parameter isPaused: Each destination is paused first, as a person does it for good: that is what `resume` ends, also
  ///   after a restart.
  /// - Returns: What it has kept of each destination.
  package func prepare(isPaused: Bool = false) async throws(StoreError) -> [StoredDestination] {
    try await parts.store.configure(StoreConfiguration(active.configuration))
    parts.receiver.lessons.begin(with: try await parts.store.learnedTokens())
    if isPaused { try await pauseAll() }
    parts.receiver.gaps.started()
    await silence.begin(active.configuration, lookup: parts.lookup, downTime: parts.store.downTime)
    return try await statusReader.begin(parts.store)
  }

  private func pauseAll() async throws(StoreError) {
    let destinations = active.configuration.destinations
    for destination in destinations {
      try await parts.store.pause(destination.name, until: .distantFuture, committed: {})
    }
    parts.logger.notice(
      "paused", metadata: ["destinations": .number(destinations.count), "until": "resumed"])
  }

  /// Begins to deliver. Destinations whose `order_by` has changed since the last run begin once their pending
  /// deliveries are in the new order.
  package func start(_ stored: [StoredDestination]) async {
    let destinations = active.configuration.destinations
    let disordered = Reordering.disordered(destinations, stored, underWay: [])
    await parts.store.hold(disordered)
    await notices?.begin(stored)
    parts.attachments?.configure(active.configuration.sources)
    parts.watch.attach(parts.engine)
    parts.engine.start(destinations, stored: stored)
    parts.store.serve(parts.engine)
    parts.store.tell(parts.receiver.lessons)
    await parts.engine.hold(disordered)
    reordering.begin(disordered)
    replays.resume()
  }

  package func drain() {
    isDraining.withLock { $0 = true }
    replays.stop()
    parts.receiver.gaps.stopping()
    parts.engine.drain()
  }

  /// A line for each destination that is no longer configured, and is owed something.
  package func logOrphans(_ stored: [StoredDestination]) { reloader.logOrphans(stored) }

  // MARK: Looking

  package var readiness: Readiness {
    get async {
      if isDraining.withLock({ $0 }) { return .notReady("the relay is stopping") }
      if let refusal = parts.watch.current.refusal { return .notReady(refusal.message) }
      do throws(StoreError) {
        try await asked.lookOnce { lookup async throws(StoreError) in try await lookup.look() }
      } catch {
        // Other failures are of whoever asks for something: a disk that does not answer is everybody's.
        if error.code == .hanging { return .notReady(error.message) }
      }
      return .ready
    }
  }

  package func status() async throws(OperationError) -> RelayStatus {
    var status = try await statusReader.status(countsWaits: true)
    status.receivers = notices?.standings ?? []
    return status
  }

  package func nodes() -> StoreNodes? { parts.store.nodes }

  package func metrics() async -> [UInt8] { await statusReader.metrics(receivers: notices?.standings ?? []) }

  package func refusedRequests() -> [RefusedRequest] { parts.receiver.refusedRequests }

  package func series(_ request: SeriesRequest) throws(OperationError) -> SeriesReport {
    try recorder.series(request)
  }

  package func gaps(since: Timestamp?, until: Timestamp?) async throws(OperationError) -> [Gap] {
    try await gapBook.gaps(since: since, until: until)
  }

  package func event(_ id: EventID) async throws(OperationError) -> EventReport? {
    let found = try await asked.look { lookup async throws(StoreError) in try await lookup.event(id) }
    guard let event = found else { return nil }
    var deliveries = await reports(of: event.deliveries)
    for index in deliveries.indices {
      if case .order(let first?) = deliveries[index].wait {
        deliveries[index].first = await delivery(first, to: deliveries[index].record.destination)
      }
    }
    return EventReport(event: event, deliveries: deliveries, attachments: await parts.attachments(of: id))
  }

  /// A page begins behind a number: behind the one after it stands the delivery itself.
  private func delivery(_ id: DeliveryID, to destination: String) async -> DeliveryRecord? {
    let filter = DeliverySearch(DeliveryFilter(destination: destination))
    let page = try? await search.deliveries(filter, after: DeliveryID(rawValue: id.rawValue + 1), limit: 1)
    // It may have been delivered since: then nothing waits for it.
    return page?.deliveries.first { $0.id == id && $0.state.isPending }
  }

  package func events(_ request: EventPageRequest) async throws(OperationError) -> EventPage {
    try await search.events(request)
  }

  package func deliveries(
    _ wanted: DeliverySearch, after: DeliveryID?, limit: Int
  ) async throws(OperationError) -> DeliveryReportPage {
    let page = try await search.deliveries(wanted, after: after, limit: limit)
    return DeliveryReportPage(deliveries: await reports(of: page.deliveries), next: page.next)
  }

  package func groups(
    _ filter: DeliveryFilter, after: DeliveryID?
  ) async throws(OperationError) -> DeliveryGroupPage {
    try await search.groups(filter, after: after)
  }

  package func configuration() -> RunningConfiguration { trials.running }

  package func explain(_ event: EventID, by text: String?) async throws(OperationError) -> ExplainReport? {
    try await trials.explain(event, by: text)
  }

  package func explain(envelope: [UInt8], by text: String?) async throws(OperationError) -> ExplainReport {
    try await trials.explain(envelope: envelope, by: text)
  }

  package func backtest(_ request: BacktestRequest) async throws(OperationError) -> BacktestReport {
    try await trials.backtest(request)
  }

  package func difference(to text: String?) async throws(OperationError) -> ConfigurationComparison {
    try await trials.difference(to: text)
  }

  private func reports(of records: [DeliveryRecord]) async -> [DeliveryReport] {
    let lanes = records.contains(where: \.state.isPending) ? await statusReader.lanes() : [:]
    let (now, state, condition) = (parts.clock.reading().wall, active, parts.watch.current)
    let storeHolds = condition.holdsSettlements || condition.lacksLease
    return records.map { record in
      DeliveryReport(
        record: record,
        wait: DeliveryWait(
          record, lane: lanes[record.destination], destination: state.destination(record.destination),
          storeHolds: storeHolds, now: now))
    }
  }

  // MARK: Changing

  package func count(
    _ verb: ChangeVerb, _ selection: DeliverySelection
  ) async throws(OperationError) -> DeliveryCounts {
    try await changes.count(verb, selection)
  }

  package func retry(_ selection: DeliverySelection) async throws(OperationError) -> RetryOutcome {
    let made = try await changes.make(.retry(at: parts.clock.now()), selection)
    return RetryOutcome(changed: made.changed, erased: made.erased)
  }

  package func discard(_ selection: DeliverySelection) async throws(OperationError) -> Int {
    try await changes.make(.discard, selection).changed
  }

  // MARK: Replays

  package func count(
    _ plan: ReplayPlan, within limit: Duration
  ) async throws(OperationError) -> ReplayCount {
    try await replays.count(plan, within: limit)
  }

  package func replay(
    _ plan: ReplayPlan, expected: Int?, who: String?, reason: String?
  ) async throws(OperationError) -> ReplayReport {
    try await replays.begin(plan, expected: expected, who: who, reason: reason)
  }

  package func replays(before: Int?, limit: Int) async throws(OperationError) -> [ReplayReport] {
    try await replays.replays(before: before, limit: limit)
  }

  package func replay(_ id: Int) async throws(OperationError) -> ReplayReport? {
    try await replays.replay(id)
  }

  package func cancelReplay(_ id: Int) async throws(OperationError) -> ReplayReport? {
    try await replays.cancel(id)
  }

  package func erase(
    _ request: ErasureRequest, audit: AuditID?
  ) async throws(OperationError) -> ErasureReport {
    try erasures.begin(request, audit: audit)
  }

  package func erasure(_ id: String) -> ErasureReport? { erasures.report(id) }

  package func exported(_ request: EventPageRequest) async throws(OperationError) -> EventPage {
    try await asked.look { lookup async throws(StoreError) in try await lookup.events(request) }
  }

  package func reload() async throws(OperationError) -> ReloadReport { try await reload(because: .asked) }

  package func reload(because cause: ReloadCause) async throws(OperationError) -> ReloadReport {
    defer { notices?.wake() }
    return try await reloader.reload(because: cause)
  }

  /// It takes as long as the store is large: nobody's patience ends it.
  package func backup() async throws(OperationError) -> any StoreCopy {
    try asked.refuseWhileItHangs()
    parts.logger.notice("the store is being copied")
    return try await asked.unhurried { store async throws(StoreError) in try await store.backup() }
  }

  package func pause(_ destination: String, until: Timestamp?) async throws(OperationError) {
    _ = try await asked.destination(destination)
    if let until, until <= parts.clock.reading().wall {
      throw OperationError(code: .conflict, message: "\(until) has passed; give a later time, or none")
    }
    let until = until ?? .distantFuture
    try await setPause(destination, until: until)
    parts.logger.notice(
      "paused",
      metadata: ["destination": "\(destination)"].merging(
        until == .distantFuture ? [:] : ["until": "\(until)"], uniquingKeysWith: { a, _ in a }))
  }

  package func resume(_ destination: String) async throws(OperationError) -> ResumeReport {
    let stored = try await asked.destination(destination)
    if let place = active.destination(destination)?.pausedAt {
      let lifted = try await endRetryAfter(of: destination)
      let done = lifted.map { "; the Retry-After hold until \($0) is lifted" } ?? ""
      throw OperationError(
        code: .conflict,
        message:
          "the configuration pauses \(destination) (\(place)); take `paused: true` out there and reload\(done)"
      )
    }
    try await setPause(destination, until: nil)
    let report = ResumeReport(
      wasPaused: stored.pausedUntil.map { parts.clock.reading().wall < $0 } ?? false,
      liftedHold: try await endRetryAfter(of: destination))
    parts.logger.notice(
      "resumed",
      metadata: ["destination": "\(destination)"].merging(
        report.liftedHold.map { ["lifted_hold_until": "\($0)"] } ?? [:], uniquingKeysWith: { a, _ in a }))
    return report
  }

  // MARK: Sources

  package func learnToken(
    of source: String, for duration: Duration
  ) async throws(OperationError) -> SourceStatus { try sources.learnToken(of: source, for: duration) }

  package func confirmToken(
    of source: String, candidate: String
  ) async throws(OperationError) -> SourceStatus {
    try await sources.confirmToken(of: source, candidate: candidate)
  }

  package func forgetToken(of source: String) async throws(OperationError) -> SourceStatus {
    try await sources.forgetToken(of: source)
  }

  package func publish(
    _ envelope: [UInt8], to source: String, again: Bool
  ) async throws(OperationError) -> IngestReply {
    try await sources.publish(envelope, to: source, again: again)
  }

  package func test(
    _ destination: String, with sample: TestSample
  ) async throws(OperationError) -> TestReport { try await tester.test(destination, with: sample) }

  package func sample(_ type: String) throws(OperationError) -> [UInt8] { try tester.sample(type) }
  package var sampleTypes: [String] { tester.sampleTypes }

  /// - Returns: Until when it was held.
  private func endRetryAfter(of destination: String) async throws(OperationError) -> Timestamp? {
    let end = try await asked.ask { store async throws(StoreError) in
      try await store.endRetryAfter(of: destination)
    }
    if case .done(let until) = end { return until }
    let held = await statusReader.lanes()[destination]?.heldUntil
    parts.engine.endRetryAfter(of: destination)
    return held
  }

  /// The lane is told in the store's completion: so it sees pauses and their ends in the store's order, and also one that
  /// comes too late for whoever asked.
  private func setPause(_ destination: String, until: Timestamp?) async throws(OperationError) {
    try await asked.ask { [engine = parts.engine] store async throws(StoreError) in
      try await store.pause(destination, until: until) { engine.pause(destination, until: until) }
    }
  }
}
