import RelayCore

extension StoreKeeper {
  /// One step of what is most urgent.
  ///
  /// - Returns: There is more to do at once.
  func work(_ now: Timestamp) throws(StoreError) -> Bool {
    if log.isDue(size, now) {
      try log.look(now)
      try measure(now)
    }
    if disk.shortfall > 0, try reclaim(now) { return true }
    if try shrink(now) { return true }
    if let retentionDue, retentionDue <= now, try expire(now) { return true }
    return try giveBack(now)
  }

  // MARK: By age

  private func expire(_ now: Timestamp) throws(StoreError) -> Bool {
    guard let retention else { return false }
    let hashesStay = max(retention, dedupe)
    let cutoffs = PruneCutoffs(
      events: now.advanced(by: .zero - retention), envelopes: now.advanced(by: .zero - hashesStay),
      now: now)
    guard try tools().prune(cutoffs, StepBudget(time: stepTime)).isDone else { return true }
    let heads = try tools().pruner.heads()
    let event = heads.event?.advanced(by: retention)
    let childless = heads.childless?.advanced(by: hashesStay)
    let due = [event, childless].compactMap { $0 }.min()
    // Not one by one: what falls due together goes together.
    let pause = min(.seconds(60), max(.seconds(1), retention / 100))
    retentionDue = due.map { max($0, now.advanced(by: pause)) }
    return false
  }

  // MARK: By size

  private func shrink(_ now: Timestamp) throws(StoreError) -> Bool {
    guard isShrinking || size.liveBytes > marks.full else { return false }
    isShrinking = true
    guard size.liveBytes > marks.relaxed else {
      isShrinking = false
      return false
    }
    let isDone = try prune(now, bytes: size.liveBytes - marks.relaxed).isDone
    if !isDone && size.liveBytes > marks.relaxed { return true }
    isShrinking = false
    return false
  }

  /// What has come is made up for before more comes.
  func pruneAtOnce(appendedEvents: Int, sizeBefore: Int) throws(StoreError) {
    let now = clock.now()
    var deleted = 0
    for _ in 0..<(4 + appendedEvents / 25) {
      let (isDone, events) = try prune(now, bytes: .max)
      deleted += events
      let isMadeUpFor = deleted >= 2 * appendedEvents && size.liveBytes <= sizeBefore
      if isDone || isMadeUpFor || size.liveBytes <= marks.urgent { return }
    }
  }

  /// A step that spares no age. Once nothing is left that may go, the limit holds.
  ///
  /// - Parameter bytes: How much is to go, near enough.
  private func prune(
    _ now: Timestamp, bytes: Int
  ) throws(StoreError) -> (isDone: Bool, events: Int) {
    let cutoffs = PruneCutoffs(
      events: .distantFuture, envelopes: now.advanced(by: .zero - dedupe), now: now)
    let pruned = try tools().prune(cutoffs, StepBudget(bytes: max(64 << 10, bytes), time: stepTime))
    try measure(now)
    if pruned.isDone && size.liveBytes >= marks.maxBytes {
      sizeRefusal = StoreError(
        code: .full,
        message: "pending and dead deliveries alone fill the store (\(marks.description)); "
          + "retry or discard dead letters, discard what is pending, or raise store.max_size")
    }
    return pruned
  }

  // MARK: Space

  /// Makes room on a disk that has none. Not while the log can't be written over: then whatever goes only makes it longer.
  private func reclaim(_ now: Timestamp) throws(StoreError) -> Bool {
    guard !log.hold.isBlocked else { return false }
    let missing = disk.shortfall
    if size.freeBytes < missing, try !prune(now, bytes: missing - size.freeBytes).isDone { return true }
    if size.freePages > 0 && reclaimedBytes < missing {
      let pages = try tools().vacuum(StepBudget(time: stepTime))
      reclaimedBytes += pages * size.pageBytes
      try measure(now)
      if pages > 0 && size.freePages > 0 && reclaimedBytes < missing { return true }
    }
    guard reclaimedBytes > 0 || size.hasLargeLog else { return false }
    reclaimedBytes = 0
    try log.checkpoint(cutsLog: size.hasLargeLog)
    disk.look(now)
    return false
  }

  /// Free pages beyond what will be used again go back to the disk.
  private func giveBack(_ now: Timestamp) throws(StoreError) -> Bool {
    if size.hasTooMuchSpare { isVacuuming = true }
    guard isVacuuming && !log.hold.isBlocked else { return false }
    let pages = try tools().vacuum(StepBudget(time: stepTime))
    try measure(now)
    if pages > 0 && !size.hasLittleSpare { return true }
    isVacuuming = false
    // The file is cut by a checkpoint.
    try log.checkpoint(cutsLog: size.hasLargeLog)
    return false
  }
}
