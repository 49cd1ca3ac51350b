import RelayCore
import RelayThreads

/// Reads how the relay is: the lanes as they are now, the store as it is or was when it could last be read.
final class StatusReader: Sendable {
  /// What it looks at.
  struct Parts: Sendable {
    let active: ActiveConfiguration
    let asked: PatientStore
    let lookup: any DeliveryLookup
    let engine: DeliveryEngine
    let metrics: RelayMetrics
    let watch: StoreWatch
    let clock: any SteadyClock
    let store: any DeliveryStore
    let sources: SourceDesk
    let attachments: (any AttachmentKeeping)?
  }

  /// What was last read of the store: shown again, with its age, while it can't be read.
  private struct Reading: Sendable {
    var destinations: [StoredDestination]
    /// When each destination's oldest pending delivery was received.
    var oldest: [String: Timestamp]
    /// Since when the delivery that has been due for longest has been due.
    var due: [String: Timestamp]
    var usage: StoreUsage
    /// When it was read, by the steady clock: it lacks what came later.
    var asOf: Timestamp
    var readAt: ContinuousClock.Instant
    /// Ages were looked at, too.
    var isWhole = true
  }

  private let parts: Parts
  private let startedAt = ContinuousClock.now
  private let lastReading = Locked<Reading?>(nil)
  private let answers = AwaitedAnswers()

  init(_ parts: Parts) {
    self.parts = parts
  }

  /// Reads the store for the first time, which it must be able to answer.
  ///
  /// - Returns: What it has kept of each destination.
  func begin(_ store: any DeliveryStore) async throws(StoreError) -> [StoredDestination] {
    let reading = Reading(
      destinations: try await store.destinations(), oldest: [:], due: [:], usage: try await store.usage(),
      asOf: parts.clock.now(), readAt: .now, isWhole: false)
    lastReading.withLock { $0 = reading }
    return reading.destinations
  }

  /// Also while the store can't be read: then with what was last read of it, and how long ago that was.
  ///
  /// - Parameters:
  ///   - age: What was read of the store may be so old, and counts as of now: for who looks all the time.
  ///   - countsWaits: What pending deliveries wait for is counted: not for who looks all the time.
  func status(
    ofAge age: Duration = .zero, countsWaits: Bool = false
  ) async throws(OperationError) -> RelayStatus {
    let lanes = await lanes()
    let (reading, isCurrent) = try await reading(ofAge: age)
    let waits = countsWaits && isCurrent ? await pendingWaits() : [:]
    let now = parts.clock.reading()
    let state = parts.active.current
    let stored = reading.destinations
    let books = Dictionary(uniqueKeysWithValues: stored.map { ($0.name, $0) })
    let history = parts.clock.history
    let orphans = stored.filter { $0.pending + $0.dead > 0 && state.destination($0.name) == nil }
    let destinations =
      state.configuration.destinations.map { ($0.name, Optional($0)) } + orphans.map { ($0.name, nil) }
    let condition = parts.watch.current
    var store = RelayStatus.Store(
      kind: parts.store.kind, bytes: reading.usage.liveBytes, limitBytes: state.configuration.store.maxBytes,
      refusal: condition.refusal?.message)
    store.logBytes = reading.usage.logBytes
    store.reader = parts.watch.logReader.map { RelayStatus.Store.Reader(name: $0.name, time: $0.time) }
    if let hold = attemptHold(condition) {
      store.attemptsHeld = AttemptHold(
        hold.code, reason: hold.reason, since: hold.since.map { history.wall(at: $0) })
    }
    let nodes = parts.store.nodes
    store.unreadFor = isCurrent ? nil : reading.readAt.duration(to: .now)
    var status = RelayStatus(
      version: RelayVersion.number, uptime: startedAt.duration(to: .now),
      store: store,
      destinations: destinations.map { name, destination in
        var status = DestinationStatus(
          name, destination, lane: lanes[name], books: books[name] ?? StoredDestination(name: name),
          now: now.wall)
        // A pause of an orphan has no lane that could say it.
        if status.isPaused && status.pausedSince == nil {
          status.pausedSince = books[name]?.suspended.since.map { history.wall(at: $0) }
        }
        status.servedBy = nodes?.other(serving: name)
        status.isToldElsewhere = nodes.map { !$0.tells(of: name) } ?? false
        status.waits = waits[name]
        status.oldestPending = reading.oldest[name].map { max(.zero, $0.duration(to: now.steady)) }
        if let destination, let lane = lanes[name] {
          status.eventsPerRequest = parts.metrics.destination(name).eventsPerRequest
          status.look(at: lane, of: destination, at: now.steady)
        }
        status.oldestDue = reading.due[name].map { $0.duration(to: now.steady) }.flatMap {
          $0 < .zero ? nil : $0
        }
        status.isLate = status.isLate(by: destination, dueSince: reading.due[name], asOf: reading.asOf)
        status.mayBeLate =
          !status.isLate && status.isLate(by: destination, dueSince: reading.due[name], asOf: now.steady)
        status.lookForStuck()
        return status
      },
      routes: state.configuration.routes.map { route in
        let counts = parts.metrics.route(route.name)
        return RelayStatus.Route(name: route.name, matched: counts.matched, dropped: counts.dropped)
      },
      configurationHash: state.configuration.hash, configurationLoadedAt: state.loadedAt,
      reloadErrors: state.reloadErrors, clockOffset: parts.engine.clockOffset,
      sources: parts.sources.statuses)
    status.lastReload = state.lastReload
    status.attachments = attachments(of: state.configuration)
    status.nodes = nodes
    return status
  }

