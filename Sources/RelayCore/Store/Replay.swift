/// Stored events that are sent again: a job that walks along them, oldest first, and queues a delivery for each.
///
/// Its deliveries are of a run of their own (`Delivery.run` is its number), stand in their destinations' replay queues, and
/// hold back no live one: docs/decisions/0029-replays.md says how.
package struct Replay: Sendable, Equatable {
  /// How far its walk is. The raw values are those of the store.
  package enum Walk: Int, Sendable, Hashable, CaseIterable {
    case underWay = 0
    /// It has queued all that it had to.
    case ended = 1
    case cancelled = 2
    /// It can't go on: see `failure`.
    case failed = 3
  }

  /// What users are told of it.
  package enum State: String, Sendable, Hashable, CaseIterable {
    case running, done, cancelled, failed
  }

  /// From 1, counting up: none is given twice.
  package var id: Int
  package var new: NewReplay
  package var walk = Walk.underWay
  /// Why it can't go on, for people.
  package var failure: String?
  package var cursors = ReplayCursors()
  /// Events that it has come to, of those that fit.
  package var matched = 0
  /// Those of them that it had nowhere to send.
  package var skipped = 0
  /// Deliveries that it has queued.
  package var queued = 0
  // What has come of them.
  package var delivered = 0
  package var dead = 0
  package var discarded = 0
  /// When its walk ended.
  package var endedAt: Timestamp?

  package init(id: Int, new: NewReplay) {
    self.id = id
    self.new = new
  }

  /// Deliveries that it has queued, and nothing has come of yet.
  package var pending: Int { queued - delivered - dead - discarded }

  /// One that has queued all it had to can still be cancelled, while some of that is pending.
  package func canEnd(as end: ReplayEnd) -> Bool {
    switch (walk, end) {
    case (.underWay, _): true
    case (.ended, .cancelled): pending > 0
    case (.ended, .failed), (.cancelled, _), (.failed, _): false
    }
  }

  package var state: State {
    switch walk {
    case .underWay: .running
    case .ended: pending > 0 ? .running : .done
    case .cancelled: .cancelled
    case .failed: .failed
    }
  }
}

/// What a person wants to be sent again.
package struct NewReplay: Sendable, Equatable {
  /// Which events go where, and how, as whoever walks understands it. The store does not.
  package var plan: String
  /// How many events it is likely to come to; nil: nobody has counted.
  package var expected: Int?
  /// Who wants it, and why.
  package var who: String?
  package var reason: String?
  /// By the steady clock.
  package var startedAt: Timestamp

  package init(
    plan: String, expected: Int? = nil, who: String? = nil, reason: String? = nil, startedAt: Timestamp
  ) {
    self.plan = plan
    self.expected = expected
    self.who = who
    self.reason = reason
    self.startedAt = startedAt
  }
}

/// What a replay's walk has come to: deliveries to be queued, and where it goes on, in one.
package struct ReplayStep: Sendable, Equatable {
  /// A stored event, with what its deliveries need of it.
  package struct Entry: Sendable, Equatable {
    package var event: EventID
    /// Where the lookup found it, and where a walk goes on behind it; nil: it is looked for, and the step can't be cut there.
    package var place: EventCursor?
    package var source: String
    package var chat: String?
    /// The event's footprint: what each of its deliveries counts in the books.
    package var bytes: Int
    package var targets: [Target]
    /// Events that the walk has come to since the entry before, and had nowhere to send.
    package var skippedBefore: Int

    package init(
      event: EventID, place: EventCursor? = nil, source: String, chat: String?, bytes: Int, targets: [Target],
      skippedBefore: Int = 0
    ) {
      self.event = event
      self.place = place
      self.source = source
      self.chat = chat
      self.bytes = bytes
      self.targets = targets
      self.skippedBefore = skippedBefore
    }
  }

  package struct Target: Sendable, Hashable {
    package var destination: String
    /// Which route sends it there; nil: a person does.
    package var route: String?

    package init(destination: String, route: String? = nil) {
      self.destination = destination
      self.route = route
    }
  }

  /// What stands where a delivery's route does, if a person has sent it. No route can have this name.
  package static let personsRoute = "(replay)"

  package var replay: Int
  /// The destination of a walk that was parted, which goes there alone; nil: the walk of all others.
  package var part: String?
  /// Where a walk that was not parted goes, too: they go on without those that have no room.
  package var others: [String]
  /// In order of arrival.
  package var entries: [Entry]
  /// Events that the walk has come to, and those of them that it had nowhere to send. Not counted for one that was parted:
  /// they were before.
  package var matched: Int
  package var skipped: Int
  /// Where the walk goes on after this.
  package var cursor: String?
  /// The walk has come to its end.
  package var isLast: Bool
  /// It waits until each destination has no more than that in its replay queue, with what it adds.
  package var ahead: Int
  /// What came before it in the step that was asked for is queued already: asked for again, that would be queued twice.
  package private(set) var isRest = false

  package init(
    replay: Int, part: String? = nil, others: [String] = [], entries: [Entry], matched: Int? = nil,
    skipped: Int = 0, cursor: String? = nil, isLast: Bool = false, ahead: Int = 4_096
  ) {
    self.replay = replay
    self.part = part
    self.others = others
    self.entries = entries
    self.matched = matched ?? entries.count
    self.skipped = skipped
    self.cursor = cursor
    self.isLast = isLast
    self.ahead = ahead
  }
}

extension ReplayStep {
  /// How many deliveries it queues.
  package var deliveries: Int { entries.reduce(0) { $0 + $1.targets.count } }

