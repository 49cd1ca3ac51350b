import RelayCore
import RelayStoring

/// Keeps the store within its limits: prunes what may go, gives space back, and says why no envelopes are taken.
/// Confined to the store's thread.
///
/// It does nothing by itself: it is told of each commit, and says when it wants to make a step. A step is short, and has
/// a transaction of its own. There is no periodic timer: while nothing can have fallen due, it wants no step.
final class StoreKeeper {
  /// After a failure, and while the disk is full.
  static let retryInterval = Duration.seconds(1)

  let disk: Disk
  /// Made first: it says how long the log grows.
  let log: LogKeeper
  private let clock: any SteadyClock
  private let stepTime: Duration?
  private let session: StoreSession
  /// Made when first needed.
  private var madeTools: KeeperTools?

  private var schedule = RetentionSchedule()
  /// Of dead letters, and of bodies of events that went nowhere.
  private var deadSchedule = AgeSchedule()
  private var unroutedSchedule = AgeSchedule()
  private var limit = SizeLimit()
  /// Free pages are being given back, because there are too many.
  private var isVacuuming = false
  /// Given back since the file was last cut, for a disk without room.
  private var reclaimedBytes = 0

  /// When something came up that is to be done at once.
  private var wantedSince: Timestamp?
  private var lastStep: Timestamp?
  /// A step failed: none before this.
  private var retryAt: Timestamp?

  /// - Parameters:
  ///   - diskSpace: What there is on the store's file system.
  ///   - locks: Who holds which file.
  ///   - stepTime: How long a step may take; nil: as long as it takes, for tests that count steps.
  init(
    session: StoreSession, clock: any SteadyClock, diskSpace: (() -> DiskSpace)? = nil,
    locks: @escaping () -> LockTable = { LockTable.now() }, stepTime: Duration? = .milliseconds(3)
  ) {
    self.session = session
    self.clock = clock
    self.stepTime = stepTime
    let path = session.files.databasePath
    let folder = FilePath.parent(of: path)
    disk = Disk(databasePath: path, space: diskSpace ?? { DiskSpace.ofFileSystem(at: folder) })
    disk.look(clock.now())
    // How long the log grows before it is moved into the file: 4 MB, less where the reserve is small, because it is the
    // reserve that the file grows into when the disk is full. Only then is the log written over, and outcomes go on.
    let logPages = min(1_000, disk.reserveBytes / 4 / StoreSize().pageBytes)
    log = LogKeeper(session.connection, pages: logPages, locks: locks)
  }

  func configure(_ configuration: StoreConfiguration) {
    let now = clock.now()
    limit.configure(maxBytes: configuration.maxBytes)
    schedule.configure(retention: configuration.retention, dedupe: configuration.dedupe, at: now)
    deadSchedule.configure(age: configuration.deadRetention, at: now)
    unroutedSchedule.configure(age: configuration.unroutedRetention, at: now)
    try? measure(now)
  }

  // MARK: What others ask

  /// Why envelopes can't be taken now; nil: they can. Asked once for each transaction that holds any.
  ///
  /// - Parameter now: Where it has been read.
  func refusal(_ now: Timestamp? = nil) -> StoreError? {
    if disk.refusal == nil {
      let now = now ?? clock.now()
      disk.glance(now)
      if disk.refusal != nil { wantedSince = now }
    }
    return disk.refusal ?? limit.refusal
  }

  /// The size of live data, as of some milliseconds ago at most, and its limit.
  var liveBytes: Int { limit.size.liveBytes }
  var logBytes: Int { limit.size.logBytes }
  var maxBytes: Int { limit.maximum }

  /// Makes the sizes those of this moment.
  func measure(_ now: Timestamp) throws(StoreError) {
    limit.measured(try tools().measure(), at: now)
  }

  /// When to step again without another cause.
  var nextDue: Timestamp? {
    if let retryAt { return retryAt }
    return earlier(
      earlier(wantedSince, schedule.due), earlier(nextLook, log.hold.nextLook),
      earlier(deadSchedule.due, unroutedSchedule.due))
  }

