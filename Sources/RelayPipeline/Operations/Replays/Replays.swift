import Logging
import RelayCore
import RelayThreads

/// Carries out replays: each is a task that walks along the stored events and queues what it finds, as fast as its
/// destinations take it. One that takes nothing gets a task of its own, and holds up no other. A restart goes on with those that
/// were under way.
final class Replays: Sendable {
  struct Parts: Sendable {
    let active: ActiveConfiguration
    let asked: PatientStore
    let store: any DeliveryStore
    let lookup: any DeliveryLookup
    let engine: DeliveryEngine
    let changes: DeliveryChanges
    let clock: any SteadyClock
    let logger: Logger
  }

  /// A replay's walk to all its destinations, or to one that was parted from the others.
  private struct WalkKey: Hashable, Sendable {
    var replay: Int
    var part: String?
  }

  /// A step that is on its way.
  private struct Waiting: Sendable {
    var destinations: [String]
    var since: ContinuousClock.Instant
  }

  private let parts: Parts
  private let sleep: Patience.Sleep
  private let tasks = Locked<[WalkKey: Task<Void, Never>]>([:])
  private let waiting = Locked<[WalkKey: Waiting]>([:])
  /// When those that have a rate may queue more.
  private let restsUntil = Locked<[Int: ContinuousClock.Instant]>([:])

  /// How many events are read at once.
  private static let pageEvents = 512
  /// The same for a walk to one destination that was parted: there may be many.
  private static let partedPageEvents = 128
  /// How long to leave a store alone that could not do what it was asked.
  private static let pauseAfterFailure = Duration.seconds(5)
  /// A step that takes longer waits for room.
  private static let promptly = Duration.seconds(1)

  init(_ parts: Parts, sleep: @escaping Patience.Sleep = { try? await Task.sleep(for: $0) }) {
    self.parts = parts
    self.sleep = sleep
  }

  // MARK: Life

  /// Goes on with what was under way when the process ended. Where relays share the store, it says which of that this one goes on with.
  func resume() {
    guard !parts.store.walk(self) else { return }
    parts.lookup.unfinishedReplays { [self] result in
      switch result {
      case .success(let replays): for replay in replays { run(replay) }
      case .failure(let error):
        parts.logger.error(
          "replays that were under way can't be gone on with before the next start",
          metadata: ["reason": "\(error)"])
      }
    }
  }

  /// Nothing more is queued; the next start goes on.
  func stop() {
    for task in tasks.withLock({ $0 }).values { task.cancel() }
  }

  /// Begins those of its walks that are not over and not under way.
  private func run(_ replay: Replay) {
    guard replay.walk == .underWay else { return }
    let parts: [String?] = [nil] + replay.cursors.parted.keys.map { $0 }
    tasks.withLock { tasks in
      for part in parts {
        let key = WalkKey(replay: replay.id, part: part)
        guard case .at(let cursor) = replay.cursors[part], tasks[key] == nil else { continue }
        tasks[key] = Task {
          await walk(replay, key, from: cursor)
          ended(key)
        }
      }
    }
  }

  private func ended(_ key: WalkKey) {
    let wasLast = tasks.withLock { tasks in
      tasks[key] = nil
      return !tasks.keys.contains { $0.replay == key.replay }
    }
    if wasLast { restsUntil.withLock { $0[key.replay] = nil } }
  }

  // MARK: The walk

  private func walk(_ replay: Replay, _ key: WalkKey, from text: String?) async {
    guard let plan = ReplayPlan(text: replay.new.plan) else {
      let why = "another version of huggy-relay has begun it, and this one does not understand it"
      parts.store.end(replay.id, as: .failed(why)) { _ in }
      return log("replay failed", replay, ["reason": "\(why)"])
    }
    var planner = ReplayPlanner(plan, part: key.part)
    let limit = key.part == nil ? Self.pageEvents : Self.partedPageEvents
    var cursor = text.flatMap { Int64($0) }.map { EventCursor(rawValue: $0) }
    var page = await readPage(of: plan, limit, after: cursor)
    while let current = page {
      cursor = current.next
      async let following = readPage(of: plan, limit, after: cursor, isNeeded: cursor != nil)
      for step in planner.steps(of: current, replay, parts.active.configuration) {
        guard await queue(step, replay, key) else { return }
        if let pause = planner.pause(after: step) { await rest(replay, for: pause) }
      }
      page = await following
    }
  }

  /// A rate is that of all its walks together.
  private func rest(_ replay: Replay, for pause: Duration) async {
    let now = ContinuousClock.now
    let end = restsUntil.withLock { ends in
      let end = max(now, ends[replay.id] ?? now).advanced(by: pause)
      ends[replay.id] = end
      return end
    }
    await sleep(now.duration(to: end))
  }

  /// - Returns: nil: there is none, or the relay stops.
  private func readPage(
    of plan: ReplayPlan, _ limit: Int, after cursor: EventCursor?, isNeeded: Bool = true
  ) async -> ReplayPage? {
    let request = EventPageRequest(
      filter: plan.events, order: .oldestFirst, after: cursor, limit: limit,
      withBodies: plan.target == .asRouted)
    while isNeeded && !Task.isCancelled {
      do throws(StoreError) {
        return try await parts.lookup.replayable(request)
      } catch {
        guard error.code != .closed else { return nil }
        await sleep(Self.pauseAfterFailure)
      }
    }
    return nil
  }

