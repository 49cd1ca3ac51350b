import RelayCore

/// Keeps the store within its limits: prunes what may go, gives space back, and says why no envelopes are taken.
/// Confined to the store's thread.
///
/// It does nothing by itself: it is told of each commit, and says when it wants to make a step. A step is short, and has
/// a transaction of its own. There is no periodic timer: while nothing can have fallen due, it wants no step.
final class StoreKeeper {
  /// After a failure, and while the disk is full.
  static let retryInterval = Duration.seconds(1)

  /// Tests lift it: they count steps.
  var stepTime: Duration? = .milliseconds(3)

  let clock: any SteadyClock
  let disk: Disk
  /// Made first: it says how long the log grows.
  let log: LogKeeper
  private let connection: Connection
  private let transactions: Transactions
  private let walked: WalkedDeliveries
  /// Made when first needed.
  private var madeTools: KeeperTools?

  /// nil: nothing grows old before a configuration says so.
  private(set) var retention: Duration?
  private(set) var dedupe = Duration.zero
  private(set) var marks = SizeMarks()
  private(set) var size = StoreSize()
  private var lastMeasured: Timestamp?
  /// Why envelopes are refused for the store's size.
  var sizeRefusal: StoreError?
  /// Above the one mark, and not yet below the other.
  var isShrinking = false
  var isVacuuming = false
  /// Given back since the file was last cut.
  var reclaimedBytes = 0

  /// When something came up that is to be done at once.
  private var wantedSince: Timestamp?
  /// Nothing is old enough before.
  var retentionDue: Timestamp?
  private var lastStep: Timestamp?
  /// A step failed: none before this.
  private var retryAt: Timestamp?

  /// - Parameters:
  ///   - diskSpace: What there is on the store's file system.
  ///   - locks: Who holds which file.
  init(
    session: StoreSession, clock: any SteadyClock, diskSpace: (() -> DiskSpace)? = nil,
    locks: @escaping () -> LockTable = { LockTable.now() }
  ) {
    connection = session.connection
    transactions = session.transactions
    walked = session.walked
    self.clock = clock
    let path = session.files.databasePath
    let folder = StoreFiles.parent(of: path)
    disk = Disk(databasePath: path, space: diskSpace ?? { DiskSpace.ofFileSystem(at: folder) })
    disk.look(clock.now())
    // How long the log grows before it is moved into the file: 4 MB, less where the reserve is small, because it is the
    // reserve that the file grows into when the disk is full. Only then is the log written over, and outcomes go on.
    let logPages = min(1_000, disk.reserveBytes / 4 / StoreSize().pageBytes)
    log = LogKeeper(connection, pages: logPages, locks: locks)
  }

  func configure(_ configuration: StoreConfiguration) {
    retention = configuration.retention
    dedupe = configuration.dedupe
    marks.maxBytes = configuration.maxBytes
    retentionDue = clock.now()
    try? measure(clock.now())
  }

  /// Why envelopes can't be taken now; nil: they can. Asked once for each transaction that holds any.
  ///
  /// - Parameter now: Where it has been read.
  func refusal(_ now: Timestamp? = nil) -> StoreError? {
    if disk.refusal == nil {
      let now = now ?? clock.now()
      disk.glance(now)
      if disk.refusal != nil { wantedSince = now }
    }
    return disk.refusal ?? sizeRefusal
  }

  /// A commit failed because the disk is full. Gives the reserve away, so that settlements go through.
  func diskFilled() {
    let now = clock.now()
    disk.filled(now, connection.lastSystemError)
    wantedSince = now
  }

  /// A commit failed. If it was in writing, the reserve is given away too: not every disk without room says so.
  func commitFailed(_ error: StoreError) {
    if error.code == .full { return diskFilled() }
    if error.code == .failing && connection.lastErrorWasOfWriting { disk.failed() }
  }

  /// After each commit. Cheap; prunes a little at once when the limit is near.
  ///
  /// - Parameter now: Where it has been read.
  func committed(appendedEvents: Int, _ now: Timestamp? = nil) {
    let now = now ?? clock.now()
    disk.wrote()
    madeTools?.pruner.position.clockShows(now)
    // What was settled or received just now grows old then; what is waited for may come later.
    if let retention {
      let due = now.advanced(by: retention)
      retentionDue = min(due, retentionDue ?? due)
    }
    guard isNearLimit || isMeasureOld(now) else { return }
    let before = size.liveBytes
    do throws(StoreError) {
      try measure(now)
      if isShrinking || size.liveBytes > marks.full || size.hasTooMuchSpare || log.isDue(size, now) {
        wantedSince = wantedSince ?? now
      }
      if appendedEvents > 0 && size.liveBytes > marks.urgent && (retryAt ?? now) <= now {
        try pruneAtOnce(appendedEvents: appendedEvents, sizeBefore: before)
      }
    } catch {
      failed(error, now)
    }
  }

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

  /// When to step again without another cause.
  var nextDue: Timestamp? {
    if let retryAt { return retryAt }
    return earlier(earlier(wantedSince, retentionDue), earlier(nextLook, log.hold.nextLook))
  }

  private func earlier(_ a: Timestamp?, _ b: Timestamp?) -> Timestamp? {
    guard let a, let b else { return a ?? b }
    return min(a, b)
  }

  /// What is full may have been helped without a word.
  private var nextLook: Timestamp? {
    guard disk.refusal != nil || sizeRefusal != nil else { return nil }
    return (lastStep ?? disk.lastLook)?.advanced(by: Self.retryInterval)
  }

  /// The size of live data, as of some milliseconds ago at most, and its limit.
  var liveBytes: Int { size.liveBytes }
  var logBytes: Int { size.logBytes }
  var maxBytes: Int { marks.maxBytes }

  // MARK: For its work

  func tools() throws(StoreError) -> KeeperTools {
    if let madeTools { return madeTools }
    let made = try KeeperTools(connection, transactions, walked: walked)
    madeTools = made
    return made
  }

  func measure(_ now: Timestamp) throws(StoreError) {
    size = try tools().gauge.measure()
    lastMeasured = now
    if size.liveBytes < marks.resumed { sizeRefusal = nil }
  }

  /// Far from the limit an old measure will do: it costs a part of a commit.
  private func isMeasureOld(_ now: Timestamp) -> Bool {
    guard let lastMeasured, lastMeasured <= now else { return true }
    return lastMeasured.duration(to: now) >= .milliseconds(10)
  }

  private var isNearLimit: Bool { size.liveBytes > marks.watched || sizeRefusal != nil }

  private func failed(_ error: StoreError, _ now: Timestamp) {
    if error.code == .full { diskFilled() }
    retryAt = now.advanced(by: Self.retryInterval)
  }
}

@available(*, unavailable)
extension StoreKeeper: Sendable {}