  /// Why no attempt starts, by the steady clock.
  private func attemptHold(_ condition: StoreCondition) -> AttemptHold? {
    AttemptHold(
      condition, lack: parts.store.startLack(at: parts.clock.now()), stall: parts.store.stall)
  }

  private func attachments(of configuration: Configuration) -> AttachmentStanding? {
    guard let standing = parts.attachments?.standing else { return nil }
    let isWanted = configuration.sources.contains { $0.attachments != nil }
    return isWanted || standing != AttachmentStanding() ? standing : nil
  }

  private func pendingWaits() async -> [String: PendingWaits] {
    let now = parts.clock.now()
    let found = try? await parts.asked.look { lookup async throws(StoreError) in
      try await lookup.pendingWaits(at: now)
    }
    return found ?? [:]
  }

  /// - Returns: What is in the store, or was when it could last be read; and whether it is of now.
  private func reading(ofAge age: Duration) async throws(OperationError) -> (Reading, isCurrent: Bool) {
    let last = lastReading.withLock { $0 }
    if let last, last.isWhole, age > .zero, last.readAt.duration(to: .now) <= age { return (last, true) }
    // The one before has waited in vain: so would this one.
    let isLate = answers.areSilent(for: parts.asked.patience.limit)
    if let last, parts.watch.isHanging || isLate { return (last, false) }
    answers.asked()
    let now = parts.clock.now()
    do throws(OperationError) {
      let reading = try await parts.asked.ask { [parts, answers] store async throws(StoreError) in
        // Also when it comes too late for whoever asked.
        defer { answers.answered() }
        return Reading(
          destinations: try await store.destinations(), oldest: try await parts.lookup.oldestPending(),
          due: try await parts.lookup.oldestDue(), usage: try await store.usage(), asOf: now, readAt: .now)
      }
      lastReading.withLock { $0 = reading }
      return (reading, true)
    } catch {
      guard let last else { throw error }
      return (last, false)
    }
  }

  /// How old what is known of the store may be for notices: the store is looked at no more often for them.
  private static let noticeAge = Duration.seconds(15)

  /// What there is to be told of; nil: it can't be seen now.
  func noticeFacts() async -> NoticeFacts? {
    guard var status = try? await status(ofAge: Self.noticeAge) else { return nil }
    // It may have been sent since: nothing is told that was not so.
    if status.destinations.contains(where: \.mayBeLate), let current = try? await self.status() {
      status = current
    }
    return NoticeFacts(status, parts.watch.current, parts.metrics, history: parts.clock.history)
  }

  func metrics(receivers: [NoticeStanding]) async -> [UInt8] {
    var readings = GaugeReadings(version: RelayVersion.number)
    // A store that can't answer must not take the counters with it.
    readings.nodes = parts.store.nodes
    if readings.tellsOfAll { readings.storeLimitBytes = parts.active.configuration.store.maxBytes }
    readings.attemptsHeld = attemptHold(parts.watch.current)?.code
    let state = parts.active.current
    readings.isLastReloadSuccessful = state.reloadErrors.isEmpty
    readings.lastSuccessfulReload = state.loadedAt
    readings.clockOffset = parts.engine.clockOffset
    if let status = try? await status() { readings = GaugeReadings(status) }
    readings.attachments = parts.attachments?.standing ?? AttachmentStanding()
    readings.receivers = receivers
    return parts.metrics.render(readings)
  }

  /// With the times that the wall clock showed, and will show.
  func lanes() async -> [String: LaneStatus] {
    let lanes = await parts.engine.snapshot()
    // After it, and after a look at the clock: only who looks notices that the wall clock was set.
    _ = parts.clock.reading()
    let history = parts.clock.history
    let shown = lanes.filter { !$0.isRemoved }.map { ($0.name, $0.shown(by: history)) }
    return Dictionary(uniqueKeysWithValues: shown)
  }
}