  /// - Returns: Whether the replay goes on.
  private func queue(_ step: ReplayStep, _ replay: Replay, _ key: WalkKey) async -> Bool {
    let destinations = step.destinations
    waiting.withLock { $0[key] = Waiting(destinations: destinations, since: .now) }
    defer { waiting.withLock { $0[key] = nil } }
    while !Task.isCancelled {
      do throws(StoreError) {
        let now = try await parts.store.queue(step) { [self] replay in
          parts.engine.replayQueued(to: destinations)
          // It may have parted some.
          if key.part == nil { run(replay) }
        }
        if now.walk == .ended {
          log(
            "replay queued all it had to", replay,
            ["queued": .number(now.queued), "skipped": .number(now.skipped)])
        }
        return now.walk == .underWay && now.cursors[key.part] != .over
      } catch {
        guard error.code != .closed else { return false }
        parts.logger.error(
          "a replay can't go on; trying again",
          metadata: ["replay": .number(replay.id), "reason": "\(error)"])
        await sleep(Self.pauseAfterFailure)
      }
    }
    return false
  }

  // MARK: What people do

  func count(_ plan: ReplayPlan, within limit: Duration) async throws(OperationError) -> ReplayCount {
    try await check(plan)
    var (planner, count) = (ReplayPlanner(plan), ReplayCount())
    let end = ContinuousClock.now.advanced(by: limit)
    var request = EventPageRequest(
      filter: plan.events, order: .oldestFirst, limit: Self.pageEvents,
      withBodies: plan.target == .asRouted)
    repeat {
      let asked = request
      let page = try await parts.asked.look { lookup async throws(StoreError) in
        try await lookup.replayable(asked)
      }
      for event in page.events {
        let targets = planner.targets(of: event, parts.active.configuration)
        count.matched += 1
        if targets.isEmpty { count.skipped += 1 }
        if event.record.hasNoBody { count.bodiless += 1 }
        for target in targets { count.deliveries[target.destination, default: 0] += 1 }
      }
      request.after = page.next
      count.isPartial = page.next != nil && ContinuousClock.now >= end
    } while request.after != nil && !count.isPartial
    return count
  }

  /// - Throws: `notFound` for a destination that is not configured.
  private func check(_ plan: ReplayPlan) async throws(OperationError) {
    guard case .named(let names) = plan.target else { return }
    for name in names where parts.active.destination(name) == nil {
      // One that was configured once is known, and gets nothing.
      _ = try await parts.asked.destination(name)
      throw OperationError(
        code: .conflict,
        message: "\(name) is no longer configured; put it back into the configuration, and reload")
    }
  }

  func begin(
    _ plan: ReplayPlan, expected: Int?, who: String?, reason: String?
  ) async throws(OperationError) -> ReplayReport {
    try await check(plan)
    var plan = plan
    let now = parts.clock.reading()
    // What arrives from now on goes where the rules send it.
    plan.events.until = min(plan.events.until ?? now.wall, now.wall)
    let new = NewReplay(
      plan: plan.text, expected: expected, who: who, reason: reason, startedAt: now.steady)
    let replay = try await parts.asked.unhurried { store async throws(StoreError) in
      try await store.begin(new)
    }
    log("replay began", replay, expected.map { ["deliveries": .number($0)] } ?? [:])
    run(replay)
    return report(shown(replay))
  }

  func replays(before: Int?, limit: Int) async throws(OperationError) -> [ReplayReport] {
    let found = try await parts.asked.look { lookup async throws(StoreError) in
      try await lookup.replays(before: before, limit: limit)
    }
    return found.map(report)
  }

  func replay(_ id: Int) async throws(OperationError) -> ReplayReport? {
    let found = try await parts.asked.look { lookup async throws(StoreError) in try await lookup.replay(id) }
    return found.map(report)
  }

  func cancel(_ id: Int) async throws(OperationError) -> ReplayReport? {
    let ended = try await parts.asked.unhurried { store async throws(StoreError) in
      try await store.end(id, as: .cancelled)
    }
    guard let ended else { return nil }
    // Also of one whose walk had ended: what it has queued may not have been sent yet.
    if ended.pending > 0 { _ = try await parts.changes.make(.discard, .replay(id)) }
    log("replay cancelled", ended, ["queued": .number(ended.queued), "delivered": .number(ended.delivered)])
    return try await replay(id)
  }

  // MARK: Telling

  private func report(_ replay: Replay) -> ReplayReport {
    let waits = waiting.withLock { waiting in
      waiting.filter { $0.key.replay == replay.id && $0.value.since.duration(to: .now) > Self.promptly }
    }
    return ReplayReport(
      replay: replay, plan: ReplayPlan(text: replay.new.plan),
      waitsFor: Set(waits.values.lazy.flatMap(\.destinations)).sorted())
  }

  /// With the times of the wall clock.
  private func shown(_ replay: Replay) -> Replay {
    var replay = replay
    let history = parts.clock.history
    replay.new.startedAt = history.wall(at: replay.new.startedAt)
    replay.endedAt = replay.endedAt.map(history.wall(at:))
    return replay
  }

  private func log(_ message: Logger.Message, _ replay: Replay, _ metadata: Logger.Metadata) {
    parts.logger.notice(
      message, metadata: ["replay": .number(replay.id)].merging(metadata, uniquingKeysWith: { a, _ in a }))
  }
}

extension Replays: ReplayHost {
  func replaysCame(_ replays: [Replay]) { for replay in replays { run(replay) } }
}
