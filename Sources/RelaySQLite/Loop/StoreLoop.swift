import RelayCore
import RelayStoring
import RelayThreads

/// What the store's thread does, over and over: it commits all that has been asked together; reads; takes one step
/// of a longer job; and one of housekeeping. So each waits for the others' present step at most.
final class StoreLoop {
  private let session: StoreSession
  private let inbox: Monitor<StoreInbox>
  private let keeper: StoreKeeper
  private let clock: any SteadyClock
  private let observer: (any StoreObserver)?
  private var writer: BatchWriter
  private var condition: ConditionReport
  /// In the order of the calls.
  private var reads: [StoreOperation.Read] = []
  private var nextRead = 0
  private var jobs = JobQueue<StoreSession>()
  private var backup: Backup?
  private var keeperHasMore = false
  private var indexing: IndexTrigger
  private var logWatch: LogWatch
  /// Envelopes come: what replays ask for has a small share of what is done for them.
  private var replaysGiveWay = false
  /// When to write a sign of life.
  private var nextMark: Timestamp

  /// How much one transaction may hold, so that the sender at its head does not wait for all behind it.
  private static let maxBatch = 2_048
  /// How long what is to be committed may wait for reads.
  private static let readingTime = Duration.milliseconds(2)
  private static let retryInterval = Duration.seconds(1)
  /// How often an idle store writes that it lives.
  private static let markInterval = Duration.seconds(60)

  init(
    session: StoreSession, inbox: Monitor<StoreInbox>, indexer: EventIndexer, logGate: LogGate,
    clock: any SteadyClock, observer: (any StoreObserver)?
  ) {
    self.session = session
    self.inbox = inbox
    self.clock = clock
    self.observer = observer
    keeper = StoreKeeper(session: session, clock: clock)
    let committer = SQLiteCommitter(session: session, keeper: keeper, clock: clock)
    writer = BatchWriter(committer, clock: clock, observer: observer)
    condition = ConditionReport(observer: observer)
    indexing = IndexTrigger(indexer)
    logWatch = LogWatch(logGate, fullBytes: keeper.log.fullBytes(StoreSize()))
    nextMark = clock.now().advanced(by: Self.markInterval)
  }

  /// Until the inbox closes and is empty.
  func run() {
    indexing.reached(session.numbers.lastEvent)
    while let batch = nextBatch() {
      for operation in batch { begin(operation) }
      write()
      // After the commit, so that reads see it, and what they answer comes after its answers.
      read(for: Self.readingTime)
      stepJob()
      stepBackup(whileOthersWait: !batch.isEmpty)
      stepKeeper()
      logWatch.committed(logEnd: session.connection.logEnd)
      markLife()
      condition.update(
        StoreCondition(
          refusal: session.loss ?? keeper.refusal() ?? writer.failure,
          holdsSettlements: writer.hasHeldSettlements,
          logHolder: keeper.log.hold.holder, logFailure: keeper.log.hold.failure))
    }
    read(for: nil)
    for job in jobs.all { job.end(.closed) }
    backup?.end(.closed)
    backup = nil
    writer.write()
    writer.abandon()
    keepClock()
  }

  private func write() {
    guard let envelopes = writer.write(replaysGiveWay: replaysGiveWay) else { return }
    // What a store can't write is tried again when it is asked to, or a second later.
    let left = writer.failure == nil ? writer.replayedLeft : 0
    _ = inbox.change { ($0.committed(envelopes: envelopes, replayedLeft: left, at: .now), wakes: false) }
    indexing.reached(session.numbers.lastEvent)
  }

  /// What has been asked, or nothing once it is time to do something without a cause. nil: the end.
  private func nextBatch() -> [StoreOperation]? {
    let rest = waitingTime.map { ContinuousClock.now.advanced(by: $0) }
    let (batch, giveWay) = inbox.wait { inbox -> MonitorStep<([StoreOperation]?, Bool)> in
      let now = ContinuousClock.now
      let giveWay = inbox.replaysGiveWay(at: now)
      switch inbox.next(now: now, rest: rest, atMost: Self.maxBatch) {
      case .work(let batch): return .done((batch, giveWay))
      case .end: return .done((nil, giveWay))
      case .sleep(let end): return .sleep(end.map { now.duration(to: $0) })
      }
    }
    replaysGiveWay = giveWay
    return batch
  }

  /// How long to wait for operations; nil: until they come.
  private var waitingTime: Duration? {
    if nextRead < reads.count || !jobs.isEmpty || keeperHasMore || backup?.isWaiting == false { return .zero }
    let retry = writer.mustTryAgain ? Self.retryInterval : nil
    // A store that is lost has nothing to keep.
    guard session.loss == nil else { return retry }
    let due = max(.zero, clock.now().duration(to: keeper.nextDue.map { min($0, nextMark) } ?? nextMark))
    return retry.map { min($0, due) } ?? due
  }

  /// The last thing that is written: the next run goes on from there.
  private func keepClock() {
    try? session.transactions.run { () throws(StoreError) in try session.clock.write(clock, isLast: true) }
  }

  /// A sign of life, where nothing else is written: the next run says since when this one was gone.
  /// Mostly a commit has done it already, and nothing is to be written.
  private func markLife() {
    let now = clock.now()
    guard now >= nextMark else { return }
    nextMark = now.advanced(by: Self.markInterval)
    guard session.loss == nil else { return }
    try? session.transactions.run { () throws(StoreError) in try session.clock.write(clock, at: now) }
  }