  private func earlier(_ a: Timestamp?, _ b: Timestamp?, _ c: Timestamp? = nil) -> Timestamp? {
    guard let a, let b else { return c.map { min($0, a ?? b ?? $0) } ?? a ?? b }
    return min(a, b, c ?? a)
  }

  /// What is full may have been helped without a word.
  private var nextLook: Timestamp? {
    guard disk.refusal != nil || limit.refusal != nil else { return nil }
    return (lastStep ?? disk.lastLook)?.advanced(by: Self.retryInterval)
  }

  // MARK: What it is told

  /// A commit failed because the disk is full. Gives the reserve away, so that settlements go through.
  func diskFilled() {
    let now = clock.now()
    disk.filled(now, session.connection.lastSystemError)
    wantedSince = now
  }

  /// A commit failed. If it was in writing, the reserve is given away too: not every disk without room says so.
  func commitFailed(_ error: StoreError) {
    if error.code == .full { return diskFilled() }
    if error.code == .failing && session.connection.lastErrorWasOfWriting { disk.failed() }
  }

  /// After each commit. Cheap; prunes a little at once when the limit is near.
  ///
  /// - Parameter now: Where it has been read.
  func committed(appendedEvents: Int, _ now: Timestamp? = nil) {
    let now = now ?? clock.now()
    disk.wrote()
    madeTools?.clockShows(now)
    schedule.committed(at: now)
    deadSchedule.committed(at: now)
    unroutedSchedule.committed(at: now)
    guard limit.isMeasureDue(now) else { return }
    let before = limit.size.liveBytes
    do throws(StoreError) {
      try measure(now)
      if limit.isExceeded || log.isDue(limit.size, now) { wantedSince = wantedSince ?? now }
      if appendedEvents > 0 && limit.isUrgent && (retryAt ?? now) <= now {
        try pruneAtOnce(appendedEvents: appendedEvents, sizeBefore: before)
      }
    } catch {
      failed(error, now)
    }
  }

  private func failed(_ error: StoreError, _ now: Timestamp) {
    if error.code == .full { diskFilled() }
    retryAt = now.advanced(by: Self.retryInterval)
  }

  // MARK: A step

  /// One short step of housekeeping, in a transaction of its own.
  ///
  /// - Returns: There is more to do at once.
  func step() -> Bool {
    let now = clock.now()
    wantedSince = nil
    retryAt = nil
    lastStep = now
    disk.glance(now)
    do throws(StoreError) {
      try measure(now)
      return try work(now)
    } catch {
      failed(error, now)
      return false
    }
  }

  /// What is most urgent.
  private func work(_ now: Timestamp) throws(StoreError) -> Bool {
    if log.isDue(limit.size, now) {
      try log.look(now)
      try measure(now)
    }
    if disk.shortfall > 0, try reclaim(now) { return true }
    if try shrink(now) { return true }
    if try expire(now) { return true }
    if try expireDead(now) { return true }
    if try expireUnrouted(now) { return true }
    return try giveBack(now)
  }

  private func tools() throws(StoreError) -> KeeperTools {
    if let madeTools { return madeTools }
    let made = try KeeperTools(session)
    madeTools = made
    return made
  }

  // MARK: By age, and by size

  private func expire(_ now: Timestamp) throws(StoreError) -> Bool {
    guard let cutoffs = schedule.cutoffs(at: now) else { return false }
    guard try tools().prune(cutoffs, StepBudget(time: stepTime)) else { return true }
    schedule.pruned(try tools().heads(), at: now)
    return false
  }

  private func expireDead(_ now: Timestamp) throws(StoreError) -> Bool {
    guard let cutoff = deadSchedule.cutoff(at: now) else { return false }
    let (isDone, head) = try tools().discardDead(until: cutoff, now: now, StepBudget(time: stepTime))
    guard isDone else { return true }
    deadSchedule.walked(head: head, at: now)
    // They are settled now: retention waits for them.
    schedule.committed(at: now)
    return false
  }

