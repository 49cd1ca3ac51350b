import Logging
import RelayCore
import RelayThreads

/// The keeper's thread: what it knows, and its turns. Confined to it.
final class KeeperLoop {
  struct Parts: Sendable {
    let parts: AttachmentKeeper.Parts
    let folder: AttachmentFolder
    let index: IndexHolder
    let inbox: Monitor<KeeperInbox>
    let board: Locked<AttachmentStanding>
  }

  private let parts: Parts
  private let clock: any SteadyClock
  private let store: EventLookup
  private let log: LossLog
  private let kept: KeptFiles
  private var policies: [String: AttachmentPolicy] = [:]
  private var slots = FetchSlots()
  private var search: MissedSearch
  private var isStopping = false
  /// Links were written since the index's log was emptied; an earlier run may have left some.
  private var hasLinksInLog = true
  /// What is configured, and could not be taken up yet.
  private var unapplied: [Source]?
  /// Nothing was looked at yet: what an earlier run has left.
  private var isNew = true
  /// When to come back without a cause; nil: never.
  private var wakeAt: Timestamp?
  /// Something has failed: until then nothing is looked for, fetched or ended, whatever arrives.
  private var pausedUntil = Timestamp.epoch

  private static let noRoom =
    "nothing is fetched: the disk has less than 1 GiB left, or the store refuses writes"

  /// After the index or the store has failed.
  private static let pause = Duration.seconds(5)

  init(_ parts: Parts) {
    self.parts = parts
    clock = parts.parts.clock
    store = EventLookup(parts.parts.lookup, clock: parts.parts.clock)
    search = MissedSearch(store)
    log = LossLog(logger: parts.parts.logger, board: parts.board)
    kept = KeptFiles(folder: parts.folder, store: store, board: parts.board)
  }

  func run() {
    repeat {
      let (clock, wakeAt) = (clock, wakeAt)
      let taken = parts.inbox.wait { inbox -> MonitorStep<KeeperInbox> in
        if inbox.hasWork { return .done(inbox.take()) }
        guard let wakeAt else { return .sleep(nil) }
        let left = clock.now().duration(to: wakeAt)
        return left > .zero ? .sleep(left) : .done(inbox.take())
      }
      turn(taken)
    } while !isStopping || !slots.isEmpty
  }

  // MARK: A turn

  private func turn(_ taken: KeeperInbox) {
    let now = clock.now()
    wakeAt = now < pausedUntil ? pausedUntil : nil
    if let sources = taken.sources { unapplied = sources }
    if let missed = taken.missedSince { search.add(since: missed) }
    if taken.isStopping { stop() }
    guard let index = opened(taken, now) else { return }
    do throws(StoreError) {
      try begin(index, now)
    } catch {
      failed(error, now)
    }
    // Whoever waits is answered, whatever fails.
    let isRecorded = recorded(taken.events, index, now)
    for ended in taken.ended { settle(ended, index, now) }
    for erasure in taken.erasures { erase(erasure, index, now) }
    guard wakeAt == nil, unapplied == nil else { return }
    do throws(StoreError) {
      if isStopping { return try finish(index, now, isComplete: isRecorded) }
      if search.isUnderWay { try record(try search.page(of: Array(policies.keys), now), index, now) }
      let mayFetch = parts.parts.mayWrite()
      if mayFetch { try startFetches(index, now) }
      try kept.look(index, now)
      try index.forget(before: now)
      try cleanLog(index)
      parts.board.withLock { $0.problem = mayFetch ? nil : Self.noRoom }
      wakeAt = try nextTime(index, now, mayFetch: mayFetch)
    } catch {
      failed(error, now)
    }
  }

  /// The index; nil: it can't be had, and nothing of this is done now. Events are looked for later.
  private func opened(_ taken: KeeperInbox, _ now: Timestamp) -> (any AttachmentIndex)? {
    let problem: StoreError
    do throws(StoreError) {
      if let index = try parts.index.opened(creating: true) { return index }
      problem = StoreError(code: .closed, message: "the index of attachments is closed")
    } catch {
      problem = error
    }
    failed(problem, now)
    if let first = taken.events.map(\.envelope.receivedAt).min() { search.add(since: first) }
    for ended in taken.ended {
      slots.end(ended.link.key)
      if case .fetched(_, let path) = ended.outcome { parts.folder.discard(path) }
    }
    for erasure in taken.erasures { erasure.answer(.failure(problem)) }
    return nil
  }

  private func failed(_ error: StoreError, _ now: Timestamp) {
    log.problem(error)
    pausedUntil = now.advanced(by: Self.pause)
    wakeAt = pausedUntil
  }

  private func erase(_ erasure: KeeperInbox.Erasure, _ index: any AttachmentIndex, _ now: Timestamp) {
    slots.stop(fetchesOf: Set(erasure.events))
    erasure.answer(kept.erase(erasure.events, longestKeep, index, now))
  }