  /// Puts it in its place; what is only a matter of memory is done at once.
  private func begin(_ operation: StoreOperation) {
    switch operation {
    case .write(let write): writer.add(write)
    case .memory(let memory): change(memory)
    case .read(let read): reads.append(read)
    case .job(let job): begin(job)
    }
  }

  private func change(_ memory: StoreOperation.Memory) {
    switch memory {
    case .giveBack(let deliveries): session.claims.giveBack(deliveries)
    case .hold(let destinations, let completion):
      session.destinations.hold(destinations)
      reads.append(.ping(completion))
    case .resume(let destinations): session.destinations.resume(destinations)
    }
  }

  private func begin(_ job: StoreOperation.Job) {
    switch job {
    case .backup(let completion): beginBackup(completion)
    case .reorder(let destination, let ordering, let completion):
      jobs.append(ReorderJob(destination, by: ordering, completion: completion))
    case .change(let change, let selection, let destination, let completion):
      jobs.append(ChangeJob(change, selection, of: destination, clock: clock, completion: completion))
    case .erase(let events, let completion):
      jobs.append(EraseJob(events, clock: clock, completion: completion))
    case .overwriteErased(let completion): jobs.append(OverwriteJob(keeper, completion: completion))
    case .own(let work):
      guard let work = work as? IndexWork else { preconditionFailure("no other store's work comes here") }
      jobs.append(IndexJob(work.change, completion: work.completion))
    }
  }

  /// Answers what was asked, as much as that time allows: at least one. nil: all.
  private func read(for time: Duration?) {
    guard nextRead < reads.count else { return }
    let clock = ContinuousClock()
    let end = time.map { clock.now.advanced(by: $0) }
    repeat {
      answer(reads[nextRead])
      nextRead += 1
    } while nextRead < reads.count && (end.map { clock.now < $0 } ?? true)
    guard nextRead == reads.count else { return }
    reads.removeAll(keepingCapacity: true)
    nextRead = 0
  }

  private func answer(_ read: StoreOperation.Read) {
    switch read {
    case .claim(let request, let completion): completion(claim(request))
    case .destinations(let completion): completion(.success(session.destinations.all))
    case .usage(let completion):
      // Somebody looks: a good time to see whether the files are there, also where nothing is being written.
      if session.loss == nil { _ = try? session.confirm() }
      completion(
        Result { () throws(StoreError) in
          try keeper.measure(clock.now())
          return StoreUsage(liveBytes: keeper.liveBytes, logBytes: keeper.logBytes)
        })
    case .learnedTokens(let completion):
      completion(Result { () throws(StoreError) in try session.tokens.all() })
    case .ping(let answer): answer()
    }
  }

  /// Whoever asks comes again; why it failed is the observer's.
  private func claim(_ request: ClaimRequest) -> Claim {
    var request = request
    if replaysGiveWay && request.queue == .replay {
      request.limit = min(request.limit, writer.replayShare.claimed)
    }
    do throws(StoreError) {
      let claim = try session.claims.claim(request)
      if let damage = session.reader.takeDamage() { observer?.storeReadFailed(damage) }
      bringIn()
      return claim
    } catch {
      observer?.storeReadFailed(error)
      return .nothing(for: request)
    }
  }

  /// The claim has said when to come again; until then these retries are brought to that time, too.
  private func bringIn() {
    guard let (destination, latest) = session.claims.takeRetriesTooFarOff() else { return }
    jobs.appendOnce(BringInJob(destination, to: latest))
  }

  private func stepJob() {
    guard let job = jobs.next else { return }
    do throws(StoreError) {
      let isLast = try session.transactions.run { () throws(StoreError) in try job.step(session) }
      job.committed()
      // Somebody may be told that it is done.
      if let unseen = try session.confirm() { throw unseen }
      // What it discarded may be the first that retention has to wait for.
      keeper.committed(appendedEvents: 0)
      writer.roomMayHaveCome()
      jobs.stepped(isDone: isLast)
      if isLast { job.end(nil) }
    } catch {
      keeper.commitFailed(error)
      jobs.stepped(isDone: true)
      job.end(error)
    }
  }

  private func beginBackup(_ completion: @escaping @Sendable (Result<any StoreCopy, StoreError>) -> Void) {
    guard backup == nil else {
      return completion(
        .failure(StoreError(code: .inUse, message: "another copy of the store is being made; wait for it")))
    }
    do throws(StoreError) {
      let inbox = inbox
      // Comes back to the loop, which may sleep. Once it closes, the copy has ended.
      let wake = { @Sendable in _ = inbox.change { $0.post(.read(.ping {})) } }
      backup = try Backup(of: session, wake: wake, completion: completion)
    } catch {
      completion(.failure(error))
    }
  }

  private func stepBackup(whileOthersWait: Bool) {
    guard let backup, backup.isDue(beside: whileOthersWait, at: .now) else { return }
    do throws(StoreError) {
      if let loss = session.loss { throw loss }
      guard try backup.step() else { return }
      backup.end(nil)
    } catch {
      backup.end(error)
    }
    self.backup = nil
  }

  private func stepKeeper() {
    guard session.loss == nil else { return keeperHasMore = false }
    let isDue = keeper.nextDue.map { $0 <= clock.now() } ?? false
    guard keeperHasMore || isDue else { return }
    keeperHasMore = keeper.step()
    for (destination, count) in keeper.takeDiscardedDead() {
      observer?.storeDiscardedDead(destination: destination, count: count)
    }
  }
}

@available(*, unavailable)
extension StoreLoop: Sendable {}