  /// How many dead letters have grown too old since this was last asked, by the destination's name.
  func takeDiscardedDead() -> [String: Int] { madeTools?.takeDiscardedDead() ?? [:] }

  private func expireUnrouted(_ now: Timestamp) throws(StoreError) -> Bool {
    guard let cutoff = unroutedSchedule.cutoff(at: now) else { return false }
    let (isDone, head) = try tools().removeUnroutedBodies(
      until: cutoff, now: now, StepBudget(time: stepTime))
    guard isDone else { return true }
    unroutedSchedule.walked(head: head, at: now)
    return false
  }

  private func shrink(_ now: Timestamp) throws(StoreError) -> Bool {
    guard let excess = limit.excess() else { return false }
    return limit.hasShrunk(isDone: try prune(now, bytes: excess).isDone)
  }

  /// What has come is made up for before more comes.
  private func pruneAtOnce(appendedEvents: Int, sizeBefore: Int) throws(StoreError) {
    let now = clock.now()
    var deleted = 0
    for _ in 0..<(4 + appendedEvents / 25) {
      let (isDone, events) = try prune(now, bytes: .max)
      deleted += events
      let isMadeUpFor = deleted >= 2 * appendedEvents && limit.size.liveBytes <= sizeBefore
      if isDone || isMadeUpFor || !limit.isUrgent { return }
    }
  }

  /// A step that asks for no event's age. Once nothing is left that may go, the limit holds.
  ///
  /// - Parameter bytes: How much is to go, near enough.
  private func prune(_ now: Timestamp, bytes: Int) throws(StoreError) -> (isDone: Bool, events: Int) {
    let budget = StepBudget(bytes: max(64 << 10, bytes), time: stepTime)
    let pruned = try tools().makeRoom(schedule.cutoffsForRoom(at: now), budget)
    try measure(now)
    if pruned.isDone { limit.allIsPruned() }
    return pruned
  }

  // MARK: Space

  /// Makes room on a disk that has none. Not while the log can't be written over: then whatever goes only makes it longer.
  private func reclaim(_ now: Timestamp) throws(StoreError) -> Bool {
    guard !log.hold.isBlocked else { return false }
    let missing = disk.shortfall
    let free = limit.size.freeBytes
    if free < missing, try !prune(now, bytes: missing - free).isDone { return true }
    if limit.size.freePages > 0 && reclaimedBytes < missing {
      let pages = try tools().giveBack(StepBudget(time: stepTime))
      reclaimedBytes += pages * limit.size.pageBytes
      try measure(now)
      if pages > 0 && limit.size.freePages > 0 && reclaimedBytes < missing { return true }
    }
    guard reclaimedBytes > 0 || limit.size.hasLargeLog else { return false }
    reclaimedBytes = 0
    try log.checkpoint(cutsLog: limit.size.hasLargeLog)
    disk.look(now)
    return false
  }

  func freePages() throws(StoreError) -> Int { try tools().measure().freePages }

  /// A step of giving back free pages for a transaction that is not the keeper's.
  ///
  /// - Returns: How many went back; 0: there are none left.
  func giveBackWithinTransaction() throws(StoreError) -> Int {
    try tools().giveBackWithinTransaction(StepBudget(time: stepTime))
  }

  /// Free pages beyond what will be used again go back to the disk.
  private func giveBack(_ now: Timestamp) throws(StoreError) -> Bool {
    if limit.size.hasTooMuchSpare { isVacuuming = true }
    guard isVacuuming && !log.hold.isBlocked else { return false }
    let pages = try tools().giveBack(StepBudget(time: stepTime))
    try measure(now)
    if pages > 0 && !limit.size.hasLittleSpare { return true }
    isVacuuming = false
    // The file is cut by a checkpoint.
    try log.checkpoint(cutsLog: limit.size.hasLargeLog)
    return false
  }
}

@available(*, unavailable)
extension StoreKeeper: Sendable {}
