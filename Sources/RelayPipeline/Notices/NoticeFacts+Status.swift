import RelayCore

extension NoticeFacts {
  /// From here on the store is nearly full, and up to there it has room again: what is settled is pruned at 92 %, so that more is
  /// pending or dead.
  private static let (nearlyFull, hasRoom) = (95, 93)
  /// A pause is somebody's intention: before that, nobody wants to be told.
  static let leastPause = Duration.seconds(3_600)

  /// - Parameters:
  ///   - condition: What the store tells of itself.
  ///   - metrics: Where things are counted.
  ///   - history: What the wall clock showed when, by which the status tells its times.
  init(
    _ status: RelayStatus, _ condition: StoreCondition, _ metrics: RelayMetrics, history: ClockHistory
  ) {
    for destination in status.destinations { look(at: destination, metrics, status.store, history) }
    for source in status.sources { look(at: source, metrics.source(source.name), history) }
    look(at: status.store, condition)
    if let attachments = status.attachments {
      counts[NoticeKey(kind: .attachments, subject: .relay)] = NoticeCount(total: attachments.losses)
    }
    let relay = { (kind: NoticeKind) in NoticeKey(kind: kind, subject: .relay) }
    states[relay(.reload)] = .when(!status.reloadErrors.isEmpty, Self.text(status.reloadErrors))
    states[relay(.clock)] =
      status.clockOffset.map { offset in
        let seconds = "\(Int(abs(offset.inSeconds).rounded())) s"
        return .when(ClockComparison.isOff(offset), "\(seconds) \(offset > .zero ? "ahead" : "behind")")
      } ?? .unknown
  }

  private static func text(_ errors: [String]) -> String {
    guard let first = errors.first else { return "" }
    return errors.count > 1 ? "\(first) (and \(errors.count - 1) more)" : first
  }

  /// How often each destination's deliveries have died and overflowed, before anything is delivered.
  init(stored: [StoredDestination]) {
    for destination in stored {
      count(
        destination.name, dead: .init(total: 0, stored: destination.dead),
        overflow: .init(total: 0, stored: destination.overflowed))
    }
  }

  private mutating func count(_ name: String, dead: NoticeCount, overflow: NoticeCount) {
    counts[NoticeKey(kind: .dead, subject: .destination(name))] = dead
    counts[NoticeKey(kind: .overflow, subject: .destination(name))] = overflow
  }

  // MARK: Destinations

  private mutating func look(
    at destination: DestinationStatus, _ metrics: RelayMetrics, _ store: RelayStatus.Store,
    _ history: ClockHistory
  ) {
    let counted = metrics.destination(destination.name)
    // Of one that another relay tells of, this one knows what it has done itself.
    let isRead = store.unreadFor == nil && !destination.isToldElsewhere
    let settled = counted.settledDeliveries
    count(
      destination.name,
      dead: NoticeCount(total: settled.count(of: .dead), stored: isRead ? destination.dead : nil),
      overflow: NoticeCount(
        total: settled.count(of: .overflow), stored: isRead ? destination.overflowed : nil))
    func set(_ kind: NoticeKind, _ state: NoticeState) {
      states[NoticeKey(kind: kind, subject: .destination(destination.name))] = state
    }
    let waiting = [(destination.pending, "pending"), (destination.dead, "dead")].filter { $0.0 > 0 }
      .map { "\($0.0) \($0.1)" }.joined(separator: ", ")
    if destination.isToldElsewhere {
      for kind in [NoticeKind.orphaned, .down, .late, .paused] { set(kind, .unknown) }
      return
    }
    set(.orphaned, isRead ? .when(destination.isOrphaned, waiting) : .unknown)
    guard !destination.isOrphaned else { return }
    set(.down, Self.down(destination, hasAnswered: counted.attempts.count(of: .success) > 0, history))
    let isPaused = destination.isPaused || destination.pausedAt != nil
    let isLate = destination.isLate && !isPaused
    set(.late, isRead || isPaused ? .when(isLate, Self.due(destination)) : .unknown)
    let why =
      destination.pausedAt.map { "by the configuration (\($0))" }
      ?? destination.pausedUntil.map { "until \(NoticeText.clock($0))" } ?? "until somebody resumes it"
    let paused = destination.pausedSince.map { history.firstMoment(from: $0) }
    set(.paused, isPaused ? .on(since: paused, least: Self.leastPause, why) : .off)
  }