  /// A link is a secret, so it does not stay in the index's log once no file is waited for.
  private func cleanLog(_ index: any AttachmentIndex) throws(StoreError) {
    guard hasLinksInLog, parts.board.withLock({ $0.pending }) == 0 else { return }
    try index.cleanLog()
    hasLinksInLog = false
  }

  private func nextTime(
    _ index: any AttachmentIndex, _ now: Timestamp, mayFetch: Bool
  ) throws(StoreError) -> Timestamp? {
    if search.isUnderWay { return now }
    var times = [try index.nextLook()]
    if !mayFetch {
      times.append(now.advanced(by: Self.pause))
    } else if slots.hasRoom {
      times.append(try index.nextPending(besides: slots, now))
    }
    return times.compactMap(\.self).min()
  }

  // MARK: Configuration

  private func begin(_ index: any AttachmentIndex, _ now: Timestamp) throws(StoreError) {
    guard let sources = unapplied else { return }
    let old = policies
    policies = [:]
    for source in sources where source.attachments != nil { policies[source.name] = source.attachments }
    for (source, policy) in policies { try index.keep(policy.keep, of: source, lookAt: now) }
    let earliest = now.advanced(by: .zero - FetchSchedule.lifetime - .seconds(60))
    if isNew {
      try kept.sweep(index)
      let pending = try index.pendingCount()
      parts.board.withLock { $0.pending = pending }
      if !policies.isEmpty { search.add(since: max(try index.recordedThrough() ?? earliest, earliest)) }
    } else if policies.contains(where: { old[$0.key]?.hosts != $0.value.hosts }) {
      // What came a moment ago may be covered now.
      search.add(since: earliest)
    }
    try kept.count(index)
    (isNew, unapplied) = (false, nil)
  }

  /// What is erased is remembered for so long and a day.
  private var longestKeep: Duration { policies.values.map(\.keep).max() ?? .zero }

  // MARK: Recording

  /// - Returns: Whether all are on disk.
  private func recorded(_ events: [Event], _ index: any AttachmentIndex, _ now: Timestamp) -> Bool {
    guard let last = events.last else { return true }
    do throws(StoreError) {
      var links: [PendingAttachment] = []
      for event in events {
        links += self.links(
          of: event.id, event.body, source: event.envelope.source, receivedAt: event.envelope.receivedAt, now,
          counts: true)
      }
      // Senders wait for the store for some seconds, so events may be committed in another order than they were received.
      let through = search.isUnderWay ? nil : last.envelope.receivedAt.advanced(by: .seconds(-60))
      if !links.isEmpty { try insert(links, index, through: through) }
      return true
    } catch {
      search.add(since: events.map(\.envelope.receivedAt).min() ?? now)
      failed(error, now)
      return false
    }
  }

  private func record(_ page: [EventRecord], _ index: any AttachmentIndex, _ now: Timestamp)
    throws(StoreError)
  {
    let history = clock.history
    let links = page.filter { FileMark.stands(in: $0.body) }.flatMap { event in
      self.links(
        of: event.id, event.body, source: event.source,
        receivedAt: history.firstMoment(from: event.receivedAt), now, counts: false)
    }
    if !links.isEmpty { try insert(links, index, through: nil) }
  }

  private func insert(
    _ links: [PendingAttachment], _ index: any AttachmentIndex, through: Timestamp?
  ) throws(StoreError) {
    let new = try index.record(links, keep: policies.mapValues(\.keep), through: through)
    parts.board.withLock { $0.pending += new }
    hasLinksInLog = true
  }

  private func links(
    of event: EventID, _ body: [UInt8], source: String, receivedAt: Timestamp, _ now: Timestamp, counts: Bool
  ) -> [PendingAttachment] {
    guard let policy = policies[source] else { return [] }
    var links: [PendingAttachment] = []
    for (place, link) in AttachmentFinder.links(in: body).enumerated() {
      guard let address = AttachmentAddress(link.url), policy.covers(address) else {
        if counts { log.count(.otherHost) }
        continue
      }
      links.append(
        PendingAttachment(
          key: AttachmentKey(event: event, place: place), source: source, url: Secret(link.url),
          receivedAt: receivedAt, due: now))
    }
    return links
  }

  // MARK: Fetching

  private func startFetches(_ index: any AttachmentIndex, _ now: Timestamp) throws(StoreError) {
    guard slots.hasRoom else { return }
    let due = try index.pending(at: now, limit: FetchSlots.limit + slots.count)
    for link in due where slots.hasRoom && !slots.holds(link.key) {
      guard let policy = policies[link.source] else {
        try fail(
          link, FetchFailure(.failed, "its source has no attachments in the configuration any more"), index,
          now)
        continue
      }
      guard try kept.hasRoom(for: 1, of: link.source, policy, index, now) else {
        try fail(link, .noRoom, index, now)
        continue
      }
      guard start(link, policy) else {
        throw StoreError(code: .failing, message: "the system gives no thread for a fetch; it is tried again")
      }
    }
  }

