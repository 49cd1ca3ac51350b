import RelayCore

/// Whether the store is too large, and how much of it is to go. Pure: it is told each measure, and what was pruned.
struct SizeLimit: Equatable {
  /// As of the last measure.
  private(set) var size = StoreSize()
  /// Why envelopes are refused for the store's size; nil: they are not.
  private(set) var refusal: StoreError?
  private var marks = SizeMarks()
  private var lastMeasured: Timestamp?
  /// Above `full`, and not yet down at `relaxed`.
  private var isShrinking = false

  /// In bytes.
  var maximum: Int { marks.maxBytes }

  mutating func configure(maxBytes: Int) { marks.maxBytes = maxBytes }

  mutating func measured(_ size: StoreSize, at now: Timestamp) {
    self.size = size
    lastMeasured = now
    if size.liveBytes < marks.resumed { refusal = nil }
  }

  /// Whether the store is to be measured after a commit. Far from the limit an old measure will do: it costs a part of a
  /// commit.
  func isMeasureDue(_ now: Timestamp) -> Bool {
    if size.liveBytes > marks.watched || refusal != nil { return true }
    guard let lastMeasured, lastMeasured <= now else { return true }
    return lastMeasured.duration(to: now) >= .milliseconds(10)
  }

  /// Whether there is too much in it, or too much room that nothing needs.
  var isExceeded: Bool { isShrinking || size.liveBytes > marks.full || size.hasTooMuchSpare }

  /// Whether each commit is to be followed by pruning at once.
  var isUrgent: Bool { size.liveBytes > marks.urgent }

  /// How much is to go in the next step, in bytes; nil: nothing.
  mutating func excess() -> Int? {
    guard isShrinking || size.liveBytes > marks.full else { return nil }
    isShrinking = size.liveBytes > marks.relaxed
    return isShrinking ? size.liveBytes - marks.relaxed : nil
  }

  /// Such a step was made, and the store measured after it.
  ///
  /// - Parameter isDone: Nothing is left that may go.
  /// - Returns: Whether another is to be made.
  mutating func hasShrunk(isDone: Bool) -> Bool {
    isShrinking = !isDone && size.liveBytes > marks.relaxed
    return isShrinking
  }

  /// All that may go is gone, whatever its age, and the store was measured after it: if it is still too large, the limit holds.
  mutating func allIsPruned() {
    guard size.liveBytes >= marks.maxBytes else { return }
    refusal = StoreError(
      code: .full,
      message: "pending and dead deliveries alone fill the store (\(marks.description)); "
        + "retry or discard dead letters, discard what is pending, or raise store.max_size")
  }
}

/// At which sizes of live data something is done about it.
struct SizeMarks: Equatable {
  /// `max_size`. Before a configuration says anything: no limit.
  var maxBytes = Int.max

  private func percent(_ share: Int) -> Int { maxBytes / 100 * share }

  /// Above this, each commit is measured.
  var watched: Int { percent(75) }
  /// Above this, settled events are pruned whatever their age …
  var full: Int { percent(92) }
  /// … until no more than this is left.
  var relaxed: Int { percent(90) }
  /// Above this, each commit is followed by pruning at once, so that what comes can't outrun it.
  var urgent: Int { percent(96) }
  /// Envelopes that were refused at `maxBytes` are taken again below this.
  var resumed: Int { percent(98) }
  /// `10 GiB`, for people.
  var description: String {
    maxBytes >= 10 << 30 ? "\(maxBytes >> 30) GiB" : "\(maxBytes >> 20) MiB"
  }
}
