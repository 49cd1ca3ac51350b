import RelayCore
import RelayThreads

/// What a store's thread does, over and over: it commits all that has been asked together; reads; takes one step
/// of a longer job; and one of what the store does by itself. So each waits for the others' present step at most.
final class StoreLoop<Backend: StoreBackend> {
  private let backend: Backend
  private let inbox: Monitor<StoreInbox>
  private let clock: any SteadyClock
  private let observer: (any StoreObserver)?
  private var writer: BatchWriter
  private var condition: ConditionReport
  /// In the order of the calls.
  private var reads: [StoreOperation.Read] = []
  private var nextRead = 0
  private var jobs = JobQueue<Backend.Session>()
  /// Envelopes come: what replays ask for has a small share of what is done for them.
  private var replaysGiveWay = false
  /// When to write a sign of life.
  private var nextMark: Timestamp

  /// How much one batch may hold, so that the sender at its head does not wait for all behind it.
  private static var maxBatch: Int { 2_048 }
  /// How long what is to be committed may wait for reads.
  private static var readingTime: Duration { .milliseconds(2) }
  private static var retryInterval: Duration { .seconds(1) }
  /// How often an idle store writes that it lives.
  private static var markInterval: Duration { .seconds(60) }

  init(
    _ backend: Backend, inbox: Monitor<StoreInbox>, clock: any SteadyClock, observer: (any StoreObserver)?
  ) {
    self.backend = backend
    self.inbox = inbox
    self.clock = clock
    self.observer = observer
    writer = BatchWriter(backend.committer, clock: clock, observer: observer)
    condition = ConditionReport(observer: observer)
    nextMark = clock.now().advanced(by: Self.markInterval)
  }

  /// Until the inbox closes and is empty.
  func run() {
    while let batch = nextBatch() {
      for operation in batch { begin(operation) }
      write()
      // After the commit, so that reads see it, and what they answer comes after its answers.
      read(for: Self.readingTime)
      stepJob()
      backend.tend(whileOthersWait: !batch.isEmpty)
      for job in backend.takeJobs() { jobs.append(job) }
      tryWhatWaits()
      markLife()
      condition.update(
        backend.condition(failure: writer.failure, holdsSettlements: writer.hasHeldSettlements))
    }
    read(for: nil)
    for job in jobs.all { job.end(.closed) }
    backend.cutOff()
    writer.write()
    writer.abandon()
    backend.keepClock()
  }

  /// Others have made room, or ended what waits for it: nothing that is asked here shows it.
  private func tryWhatWaits() {
    guard backend.takeRoom() else { return }
    writer.roomMayHaveCome()
    write()
  }

  private func write() {
    guard let envelopes = writer.write(replaysGiveWay: replaysGiveWay) else { return }
    // What a store can't write is tried again when it is asked to, or a second later.
    let left = writer.failure == nil ? writer.replayedLeft : 0
    _ = inbox.change { ($0.committed(envelopes: envelopes, replayedLeft: left, at: .now), wakes: false) }
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
    if nextRead < reads.count || !jobs.isEmpty || backend.hasMore { return .zero }
    let retry = writer.mustTryAgain ? Self.retryInterval : nil
    // A store that is lost has nothing to keep.
    guard backend.loss == nil else { return retry }
    let due = max(.zero, clock.now().duration(to: backend.nextDue.map { min($0, nextMark) } ?? nextMark))
    return retry.map { min($0, due) } ?? due
  }

  /// Mostly a commit has done it already, and nothing is to be written.
  private func markLife() {
    let now = clock.now()
    guard now >= nextMark else { return }
    nextMark = now.advanced(by: Self.markInterval)
    if backend.loss == nil { backend.markLife(at: now) }
  }

  /// Puts it in its place; what is only a matter of memory is done at once.
  private func begin(_ operation: StoreOperation) {
    switch operation {
    case .write(let write): writer.add(write)
    case .memory(let memory): change(memory)
    case .read(let read): reads.append(read)
    case .job(let wish): if let job = backend.job(for: wish) { jobs.append(job) }
    }
  }

  private func change(_ memory: StoreOperation.Memory) {
    switch memory {
    case .giveBack(let deliveries): backend.giveBack(deliveries)
    case .hold(let destinations, let completion):
      backend.hold(destinations)
      reads.append(.ping(completion))
    case .resume(let destinations): backend.resume(destinations)
    }
  }

  // MARK: Reads

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
    case .destinations(let completion):
      completion(Result { () throws(StoreError) in try backend.destinations() })
    case .usage(let completion): completion(Result { () throws(StoreError) in try backend.usage() })
    case .learnedTokens(let completion):
      completion(Result { () throws(StoreError) in try backend.learnedTokens() })
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
      let (claim, job) = try backend.claim(request)
      if let job { jobs.appendOnce(job) }
      return claim
    } catch {
      observer?.storeReadFailed(error)
      return .nothing(for: request)
    }
  }

  // MARK: Jobs

  private func stepJob() {
    guard !jobs.isEmpty, let job = jobs.next else { return }
    do throws(StoreError) {
      let isLast = try backend.step(job)
      writer.roomMayHaveCome()
      jobs.stepped(isDone: isLast)
      if isLast { job.end(nil) }
    } catch {
      jobs.stepped(isDone: true)
      job.end(error)
    }
  }
}

@available(*, unavailable)
extension StoreLoop: Sendable {}
