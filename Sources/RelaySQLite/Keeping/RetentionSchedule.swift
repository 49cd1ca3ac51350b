import RelayCore

/// What is old enough to go, and when something will be. Pure: it is told of commits, and of what pruning has found.
struct RetentionSchedule: Equatable {
  /// When what is old enough is to be looked for; nil: nothing grows old, as far as is known.
  private(set) var due: Timestamp?
  /// nil: nothing grows old before a configuration says so.
  private var retention: Duration?
  private var dedupe = Duration.zero

  /// - Parameters:
  ///   - retention: How long an event stays after the last of its deliveries was settled.
  ///   - dedupe: How long an envelope's hash stays after its receipt.
  mutating func configure(retention: Duration, dedupe: Duration, at now: Timestamp) {
    self.retention = retention
    self.dedupe = dedupe
    due = now
  }

  /// What was settled or received just now grows old then; what is waited for may come later.
  mutating func committed(at now: Timestamp) {
    guard let retention else { return }
    let old = now.advanced(by: retention)
    due = min(old, due ?? old)
  }

  /// What may go for its age; nil: nothing grows old, or the time for it has not come.
  func cutoffs(at now: Timestamp) -> PruneCutoffs? {
    guard let retention, let due, due <= now else { return nil }
    return PruneCutoffs(
      events: now.advanced(by: .zero - retention),
      envelopes: now.advanced(by: .zero - max(retention, dedupe)), now: now)
  }

  /// What may go where room is needed: an event's age is not asked for.
  func cutoffsForRoom(at now: Timestamp) -> PruneCutoffs {
    PruneCutoffs(events: .distantFuture, envelopes: now.advanced(by: .zero - dedupe), now: now)
  }

  /// All that was old enough is gone.
  ///
  /// - Parameter heads: What comes next.
  mutating func pruned(_ heads: PruneHeads, at now: Timestamp) {
    guard let retention else { return }
    let event = heads.event?.advanced(by: retention)
    let childless = heads.childless?.advanced(by: max(retention, dedupe))
    let next = [event, childless].compactMap { $0 }.min()
    // Not one by one: what falls due together goes together.
    let pause = min(.seconds(60), max(.seconds(1), retention / 100))
    due = next.map { max($0, now.advanced(by: pause)) }
  }
}

/// What is old enough to go.
struct PruneCutoffs: Equatable {
  /// Events whose last delivery was settled at or before this, or that have none and were received by then.
  var events: Timestamp
  /// Envelopes that have no events left and were received at or before this: nobody asks for their hash any more.
  var envelopes: Timestamp
  /// What happened later is of a time before the clock went back.
  var now: Timestamp
}

/// What grows old next, once all is gone that may go.
struct PruneHeads: Equatable {
  /// When the first event that is waited for was settled.
  var event: Timestamp?
  /// When the next envelope without events was received.
  var childless: Timestamp?
}