  private static func due(_ destination: DestinationStatus) -> String {
    let oldest = destination.oldestDue.map { "the oldest has been due for \(NoticeText.length($0))" }
    return [oldest, destination.pending > 0 ? "\(destination.pending) pending" : nil].compactMap { $0 }
      .joined(separator: ", ")
  }

  /// A success is what ends it: after a restart nobody knows, and a circuit is closed at first.
  private static func down(
    _ destination: DestinationStatus, hasAnswered: Bool, _ history: ClockHistory
  ) -> NoticeState {
    // Nothing is attempted.
    if destination.isPaused { return .unknown }
    let detail = [destination.lastFailure, destination.pending > 0 ? "\(destination.pending) pending" : nil]
      .compactMap { $0 }.joined(separator: ", ")
    guard destination.circuit == .open else {
      if hasAnswered { return .off }
      // A relay that ends again and again before its circuits open knows this much.
      return destination.failingSince == nil ? .unknown : .persists(detail)
    }
    return .on(since: destination.circuitOpenSince.map { history.firstMoment(from: $0) }, detail)
  }

  // MARK: Sources

  private mutating func look(at source: SourceStatus, _ metrics: SourceMetrics, _ history: ClockHistory) {
    if let silence = source.silence {
      states[NoticeKey(kind: .quiet, subject: .source(source.name))] = Self.quiet(
        silence, source.lastEnvelope, history)
    }
    let envelopes = metrics.envelopes
    refusals[source.name] = SourceCounts(
      unauthorized: envelopes.count(of: .unauthorized), forbidden: envelopes.count(of: .forbidden),
      rateLimited: envelopes.count(of: .rateLimited), tooLarge: envelopes.count(of: .tooLarge),
      unavailable: envelopes.count(of: .unavailable),
      accepted: [.accepted, .duplicate, .handshake].reduce(0) { $0 + envelopes.count(of: $1) })
  }

  /// Only an envelope ends it: after a restart the count may begin anew.
  private static func quiet(
    _ silence: SourceSilence, _ heard: Timestamp?, _ history: ClockHistory
  ) -> NoticeState {
    if let since = silence.since {
      return .on(
        since: history.firstMoment(from: since),
        heard.map { "the last one came at \(NoticeText.clock($0))" } ?? "none has come yet")
    }
    return heard.map { .off(since: history.firstMoment(from: $0)) } ?? .unknown
  }

  // MARK: The store

  private mutating func look(at store: RelayStatus.Store, _ condition: StoreCondition) {
    func set(_ side: NoticeSubject.StoreSide, _ state: NoticeState) {
      states[NoticeKey(kind: .store, subject: .store(side))] = state
    }
    set(.refuses, condition.refusal.map { .on($0.message) } ?? .off)
    // One that takes no envelopes says why.
    set(
      .holds,
      condition.refusal != nil
        ? .unknown : store.attemptsHeld.map { .on(since: nil, $0.reason) } ?? .off)
    let log = condition.logHolder.map { "\($0) holds it" } ?? condition.logFailure
    set(.log, log.map { .on($0) } ?? .off)
    // One that refuses is full already, and what can't be read is not known.
    guard condition.refusal == nil, store.unreadFor == nil, store.limitBytes > 0 else {
      return set(.nearlyFull, .unknown)
    }
    let percent = store.bytes / (store.limitBytes / 100)
    set(
      .nearlyFull,
      percent >= Self.nearlyFull ? .on("\(percent) % of max_size") : percent < Self.hasRoom ? .off : .unknown)
  }
}