  private func start(_ link: PendingAttachment, _ policy: AttachmentPolicy) -> Bool {
    let inbox = parts.inbox
    let job = FetchJob(
      link: link, policy: policy, fetcher: parts.parts.fetcher, folder: parts.folder,
      number: slots.nextNumber(), isWanted: slots.begin(link.key))
    let isStarted = WorkerThread.start(name: "attachment") {
      let outcome = job.run()
      inbox.update { $0.ended.append(KeeperInbox.Ended(link: link, outcome: outcome)) }
    }
    if !isStarted { slots.end(link.key) }
    return isStarted
  }

  private func settle(_ ended: KeeperInbox.Ended, _ index: any AttachmentIndex, _ now: Timestamp) {
    slots.end(ended.link.key)
    do throws(StoreError) {
      switch ended.outcome {
      case .failed(let failure) where failure.isStopped: return
      case .failed(let failure):
        try failed(ended.link, failure.seen(receivedAt: ended.link.receivedAt, now: now), index, now)
      case .fetched(let file, let path): try keep(file, at: path, for: ended.link, index, now)
      }
    } catch {
      // Its row is as it was: it is fetched again.
      if case .fetched(_, let path) = ended.outcome { parts.folder.discard(path) }
      failed(error, now)
    }
  }

  private func failed(
    _ link: PendingAttachment, _ failure: FetchFailure, _ index: any AttachmentIndex, _ now: Timestamp
  ) throws(StoreError) {
    let tries = link.tries + 1
    if !failure.isFinal, let next = FetchSchedule.next(after: tries, now: now, receivedAt: link.receivedAt) {
      _ = try index.again(link.key, tries: tries, reason: failure.reason, at: next)
    } else {
      try fail(link, failure, index, now)
    }
  }

  private func fail(
    _ link: PendingAttachment, _ failure: FetchFailure, _ index: any AttachmentIndex, _ now: Timestamp
  ) throws(StoreError) {
    let due = now.advanced(by: RetentionRule.interval(keep: policies[link.source]?.keep ?? .zero))
    guard try index.failed(link.key, reason: failure.reason, lookAt: due) else { return }
    parts.board.withLock { $0.pending -= 1 }
    log.lost(link, failure, at: now)
  }

  private func keep(
    _ file: AttachmentFile, at path: String, for link: PendingAttachment, _ index: any AttachmentIndex,
    _ now: Timestamp
  ) throws(StoreError) {
    let policy = policies[link.source]
    // One that is there already takes no more room.
    let bytes = try index.needs(file.hash) ? 0 : file.bytes
    if let policy, try !kept.hasRoom(for: bytes, of: link.source, policy, index, now) {
      parts.folder.discard(path)
      return try fail(link, .noRoom, index, now)
    }
    do throws(StoreError) {
      try parts.folder.adopt(path, file)
    } catch {
      // It counts as a try: what can't be kept is not fetched without end.
      parts.folder.discard(path)
      log.problem(error)
      return try failed(
        link, FetchFailure(.failed, "the file could not be kept: \(error.message)", isFinal: false), index,
        now)
    }
    let due = now.advanced(by: RetentionRule.interval(keep: policy?.keep ?? .zero))
    if let added = try index.fetched(link.key, file, lookAt: due) {
      parts.board.withLock { $0.pending -= 1 }
      kept.add(added, to: link.source)
      log.count(.fetched)
    } else if try !index.needs(file.hash) {
      // It was erased meanwhile.
      parts.folder.remove(hash: file.hash)
    }
  }

  // MARK: The end

  private func stop() {
    isStopping = true
    slots.stop()
  }

  private func finish(_ index: any AttachmentIndex, _ now: Timestamp, isComplete: Bool) throws(StoreError) {
    guard slots.isEmpty, isComplete, !search.isUnderWay, !isNew else { return }
    _ = try index.record([], keep: [:], through: now)
  }
}

@available(*, unavailable)
extension KeeperLoop: Sendable {}

extension FetchFailure {
  fileprivate static let noRoom = FetchFailure(
    .noRoom, "no room: attachments.max_total is full of what is still needed")
}

extension AttachmentIndex {
  /// When the next one is due that is not being fetched.
  fileprivate func nextPending(besides slots: FetchSlots, _ now: Timestamp) throws(StoreError) -> Timestamp? {
    guard !slots.isEmpty else { return try nextPending() }
    // Those under way are due, too, and stand first.
    return try pending(at: .distantFuture, limit: slots.count + 1).first { !slots.holds($0.key) }?.due
  }
}
