import RelayCore
import RelayStoring

/// What the embedded store does on its thread, and on no other.
final class SQLiteBackend: StoreBackend {
  let committer: any BatchCommitter
  private let session: StoreSession
  private let keeper: StoreKeeper
  private let clock: any SteadyClock
  private let observer: (any StoreObserver)?
  private let wake: @Sendable () -> Void
  private var backup: Backup?
  private var keeperHasMore = false
  private var indexing: IndexTrigger
  private var logWatch: LogWatch

  /// - Parameter wake: Lets the thread come for more, from any other.
  init(
    session: StoreSession, indexer: EventIndexer, logGate: LogGate, clock: any SteadyClock,
    observer: (any StoreObserver)?, wake: @escaping @Sendable () -> Void
  ) {
    self.session = session
    self.clock = clock
    self.observer = observer
    self.wake = wake
    keeper = StoreKeeper(session: session, clock: clock)
    committer = SQLiteCommitter(session: session, keeper: keeper, clock: clock)
    indexing = IndexTrigger(indexer)
    logWatch = LogWatch(logGate, fullBytes: keeper.log.fullBytes(StoreSize()))
    indexing.reached(session.numbers.lastEvent)
  }

  /// The store's files are no longer where they were.
  var loss: StoreError? { session.loss }

  // MARK: In memory

  func giveBack(_ deliveries: [DeliveryID]) { session.claims.giveBack(deliveries) }
  func hold(_ destinations: [String]) { session.destinations.hold(destinations) }
  func resume(_ destinations: [String]) { session.destinations.resume(destinations) }

  // MARK: What is read

  /// Where it has found retries too far off, it has said when to come again; until then these are brought to that time, too.
  func claim(_ request: ClaimRequest) throws(StoreError) -> (claim: Claim, job: (any StoreJob<StoreSession>)?)
  {
    let claim = try session.claims.claim(request)
    if let damage = session.reader.takeDamage() { observer?.storeReadFailed(damage) }
    let bringIn = session.claims.takeRetriesTooFarOff().map { BringInJob($0.destination, to: $0.latest) }
    return (claim, bringIn)
  }

  func destinations() throws(StoreError) -> [StoredDestination] { session.destinations.all }

  func usage() throws(StoreError) -> StoreUsage {
    // Somebody looks: a good time to see whether the files are there, also where nothing is being written.
    if loss == nil { _ = try? session.confirm() }
    try keeper.measure(clock.now())
    return StoreUsage(liveBytes: keeper.liveBytes, logBytes: keeper.logBytes)
  }

  func learnedTokens() throws(StoreError) -> [String: LearnedToken] { try session.tokens.all() }

  // MARK: Jobs

  func job(for wish: StoreOperation.Job) -> (any StoreJob<StoreSession>)? {
    switch wish {
    case .backup(let completion):
      beginBackup(completion)
      return nil
    case .reorder(let destination, let ordering, let completion):
      return ReorderJob(destination, by: ordering, completion: completion)
    case .change(let change, let selection, let destination, let completion):
      let wish = ChangeWish(change, selection, of: destination)
      return ChangeJob(wish, clock: clock, completion: completion)
    case .erase(let events, let completion): return EraseJob(events, clock: clock, completion: completion)
    case .overwriteErased(let completion): return OverwriteJob(keeper, completion: completion)
    case .own(let work):
      guard let work = work as? IndexWork else { preconditionFailure("another store's work came here") }
      return IndexJob(work.change, completion: work.completion)
    }
  }

  func step(_ job: any StoreJob<StoreSession>) throws(StoreError) -> Bool {
    do throws(StoreError) {
      let isLast = try session.transactions.run { () throws(StoreError) in try job.step(session) }
      job.committed()
      // Somebody may be told that it is done.
      if let unseen = try session.confirm() { throw unseen }
      // What it discarded may be the first that retention has to wait for.
      keeper.committed(appendedEvents: 0)
      return isLast
    } catch {
      keeper.commitFailed(error)
      throw error
    }
  }

  // MARK: By itself

  var hasMore: Bool { keeperHasMore || backup?.isWaiting == false }
  var nextDue: Timestamp? { keeper.nextDue }

  func tend(whileOthersWait isBusy: Bool) {
    indexing.reached(session.numbers.lastEvent)
    stepBackup(beside: isBusy)
    stepKeeper()
    logWatch.committed(logEnd: session.connection.logEnd)
  }

  func condition(failure: StoreError?, holdsSettlements: Bool) -> StoreCondition {
    StoreCondition(
      refusal: loss ?? keeper.refusal() ?? failure, holdsSettlements: holdsSettlements,
      logHolder: keeper.log.hold.holder, logFailure: keeper.log.hold.failure)
  }

  func markLife(at now: Timestamp) {
    try? session.transactions.run { () throws(StoreError) in try session.clock.write(clock, at: now) }
  }

  private func beginBackup(_ completion: @escaping @Sendable (Result<any StoreCopy, StoreError>) -> Void) {
    guard backup == nil else {
      return completion(
        .failure(StoreError(code: .inUse, message: "another copy of the store is being made; wait for it")))
    }
    do throws(StoreError) {
      // The thread may sleep. Once it closes, the copy has ended.
      backup = try Backup(of: session, wake: wake, completion: completion)
    } catch {
      completion(.failure(error))
    }
  }

  private func stepBackup(beside isBusy: Bool) {
    guard let backup, backup.isDue(beside: isBusy, at: .now) else { return }
    do throws(StoreError) {
      if let loss { throw loss }
      guard try backup.step() else { return }
      backup.end(nil)
    } catch {
      backup.end(error)
    }
    self.backup = nil
  }

  private func stepKeeper() {
    guard loss == nil else { return keeperHasMore = false }
    let isDue = keeper.nextDue.map { $0 <= clock.now() } ?? false
    guard keeperHasMore || isDue else { return }
    keeperHasMore = keeper.step()
    for (destination, count) in keeper.takeDiscardedDead() {
      observer?.storeDiscardedDead(destination: destination, count: count)
    }
  }

  // MARK: The end

  func cutOff() {
    backup?.end(.closed)
    backup = nil
  }

  func keepClock() {
    try? session.transactions.run { () throws(StoreError) in try session.clock.write(clock, isLast: true) }
  }
}

@available(*, unavailable)
extension SQLiteBackend: Sendable {}