  /// Cuts it where it has queued about so many deliveries, at least one entry's: both parts are steps, which come one after
  /// the other.
  ///
  /// - Returns: What comes second; nil: there is no place to cut it.
  package mutating func cut(after limit: Int) -> ReplayStep? {
    var (count, place) = (0, 0)
    while place < entries.count, place == 0 || count + entries[place].targets.count <= limit {
      count += entries[place].targets.count
      place += 1
    }
    guard place < entries.count, let end = entries[place - 1].place else { return nil }
    let first = entries[..<place]
    let firstSkipped = first.reduce(0) { $0 + $1.skippedBefore }
    var rest = self
    rest.isRest = true
    rest.entries.removeFirst(place)
    rest.skipped -= firstSkipped
    rest.matched -= place + firstSkipped
    entries = Array(first)
    skipped = firstSkipped
    matched = place + firstSkipped
    cursor = "\(end)"
    isLast = false
    return rest
  }
}

/// How a replay's walk comes to an end before its last event.
package enum ReplayEnd: Sendable, Equatable {
  case cancelled
  /// - Parameter _: Why, for people.
  case failed(String)
}

/// What every store does for replays.
package protocol ReplayStore: AnyObject, Sendable {
  /// From now on this relay walks along replays, of those that were under way also.
  ///
  /// - Returns: Whether the store tells which: relays share it, and each replay has one. If not, all are this relay's.
  func walk(_ host: any ReplayHost) -> Bool

  /// Makes a replay known, and gives it its number.
  func begin(_ replay: NewReplay, completion: @escaping @Sendable (Result<Replay, StoreError>) -> Void)

  /// Queues deliveries, and moves the replay's cursor, in one transaction: so a crash neither loses nor doubles any. Events
  /// that are gone are passed over.
  ///
  /// Waits, as long as it takes, until there is room: in each destination's replay queue (`ReplayStep.ahead`), and in half
  /// of its `max_backlog`, so that nothing that arrives overflows because of it. Where nothing at all is pending or dead
  /// there is room for any step.
  ///
  /// Where some destinations have no room, and others of the step (or `ReplayStep.others`) run short of what it queues, those
  /// without room are parted: the step goes without them, and for each `Replay.cursors` says where a walk of its own begins.
  /// What a later step of the walk has for them is passed over.
  ///
  /// - Parameter progress: Called with the replay as it is then whenever a part of the step is on disk and the rest is not: what is
  ///   queued is to be sent, since the rest may wait for the room that this makes.
  /// - Returns: The replay as it is then. If its walk has ended by then, nothing was queued.
  func queue(
    _ step: ReplayStep, progress: @escaping @Sendable (Replay) -> Void,
    completion: @escaping @Sendable (Result<Replay, StoreError>) -> Void)

  /// Ends a replay's walk: its steps that wait for room are answered, and later ones queue nothing. What is queued stays; see
  /// `DeliverySelection.replay`. One that is over is left as it is (`Replay.canEnd`).
  ///
  /// - Returns: The replay; nil: there is no such one.
  func end(
    _ replay: Int, as end: ReplayEnd, completion: @escaping @Sendable (Result<Replay?, StoreError>) -> Void)

  /// Puts other words in the place of what a replay was to do, and why, for a person's right to be forgotten. One that is gone is
  /// passed over.
  func amend(
    _ replay: Int, plan: String, reason: String?,
    completion: @escaping @Sendable (Result<Void, StoreError>) -> Void)
}

extension ReplayStore {
  package func walk(_ host: any ReplayHost) -> Bool { false }
}

/// What people, and a start, ask of replays.
package protocol ReplayLookup: AnyObject, Sendable {
  /// Newest first.
  ///
  /// - Parameter before: Only those before this one.
  func replays(
    before: Int?, limit: Int, completion: @escaping @Sendable (Result<[Replay], StoreError>) -> Void)

  /// nil: there is no such one.
  func replay(_ id: Int, completion: @escaping @Sendable (Result<Replay?, StoreError>) -> Void)

  /// Those whose walk has not ended, oldest first.
  func unfinishedReplays(completion: @escaping @Sendable (Result<[Replay], StoreError>) -> Void)

  /// The events that fit, with what a replay needs of each. Each page is a bounded amount of work.
  func replayable(
    _ request: EventPageRequest, completion: @escaping @Sendable (Result<ReplayPage, StoreError>) -> Void)
}

/// A bounded amount of work: it may hold fewer events than were asked for, or none, and yet have a next.
package struct ReplayPage: Sendable, Equatable {
  package var events: [ReplayableEvent]
  /// Where to go on; nil: there are no more.
  package var next: EventCursor?

  package init(events: [ReplayableEvent], next: EventCursor?) {
    self.events = events
    self.next = next
  }
}

/// A stored event, as a replay sees it.
package struct ReplayableEvent: Sendable, Equatable {
  /// Where it has a delivery, and how that stands.
  package struct Standing: Sendable, Hashable {
    package var destination: String
    /// Never `discarded` for one that is `overflowed`.
    package var state: DeliveryFilter.State

    package init(destination: String, state: DeliveryFilter.State) {
      self.destination = destination
      self.state = state
    }
  }

  /// What routing looks at, and no more: which routes matched it, and its deliveries, are left out.
  package var record: EventRecord
  package var standings: [Standing]

  package init(record: EventRecord, standings: [Standing]) {
    self.record = record
    self.standings = standings
  }
}
