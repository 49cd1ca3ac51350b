import RelayCore

/// All about notices: what is open, what is to be sent to whom, and when. Pure: a shell looks, keeps, and sends.
struct NoticeBook: Sendable, Equatable {
  /// A request that is to be made.
  enum Action: Sendable, Equatable {
    case send(Notice, to: NoticeReceiver)
    case beat(NoticeReceiver)
  }

  private struct Desk: Sendable, Equatable {
    var receiver: NoticeReceiver
    var rules = NoticeRules()
    var queue = NoticeQueue()
    var heartbeat = HeartbeatSchedule()
  }

  private var desks: [Desk] = []
  private var counts = NoticeCounts()
  private var refusals = NoticeRefusals()
  /// What is told, or is to be, differs from what was last kept.
  private(set) var isChanged = false
  /// How what moves by itself was when it was last kept, and when that was.
  private var keptMoves = NoticeMoves()
  private var keptAt: Timestamp?
  /// A look has brought a notice, whatever became of it.
  private(set) var hasTold = false

  init() {}

  /// Goes on from where an earlier process has left it. Receivers that are no longer configured are forgotten.
  init(_ kept: KeptNotices, for receivers: [NoticeReceiver], at now: Timestamp) {
    let open = Set(kept.desks.flatMap(\.open.keys))
    counts = NoticeCounts(kept: kept.counts, open: open, at: now)
    refusals = NoticeRefusals(
      kept: kept.refusals,
      open: open.compactMap { key in
        guard key.kind == .refused, case .source(let name) = key.subject else { return nil }
        return name
      }, at: now)
    for desk in kept.desks {
      guard let receiver = receivers.first(where: { $0.name == desk.name }) else { continue }
      // A clock that began anew must not make it last forever.
      let open = desk.open.mapValues { open in
        NoticeRules.Open(since: min(open.since, now), told: min(open.told, now), over: nil)
      }
      let waiting = kept.beginnings.filter { open[$0.key] == nil }.mapValues { beginning in
        NoticeRules.Beginning(since: min(beginning.since, now), seen: min(beginning.seen, now))
      }
      desks.append(
        Desk(
          receiver: receiver, rules: NoticeRules(open: open, waiting: waiting),
          queue: NoticeQueue(desk.waiting, failingSince: desk.failingSince.map { min($0, now) })))
    }
    configure(receivers)
    // Or who is gone would be back with all that waited, should it be configured again.
    if self.kept.desks != kept.desks || (!wantsFacts && self.kept != kept) { isChanged = true }
  }

  /// What is to be kept.
  var kept: KeptNotices {
    let moves = moves
    return KeptNotices(
      desks: desks.filter { $0.receiver.format != .heartbeat }.map { desk in
        KeptNotices.Desk(
          name: desk.receiver.name,
          open: desk.rules.open.mapValues { KeptNotices.Open(since: $0.since, told: $0.told) },
          waiting: desk.queue.waiting, failingSince: desk.queue.failingSince)
      }, counts: moves.counts, beginnings: moves.beginnings, refusals: moves.refusals)
  }

  private var moves: NoticeMoves {
    var beginnings: [NoticeKey: NoticeRules.Beginning] = [:]
    for desk in desks {
      beginnings.merge(desk.rules.waiting) { a, b in
        NoticeRules.Beginning(since: min(a.since, b.since), seen: max(a.seen, b.seen))
      }
    }
    return NoticeMoves(counts: counts.kept, beginnings: beginnings, refusals: refusals.kept)
  }

  /// Whether it is to be kept now: at once what is told, and soon what moves by itself.
  func isToBeKept(at now: Timestamp) -> Bool {
    if isChanged { return true }
    guard wantsFacts, keptAt.map({ $0.duration(to: now) >= NoticeMoves.interval }) ?? true else {
      return false
    }
    return moves.hasMoved(from: keptMoves)
  }

  /// The process ends: whether there is anything that the next one is to know.
  var isToBeKeptAtTheEnd: Bool { isChanged || (wantsFacts && moves != keptMoves) }

  /// It is being kept as it is now.
  mutating func keeps(at now: Timestamp) {
    isChanged = false
    (keptMoves, keptAt) = (moves, now)
  }
  /// It could not be kept.
  mutating func wasNotKept() { isChanged = true }

  var receivers: [NoticeReceiver] { desks.map(\.receiver) }
  var isEmpty: Bool { desks.isEmpty }
  /// Some receiver wants notices, and not only to hear that the relay is there.
  var wantsFacts: Bool { desks.contains { $0.receiver.format != .heartbeat } }
  func wants(_ kind: NoticeKind) -> Bool {
    desks.contains { $0.receiver.format != .heartbeat && $0.receiver.kinds.contains(kind) }
  }

