import Logging
import RelayCore
import RelayThreads

/// Tells receivers how the relay is: looks every few seconds, keeps what is to be told, and sends it. It has no part in the data's
/// path, and waits for nobody: each request and each write has a thread of its own for as long as it takes.
package final class Notices: Sendable {
  /// What it works with.
  package struct Tools: Sendable {
    package var sender: any NoticeSender
    package var keeper: any NoticeKeeper
    /// The machine's name.
    package var host: String
    /// Random, for ids.
    var number: @Sendable () -> UInt64
    var sleep: Patience.Sleep

    package init(
      sender: any NoticeSender, keeper: any NoticeKeeper, host: String,
      number: @escaping @Sendable () -> UInt64 = { .random(in: .min ... .max) },
      sleep: @escaping Patience.Sleep = { try? await Task.sleep(for: $0) }
    ) {
      self.sender = sender
      self.keeper = keeper
      self.host = host
      self.number = number
      self.sleep = sleep
    }
  }

  struct Parts: Sendable {
    let tools: Tools
    let active: ActiveConfiguration
    let clock: any SteadyClock
    let metrics: RelayMetrics
    let logger: Logger
    /// Told whether anybody wants to know of certificates, which takes connections. nil: there is nothing to be seen now.
    let look: @Sendable (_ wantsCertificates: Bool) async -> NoticeFacts?
    let isReady: @Sendable () async -> Bool
  }

  /// How far it is with what an earlier process has kept.
  private enum Loading {
    case notBegun, waitedFor
    /// The disk does not answer: it goes on without.
    case late
    case done
  }

  private struct State: Sendable {
    var book = NoticeBook()
    var loading = Loading.notBegun
    /// Who waits for what was kept.
    var waiters: [Alarm] = []
    var hasLooked = false
    /// What the store had counted before anything was delivered.
    var firstCounts: [NoticeKey: NoticeCount] = [:]
    var nextLook = Timestamp.epoch
    /// A write is under way: a disk that hangs has one thread of ours.
    var isKeeping = false
    var isStopping = false
    var failures = LogSummary(interval: .seconds(3_600))
    /// What came of the last request to each receiver, where it failed.
    var lastFailures: [String: String] = [:]
  }

  /// How far apart looks are, at most and at least; between them, half the shortest `for`.
  static let lookInterval = Duration.seconds(5)
  static let shortestInterval = Duration.seconds(1)
  /// How long it is waited for the disk before a notice goes out all the same.
  static let keepingPatience = Duration.seconds(2)

  let parts: Parts
  private let state = Locked(State())
  private let alarm: Alarm
  /// Requests and writes.
  private let underWay = Monitor(0)
  /// Calls of `run`.
  private let running = Monitor(0)

  init(_ parts: Parts) {
    self.parts = parts
    alarm = Alarm(sleep: parts.tools.sleep)
  }

  // MARK: Life

  /// Before anything is delivered: what is counted from now on is new.
  func begin(_ stored: [StoredDestination]) async {
    guard !parts.active.configuration.notify.isEmpty else { return forget() }
    await restore()
    let (counts, now) = (NoticeFacts(stored: stored).counts, parts.clock.now())
    state.withLock { state in
      // What happens while nobody is told is old when somebody is.
      let isTold = parts.active.configuration.notify.contains { $0.format != .heartbeat }
      guard !state.hasLooked, isTold else { return }
      state.firstCounts = counts
      state.book.look(atCounts: counts, at: now)
    }
  }

  /// Nobody is to be told any more what an earlier process has left to be told: not now, and not when somebody is configured again.
  private func forget() {
    begin { [self] in
      let isThere = await onThread(named: "notices") { [keeper = parts.tools.keeper] in keeper.isThere }
      guard isThere else { return }
      await restore()
      alarm.ring()
    }
  }

  /// Until `stop`.
  package func run() async {
    running.update { $0 += 1 }
    while !state.withLock({ $0.isStopping }) { await alarm.wait(atMost: await turn()) }
    running.update { $0 -= 1 }
  }

  /// Something may have to be done: the configuration is another.
  func wake() { alarm.ring() }

  /// What is under way may end, for so long, and then `run`, for as long again: what is recorded is not sent again by the next start.
  package func stop(within limit: Duration) async {
    state.withLock { $0.isStopping = true }
    alarm.ring()
    await settle(within: limit)
    _ = await onThread(named: "notices") { [running] in
      running.wait(timeout: limit) { $0 == 0 ? true : nil }
    }
    if state.withLock({ $0.book.isToBeKeptAtTheEnd }) { await keep() }
  }

  /// Waits until no request and no write is under way.
  func settle(within limit: Duration) async {
    _ = await onThread(named: "notices") { [underWay] in
      underWay.wait(timeout: limit) { $0 == 0 ? true : nil }
    }
  }

  // MARK: A turn

  /// Does what is to be done now.
  ///
  /// - Returns: After how long there is more to do; nil: when something happens.
  func turn() async -> Duration? {
    let receivers = parts.active.configuration.notify
    if !receivers.isEmpty { await restore() }
    let isIdle = state.withLock { state in
      if state.book.receivers != receivers { state.book.configure(receivers) }
      return state.book.isEmpty && !state.book.isChanged
    }
    guard !isIdle else { return nil }
    await look()
    let now = parts.clock.now()
    if state.withLock({ $0.book.isToBeKept(at: now) }) { await keep() }
    await send()
    return rest(at: parts.clock.now())
  }

  private func rest(at now: Timestamp) -> Duration? {
    state.withLock { state in
      let times = [state.book.due, state.book.wantsFacts ? state.nextLook : nil].compactMap { $0 }
      return times.min().map { max(.zero, now.duration(to: $0)) }
    }
  }

  private func look() async {
    let now = parts.clock.now()
    let isDue = state.withLock { state in
      guard state.book.wantsFacts, state.nextLook <= now, !state.isStopping else { return false }
      let shortest = state.book.receivers.filter { $0.format != .heartbeat }.map(\.patience).min() ?? .zero
      state.nextLook = now.advanced(by: min(Self.lookInterval, max(Self.shortestInterval, shortest / 2)))
      return true
    }
    let wantsCertificates = state.withLock { $0.book.wants(.certificate) }
    guard isDue, let facts = await parts.look(wantsCertificates) else { return }
    let history = parts.clock.history
    let dropped = state.withLock { state in
      state.hasLooked = true
      return state.isStopping
        ? [:]
        : state.book.look(facts, at: parts.clock.now(), wall: { history.wall(at: $0) }, id: { newID() })
    }
    for (name, count) in dropped {
      parts.metrics.notices(name).dropped(count)
      parts.logger.error(
        "notices were let go of: too many wait", metadata: ["name": "\(name)", "notices": .number(count)])
    }
  }

  func newID() -> String {
    let digits = [parts.tools.number(), parts.tools.number()].map { number in
      let text = String(number, radix: 16)
      return String(repeating: "0", count: 16 - text.count) + text
    }
    return "notice_\(digits.joined())"
  }

  // MARK: Keeping

  /// Goes on from where an earlier process has left it. Deliveries wait for it, so it waits for the disk, but not for long.
  private func restore() async {
    let done = Alarm(sleep: parts.tools.sleep)
    let (isFirst, waits) = state.withLock { state -> (Bool, Bool) in
      let isFirst = state.loading == .notBegun
      if isFirst { state.loading = .waitedFor }
      guard state.loading == .waitedFor else { return (false, false) }
      state.waiters.append(done)
      return (isFirst, true)
    }
    guard waits else { return }
    if isFirst { Task { [self] in await load() } }
    await done.wait(atMost: Self.keepingPatience)
    let isLate = state.withLock { state in
      guard state.loading == .waitedFor else { return false }
      state.loading = .late
      return true
    }
    if isLate, !parts.active.configuration.notify.isEmpty {
      parts.logger.warning("the disk does not say what was kept of notices: they go on without it")
    }
  }

  /// What comes late is taken if nothing has been told without it.
  private func load() async {
    let keeper = parts.tools.keeper
    let loaded = await onThread(named: "notices") {
      Result { () throws(NoticeFileError) in try keeper.load() }
    }
    let (receivers, now) = (parts.active.configuration.notify, parts.clock.now())
    var kept: KeptNotices?
    switch loaded {
    case .success(let bytes?):
      kept = KeptNotices(bytes: bytes)
      if kept == nil { parts.logger.warning("what was kept of notices can't be read: they begin anew") }
    case .success(nil): break
    case .failure(let error): warn(of: error)
    }
    let (waiters, isLate) = state.withLock { state -> ([Alarm], Bool) in
      let isLate = state.loading == .late
      state.loading = .done
      defer { state.waiters = [] }
      if let kept, !state.book.hasTold {
        state.book = NoticeBook(kept, for: receivers, at: now)
        if !state.firstCounts.isEmpty { state.book.look(atCounts: state.firstCounts, at: now) }
      }
      return (state.waiters, isLate)
    }
    for waiter in waiters { waiter.ring() }
    // What was not kept meanwhile is kept now.
    if isLate { alarm.ring() }
  }

  /// Waits for the disk, but not for long: one that hangs is what people want to be told of.
  private func keep() async {
    let now = parts.clock.now()
    let bytes = state.withLock { state -> [UInt8]? in
      // What is not read yet must not be written over.
      guard !state.isKeeping, state.loading == .notBegun || state.loading == .done else { return nil }
      state.isKeeping = true
      state.book.keeps(at: now)
      return state.book.kept.bytes
    }
    guard let bytes else { return }
    let keeper = parts.tools.keeper
    let done = Alarm(sleep: parts.tools.sleep)
    begin { [self] in
      let result = await onThread(named: "notices") {
        Result { () throws(NoticeFileError) in try keeper.save(bytes) }
      }
      let (isLate, isStopping) = state.withLock { state in
        state.isKeeping = false
        if case .failure = result { state.book.wasNotKept() }
        return (state.book.isChanged, state.isStopping)
      }
      done.ring()
      if case .failure(let error) = result {
        warn(of: error)
      } else if isLate {
        // There are no more turns.
        if isStopping { await keep() } else { alarm.ring() }
      }
    }
    await done.wait(atMost: Self.keepingPatience)
  }

  private func warn(of error: NoticeFileError) {
    guard state.withLock({ $0.failures.admit("\(error)", at: parts.clock.now()) }) != nil else { return }
    parts.logger.warning(
      "notices can't be kept: after a restart some may be told again", metadata: ["reason": "\(error)"])
  }

  // MARK: Sending

  private func send() async {
    let now = parts.clock.now()
    guard !state.withLock({ $0.isStopping }) else { return }
    let isReady = state.withLock { $0.book.isHeartbeatDue(at: now) } ? await parts.isReady() : false
    let actions = state.withLock { $0.book.actions(at: now, isReady: isReady) }
    for action in actions {
      begin { [self] in
        let request = request(action)
        let reply = await onThread(named: "notice") { [sender = parts.tools.sender] in sender.send(request) }
        ended(action, reply)
        // There are no more turns, and `stop` may have kept already: the next start would send it again.
        if state.withLock({ $0.isStopping && $0.book.isChanged }) { await keep() }
      }
    }
  }

  private func request(_ action: NoticeBook.Action) -> NoticeRequest {
    switch action {
    case .send(let notice, let receiver): NoticeRequest(notice, to: receiver, host: parts.tools.host)
    case .beat(let receiver): .heartbeat(to: receiver)
    }
  }

  private func ended(_ action: NoticeBook.Action, _ reply: NoticeReply) {
    let now = parts.clock.now()
    let name = action.receiver.name
    parts.metrics.notices(name).ended(isTaken: reply.isTaken)
    // The sender has masked it already; it is masked again, since an address is as good as a password. A reload may have ended this
    // receiver's address, so it is added.
    let mask = SecretMask(parts.active.configuration.toldSecrets + action.receiver.toldSecrets)
    let words = mask.masked(reply.words)
    let leftOut = state.withLock { state -> Int? in
      let isCurrent = state.book.isCurrent(action.receiver)
      _ = state.book.ended(action, isTaken: reply.isTaken, at: now)
      if isCurrent { state.lastFailures[name] = reply.isTaken ? nil : words }
      return reply.isTaken ? nil : state.failures.admit(name, at: now)
    }
    var metadata: Logger.Metadata = ["name": "\(name)"]
    if case .send(let notice, _) = action {
      metadata["notice"] = "\(notice.key.kind.rawValue) \(notice.phase.rawValue): \(notice.key.subject.text)"
      metadata["id"] = "\(notice.id)"
      if reply.isTaken { parts.logger.notice("notice sent", metadata: metadata) }
    }
    if let leftOut {
      metadata["reason"] = "\(words)"
      if leftOut > 0 { metadata["alike_since"] = .number(leftOut) }
      parts.logger.warning("\(action.failureWords)", metadata: metadata)
    }
    alarm.ring()
  }

  /// How it stands with each receiver, in the configuration's order.
  package var standings: [NoticeStanding] {
    let now = parts.clock.now()
    return state.withLock { state in
      state.book.standings.map { standing in
        guard let since = standing.failingSince else { return standing }
        var standing = standing
        standing.failingFor = max(.zero, since.duration(to: now))
        standing.lastFailure = state.lastFailures[standing.name]
        return standing
      }
    }
  }

  private func begin(_ work: @escaping @Sendable () async -> Void) {
    underWay.update { $0 += 1 }
    Task { [underWay] in
      await work()
      underWay.update { $0 -= 1 }
    }
  }
}

extension NoticeBook.Action {
  var receiver: NoticeReceiver {
    switch self {
    case .send(_, let receiver), .beat(let receiver): receiver
    }
  }

  fileprivate var failureWords: String {
    switch self {
    case .send: "a notice was not taken: it is sent again"
    case .beat: "a heartbeat was not taken"
    }
  }
}
