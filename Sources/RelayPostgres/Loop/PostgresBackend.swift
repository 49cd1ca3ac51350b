import RelayCore
import RelayStoring
import RelayThreads

/// What the store in PostgreSQL does on its thread, and on no other.
final class PostgresBackend: StoreBackend {
  let committer: any BatchCommitter
  private let session: StoreSession
  private let sharing: Sharing
  private let clock: any SteadyClock
  private let observer: (any StoreObserver)?
  private let ages: AgeKeeper
  private let word: Locked<KeepingWord>

  /// - Parameter word: What it and its keeper tell each other.
  init(
    session: StoreSession, sharing: Sharing, clock: any SteadyClock, word: Locked<KeepingWord>,
    observer: (any StoreObserver)?
  ) {
    self.session = session
    self.sharing = sharing
    self.clock = clock
    self.observer = observer
    self.word = word
    ages = AgeKeeper(session)
    committer = PostgresCommitter(
      session: session, sharing: sharing, ages: ages, clock: clock, word: word)
  }

  var loss: StoreError? { session.connection.loss }

  // MARK: In memory

  func giveBack(_ deliveries: [DeliveryID]) { session.claims.giveBack(deliveries) }
  func hold(_ destinations: [String]) { session.destinations.hold(destinations) }
  func resume(_ destinations: [String]) { session.destinations.resume(destinations) }

  // MARK: Reads

  func claim(_ request: ClaimRequest) throws(StoreError) -> (claim: Claim, job: (any StoreJob<StoreSession>)?)
  {
    if let reorder = sharing.reorder(for: request.destination) { return (.nothing(for: request), reorder) }
    let claim = try session.claims.claim(request)
    let bringIn = session.claims.takeRetriesTooFarOff().map { BringInJob($0.destination, to: $0.latest) }
    return (claim, bringIn)
  }

  /// Also of those that others serve as they are now: what people change begins with this.
  func destinations() -> [StoredDestination] {
    sharing.desk.catchUpIfReachable()
    return session.destinations.all
  }

  func usage() throws(StoreError) -> StoreUsage { StoreUsage(liveBytes: try session.size()) }

  func learnedTokens() throws(StoreError) -> [String: LearnedToken] {
    try session.people.learnedTokens(session.connection)
  }

  // MARK: Jobs

  func job(for wish: StoreOperation.Job) -> (any StoreJob<StoreSession>)? {
    switch wish {
    case .backup(let completion):
      completion(.failure(.isCopiedElsewhere))
      return nil
    case .reorder(let destination, let ordering, let completion):
      // The lane waits for its order, wherever it is: whoever serves it brings it about.
      if sharing.postpones(ordering, of: destination) {
        completion(.success(()))
        return nil
      }
      return ReorderJob(
        destination, by: ordering, completion: sharing.desk.whileHere(destination, completion))
    case .change(let change, let selection, let destination, let completion):
      if sharing.desk.asks(change, selection, of: destination, completion: completion) { return nil }
      let wish = ChangeWish(change, selection, of: destination)
      let done = sharing.desk.whileHere(destination) { (made: (ChangedDeliveries, StoreError?)) in
        completion(made.0, made.1)
      }
      return ChangeJob(wish, clock: clock) { done(($0, $1)) }
    case .erase(let events, let completion): return EraseJob(events, completion: completion)
    case .overwriteErased(let completion):
      completion(.success(ErasedTraces(remaining: Self.whereTracesRemain)))
      return nil
    case .own(let work):
      guard let work = work as? LaneWork else { preconditionFailure("another store's work came here") }
      sharing.desk.carryOut(work)
      return nil
    }
  }

  func step(_ job: any StoreJob<StoreSession>) throws(StoreError) -> Bool {
    let isLast = try job.step(session)
    job.committed()
    ages.committed(at: clock.now())
    return isLast
  }

  /// The server's files are not the relay's to write.
  private static let whereTracesRemain =
    "PostgreSQL keeps what was erased in its files until VACUUM has removed the old row versions and new ones were written "
    + "over them, in its log until that was recycled, and in archives and backups until these are removed"

  // MARK: By itself

  var hasMore: Bool { sharing.hasMore || ages.hasMore }
  var nextDue: Timestamp? { ages.nextDue }

  func tend(whileOthersWait isBusy: Bool) {
    sharing.tend()
    for (destination, count) in ages.step(at: clock.now()) {
      observer?.storeDiscardedDead(destination: destination, count: count)
    }
    if let damage = session.takeDamage() { observer?.storeReadFailed(damage) }
  }

  func takeJobs() -> [any StoreJob<StoreSession>] {
    let cancelled = session.takeErased().map { destination, deliveries in
      let wish = ChangeWish(.cancelForErasure, .ids(deliveries), of: destination)
      let done = sharing.desk.whileHere(destination) { [session, sharing] (error: StoreError?) in
        session.reader.areCancelled(deliveries)
        guard error?.code != .closed, session.connection.loss == nil else { return }
        // What comes behind them in their keys may go now; where they could not be cancelled, they are found again.
        if let row = session.names.destination(destination) { session.claims.beginAnew(row) }
        sharing.desk.deliveriesMayGo(of: destination)
      }
      return ChangeJob(wish, clock: clock) { _, error in done(error) }
    }
    return sharing.desk.requests.takeJobs() + cancelled
  }

  func takeRoom() -> Bool { sharing.desk.takeRoom() }

  func condition(failure: StoreError?, holdsSettlements: Bool) -> StoreCondition {
    StoreCondition(
      refusal: loss ?? word.withLock { $0.refusal } ?? failure, holdsSettlements: holdsSettlements,
      startLack: session.connection.startLack(at: clock.now()))
  }

  func markLife(at now: Timestamp) { writeClock() }

  // MARK: The end

  func cutOff() {}

  func keepClock() {
    writeClock(isLast: true)
    let leavesWork = sharing.end()
    session.connection.leave(leavesWork: leavesWork)
  }

  private func writeClock(isLast: Bool = false) {
    try? session.commit { commit in
      session.clock.write(clock, isLast: isLast, in: commit)
      return {}
    }
  }
}

@available(*, unavailable)
extension PostgresBackend: Sendable {}

extension StoreError {
  fileprivate static let isCopiedElsewhere = StoreError(
    code: .unsupported,
    message:
      "a store in PostgreSQL is copied by PostgreSQL's own tools: use pg_dump, or a base backup of the server"
  )
}