  /// What is open and what waits stays with a receiver's name; of one that is gone, both go.
  mutating func configure(_ receivers: [NoticeReceiver]) {
    let old = desks
    desks = receivers.map { receiver in
      guard var desk = old.first(where: { $0.receiver.name == receiver.name }) else {
        return Desk(receiver: receiver)
      }
      if desk.receiver.url != receiver.url || desk.receiver.format != receiver.format {
        desk.queue.beginAnew()
        desk.heartbeat.beginAnew()
      }
      if receiver.format == .heartbeat { (desk.rules, desk.queue) = (NoticeRules(), NoticeQueue()) }
      desk.receiver = receiver
      return desk
    }
    if old != desks { isChanged = true }
    // Nobody looks any more: what happens meanwhile is old when somebody does again.
    if !wantsFacts { (counts, refusals) = (NoticeCounts(), NoticeRefusals()) }
  }

  /// What was counted before anything is delivered: it is no news, but for what a crash kept from being told.
  mutating func look(atCounts counts: [NoticeKey: NoticeCount], at now: Timestamp) {
    _ = self.counts.look(counts, at: now)
  }

  /// A look has shown this.
  ///
  /// - Parameters:
  ///   - wall: What the wall clock showed at a steady time.
  ///   - id: Makes a new id.
  /// - Returns: How many notices each receiver has let go of, because too many wait.
  mutating func look(
    _ facts: NoticeFacts, at now: Timestamp, wall: (Timestamp) -> Timestamp, id: () -> String
  ) -> [String: Int] {
    var states = facts.states
    states.merge(counts.look(facts.counts, at: now)) { state, _ in state }
    states.merge(refusals.look(facts.refusals, at: now)) { state, _ in state }
    var dropped: [String: Int] = [:]
    for index in desks.indices where desks[index].receiver.format != .heartbeat {
      let before = desks[index].rules.open.count
      let changes = desks[index].rules.look(states, at: now, for: desks[index].receiver)
      for change in changes {
        let notice = Notice(
          id: id(), key: change.key, phase: change.phase, at: wall(change.at), since: wall(change.since),
          detail: change.detail)
        let count = desks[index].queue.add(notice)
        if count > 0 { dropped[desks[index].receiver.name, default: 0] += count }
      }
      if !changes.isEmpty { hasTold = true }
      if !changes.isEmpty || desks[index].rules.open.count != before { isChanged = true }
    }
    return dropped
  }

  /// What is to be sent now.
  ///
  /// - Parameter isReady: The relay takes envelopes.
  mutating func actions(at now: Timestamp, isReady: Bool) -> [Action] {
    var actions: [Action] = []
    for index in desks.indices {
      let receiver = desks[index].receiver
      if receiver.format == .heartbeat {
        if desks[index].heartbeat.take(at: now, every: receiver.every, isReady: isReady) {
          actions.append(.beat(receiver))
        }
      } else if let notice = desks[index].queue.take(at: now) {
        actions.append(.send(notice, to: receiver))
      }
    }
    return actions
  }

  /// When something is to be sent next.
  var due: Timestamp? {
    desks.compactMap { desk in
      desk.receiver.format == .heartbeat ? desk.heartbeat.due(every: desk.receiver.every) : desk.queue.due
    }.min()
  }

  /// A heartbeat is due: whoever sends it asks first whether the relay is ready.
  func isHeartbeatDue(at now: Timestamp) -> Bool {
    desks.contains { desk in
      desk.receiver.format == .heartbeat
        && desk.heartbeat.due(every: desk.receiver.every).map { $0 <= now } ?? false
    }
  }

  /// Some request is under way.
  var isSending: Bool { desks.contains { $0.queue.isSending || $0.heartbeat.isSending } }

  /// - Parameter isTaken: It was answered with a 2xx.
  /// - Returns: How many attempts in a row have failed.
  mutating func ended(_ action: Action, isTaken: Bool, at now: Timestamp) -> Int {
    switch action {
    case .beat(let receiver):
      guard let index = index(of: receiver) else { return isTaken ? 0 : 1 }
      if isTaken || isCurrent(receiver) {
        desks[index].heartbeat.ended(isTaken: isTaken, at: now)
      } else {
        desks[index].heartbeat.isAbandoned()
      }
      return isTaken ? 0 : 1
    case .send(let notice, let receiver):
      guard let index = index(of: receiver) else { return 0 }
      guard isTaken || isCurrent(receiver) else {
        desks[index].queue.isAbandoned()
        return 0
      }
      guard isTaken else {
        if desks[index].queue.failingSince == nil { isChanged = true }
        desks[index].queue.failed(at: now)
        return desks[index].queue.failures
      }
      desks[index].queue.sent(notice.id)
      isChanged = true
      return 0
    }
  }

  /// Whether it is still sent to there: what failed at an address that a reload has ended says nothing of the new one.
  func isCurrent(_ receiver: NoticeReceiver) -> Bool {
    desks.contains {
      $0.receiver.name == receiver.name && $0.receiver.url == receiver.url
        && $0.receiver.format == receiver.format
    }
  }

  /// How it stands with each receiver.
  var standings: [NoticeStanding] {
    desks.map { desk in
      NoticeStanding(
        name: desk.receiver.name, format: desk.receiver.format, waiting: desk.queue.waiting.count,
        failingSince: desk.queue.failingSince ?? desk.heartbeat.failingSince)
    }
  }

  private func index(of receiver: NoticeReceiver) -> Int? {
    desks.firstIndex { $0.receiver.name == receiver.name }
  }
}
