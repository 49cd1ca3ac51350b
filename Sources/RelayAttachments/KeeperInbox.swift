import RelayCore

/// What waits for the keeper's thread. Bounded: what does not fit is looked for in the store later.
struct KeeperInbox: Sendable {
  /// A fetch that has ended.
  struct Ended: Sendable {
    var link: PendingAttachment
    var outcome: FetchJob.Outcome
  }

  /// Events to be erased, and who waits for that.
  struct Erasure: Sendable {
    var events: [EventID]
    var answer: @Sendable (Result<Int, StoreError>) -> Void
  }

  var sources: [Source]?
  private(set) var events: [Event] = []
  var ended: [Ended] = []
  var erasures: [Erasure] = []
  /// Since when something may have come that is not here.
  private(set) var missedSince: Timestamp?
  var isStopping = false
  /// Somebody wants it to look at the clock again.
  var isAwake = false
  private var isStopSeen = false
  private var eventBytes = 0

  static let maxEvents = 4_096
  static let maxEventBytes = 16 << 20

  mutating func add(_ new: [Event]) {
    for event in new {
      guard events.count < Self.maxEvents, eventBytes + event.footprint <= Self.maxEventBytes else {
        miss(since: event.envelope.receivedAt)
        continue
      }
      events.append(event)
      eventBytes += event.footprint
    }
  }

  mutating func miss(since time: Timestamp) {
    missedSince = min(missedSince ?? time, time)
  }

  /// Whether there is anything to do at once.
  var hasWork: Bool {
    isAwake || (isStopping && !isStopSeen) || sources != nil || !events.isEmpty || !ended.isEmpty
      || !erasures.isEmpty || missedSince != nil
  }

  /// Takes all but the wish to stop, which stands.
  mutating func take() -> KeeperInbox {
    let taken = self
    self = KeeperInbox()
    (isStopping, isStopSeen) = (taken.isStopping, taken.isStopping)
    return taken
  }
}