extension DestinationStatus {
  /// What came of its attempts, and what that says.
  fileprivate mutating func look(at lane: LaneStatus, of destination: Destination, at now: Timestamp) {
    attempts = lane.attempts.windows(at: now)
    hint = FailureHint.text(attempts, of: destination)
    capacity = attempts.first.flatMap {
      DestinationCapacity(destination, $0, arriving: lane.arriving, pending: pending)
    }
    batch = destination.batch
    guard hold == nil, let limit = lane.concurrencyLimit, limit.isLimiting else { return }
    concurrencyLimit = limit
    suggestedConcurrency = limit.suggestedConcurrency(
      arriving: lane.arriving, eventsPerRequest: eventsPerRequest ?? 1)
  }
}

extension DestinationStatus {
  /// So long an event may be on its way to a destination that takes others, before that is worth a word.
  private static let patience = Duration.seconds(300)

  /// Finds a delivery that keeps failing while others succeed: nothing else in the status shows it. Where the oldest has not been due
  /// for nearly as long as it is old, it waits for its next attempt, or for one that comes before it in its order.
  ///
  /// Replays bring events that were old before they were queued: while they do, the age says nothing. So does a person's retry of old
  /// dead letters: these are due at once, and nothing waits for a later attempt or behind another.
  mutating func lookForStuck() {
    if !isPaused, !isOrphaned, circuit != .open, replaying == 0, attempts.contains(where: { $0.failed > 0 }),
      waits.map({ $0.later + $0.ordered > 0 }) ?? true, let oldestPending,
      oldestPending - (oldestDue ?? .zero) >= Self.patience
    {
      oldestRetrying = oldestPending
    }
    // What others are settled at is no pace for what is stuck.
    if oldestRetrying != nil || stuckHead != nil { drain = nil }
  }
}

extension DestinationStatus {
  /// Whether something due has waited for too long.
  ///
  /// - Parameters:
  ///   - due: Since when the one has been due that has been for longest; nil: none is.
  ///   - time: Of when that is known: what has come of it since, nobody knows, and it may have been sent in time.
  fileprivate func isLate(by destination: Destination?, dueSince due: Timestamp?, asOf time: Timestamp)
    -> Bool
  {
    guard let destination, let due, !isPaused, pausedAt == nil else { return false }
    return due.duration(to: time) >= destination.lateAfter
  }
}

extension LaneStatus {
  fileprivate func shown(by history: ClockHistory) -> LaneStatus {
    func wall(_ time: Timestamp) -> Timestamp {
      time == .distantFuture ? time : history.wall(at: time)
    }
    var status = self
    status.heldUntil = heldUntil.map(wall)
    status.pausedUntil = pausedUntil.map(wall)
    status.pausedSince = pausedSince.map(wall)
    status.recoveringSince = recoveringSince.map(wall)
    if case .open(let since) = circuit { status.circuit = .open(since: wall(since)) }
    status.nextProbe = nextProbe.map(wall)
    status.failingSince = failingSince.map(wall)
    status.refusedKinds = refusedKinds.map {
      RefusedKind(kind: $0.kind, since: wall($0.since), lastFailed: wall($0.lastFailed))
    }
    return status
  }
}

extension DestinationStatus {
  /// - Parameter now: The wall clock's, as are the lane's times.
  init(
    _ name: String, _ destination: Destination?, lane: LaneStatus?, books: StoredDestination,
    now: Timestamp
  ) {
    self.init(name: name)
    isOrphaned = destination == nil
    pending = books.pending
    replaying = books.replaying
    dead = books.dead
    delivered = books.delivered
    discarded = books.discarded
    overflowed = books.overflowed
    // A person's pause of an orphan stands for when it is back.
    isPaused = lane?.isPaused ?? (books.pausedUntil.map { $0 > now } ?? false)
    pausedUntil = books.pausedUntil.flatMap { $0 == .distantFuture || $0 <= now ? nil : $0 }
    pausedAt = destination?.pausedAt
    guard let lane else { return }
    inFlight = lane.inFlight.count
    pausedSince = lane.pausedSince
    pace = lane.pace
    heldUntil = lane.heldUntil.flatMap { $0 > now ? $0 : nil }
    switch lane.circuit {
    case .closed: circuit = .closed
    case .open(let since): (circuit, circuitOpenSince, nextProbe) = (.open, since, lane.nextProbe)
    case .recovering: (circuit, recoveringSince) = (.recovering, lane.recoveringSince)
    }
    hold =
      isPaused
      ? .paused
      : circuit == .open ? .circuit : heldUntil != nil ? .retryAfter : lane.isRateUsedUp ? .rate : nil
    failingSince = lane.failingSince
    failures = lane.failures
    stuckHead = lane.stuckHead
    refusedKinds = lane.refusedKinds
    refusedKindCount = lane.refusedKindCount
    if circuit != .closed || failingSince != nil || refusedKindCount > 0 { lastFailure = lane.lastFailure }
    // At no pace, nothing ends: neither while it is paused nor while only probes go out.
    guard !isPaused, circuit != .open else { return }
    if let pace = lane.pace, pace > 0 { drain = .seconds(Double(pending) / pace) }
  }
}
