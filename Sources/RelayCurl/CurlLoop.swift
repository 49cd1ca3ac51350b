import CCurl
import CEpoll
import Glibc
import RelayCore

/// The curl thread's loop: one epoll for the sockets of all endpoints, and a heap of their timers. Confined to the
/// curl thread.
///
/// An endpoint with many transfers that hang costs the others nothing: only sockets that are ready and timers
/// that are due are looked at.
final class CurlLoop {
  let clock: any SteadyClock
  private let poller: Poller
  let names: NameBook
  let tokens: TokenBook
  let trust: SystemTrust
  let own: OwnListeners
  /// Connections are made anew after this long, so that a changed address is noticed.
  let connectionLifetime: Duration
  private let driver: any TransportDriver
  private var endpoints: [String: Endpoint] = [:]
  private var retired: [Endpoint] = []
  private var sockets: WatchedSockets
  /// libcurl's timers, by pool.
  private var timers = DeadlineQueue<ObjectIdentifier, ContinuousClock.Instant>()
  private var timerOwners: [ObjectIdentifier: ConnectionPool] = [:]
  /// The endpoints' own.
  private var deadlines = DeadlineQueue<ObjectIdentifier, ContinuousClock.Instant>()
  private var deadlineOwners: [ObjectIdentifier: Endpoint] = [:]
  /// Pools on which something happened since the last turn.
  private var touched: [ConnectionPool] = []
  private var taken: [ConnectionPool] = []
  /// Whose timers are due at once: so it is with each transfer that is added.
  private var dueAtOnce: [ConnectionPool] = []
  private var dueNow: [ConnectionPool] = []
  /// Requests that ended before libcurl had them, or that were taken from it, since the last turn.
  private var endedApart: [FinishedAttempt] = []
  private var turnDeadline: Timestamp?
  /// The first turn needs no cause.
  private var wasWoken = true

  init(
    poller: Poller, driver: any TransportDriver, clock: any SteadyClock, lookups: NameLookups,
    fetches: TokenFetches, trust: SystemTrust, own: OwnListeners = OwnListeners(),
    connectionLifetime: Duration = .seconds(300)
  ) {
    self.poller = poller
    self.connectionLifetime = connectionLifetime
    self.trust = trust
    self.own = own
    names = NameBook(lookups: lookups)
    tokens = TokenBook(fetches: fetches)
    sockets = WatchedSockets(poller: poller)
    self.driver = driver
    self.clock = clock
  }

  func run(until isStopped: () -> Bool) {
    while !isStopped() {
      var finished: [FinishedAttempt] = []
      if !touched.isEmpty {
        let instant = ContinuousClock.now
        forEachTouched { collect($0, at: instant, into: &finished) }
      }
      finished += takeEndedApart()
      if isTurnDue(finished) {
        perform(driver.turn(finished: finished))
        closeRetired()
      }
      runTimers()
      // What has come to an end meanwhile is told at once.
      let isSettled = touched.isEmpty && endedApart.isEmpty && dueAtOnce.isEmpty
      wait(atMost: isSettled ? nil : .zero)
      runTimers()
      names.advance()
      tokens.advance()
    }
    for endpoint in Array(endpoints.values) + retired { endpoint.close() }
  }

  private func collect(
    _ pool: ConnectionPool, at instant: ContinuousClock.Instant, into finished: inout [FinishedAttempt]
  ) {
    guard !pool.isClosed else { return }
    pool.collect(at: instant, into: &finished)
    pool.endpoint.closeDrained()
  }

  // MARK: Turns

  /// Most of what sockets have to say brings no request to its end, and is no cause for a turn.
  private func isTurnDue(_ finished: [FinishedAttempt]) -> Bool {
    if wasWoken || !finished.isEmpty {
      wasWoken = false
      return true
    }
    // A retired endpoint that has come to its end is closed after a turn.
    if retired.contains(where: \.isIdle) { return true }
    return turnDeadline.map { $0 <= clock.now() } ?? false
  }

  private func perform(_ turn: TransportTurn) {
    for name in turn.removedDestinations { retire(name) }
    for destination in turn.destinations {
      retire(destination.name)
      let endpoint = Endpoint(destination, loop: self)
      endpoints[destination.name] = endpoint
    }
    for name in turn.freshConnections { endpoints[name]?.renewConnections() }
    start(turn.requests)
    turnDeadline = turn.deadline
  }

  private func start(_ requests: [AttemptRequest]) {
    guard !requests.isEmpty else { return }
    let (now, instant) = (clock.now(), ContinuousClock.now)
    for request in requests {
      if let endpoint = endpoints[request.destination] {
        endpoint.start(request, at: now, instant)
      } else {
        fail(request, "there is no destination \(request.destination)")
      }
    }
  }

  /// The request can't be started; the next turn tells.
  func fail(_ request: AttemptRequest, _ message: String) {
    let failure = TransportFailure(kind: .other, message: message)
    fail(request, failure, startedAt: clock.now(), after: .zero)
  }

  /// The same after a while.
  func fail(
    _ request: AttemptRequest, _ failure: TransportFailure, startedAt: Timestamp, after duration: Duration
  ) {
    ended(
      FinishedAttempt(
        delivery: request.delivery, destination: request.destination,
        result: AttemptResult(startedAt: startedAt, duration: duration, response: .failure(failure))))
  }

  /// The next turn tells.
  func ended(_ attempt: FinishedAttempt) {
    endedApart.append(attempt)
  }

  func takeEndedApart() -> [FinishedAttempt] {
    if endedApart.isEmpty { return [] }
    defer { endedApart = [] }
    return endedApart
  }

  /// Requests in flight finish as they began.
  private func retire(_ name: String) {
    guard let endpoint = endpoints.removeValue(forKey: name) else { return }
    retired.append(endpoint)
  }

  private func closeRetired() {
    guard !retired.isEmpty else { return }
    for endpoint in retired where endpoint.isIdle {
      endpoint.close()
      deadlines.set(nil, for: ObjectIdentifier(endpoint))
      deadlineOwners[ObjectIdentifier(endpoint)] = nil
    }
    retired.removeAll(where: \.isIdle)
  }

  /// It may have timers.
  func opened(_ pool: ConnectionPool) {
    timerOwners[ObjectIdentifier(pool)] = pool
  }

  /// Nothing is to come of it any more.
  func closed(_ pool: ConnectionPool) {
    timers.set(nil, for: ObjectIdentifier(pool))
    timerOwners[ObjectIdentifier(pool)] = nil
    touched.removeAll { $0 === pool }
    dueAtOnce.removeAll { $0 === pool }
  }

  // MARK: Waiting

  private func wait(atMost limit: Duration?) {
    let woken = poller.wait(timeoutMilliseconds: timeoutMilliseconds(atMost: limit)) { descriptor, events in
      guard let pool = sockets.owner(of: descriptor) else { return }
      var flags: Int32 = 0
      if events & (EPOLLIN.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0 { flags |= CURL_CSELECT_IN }
      if events & EPOLLOUT.rawValue != 0 { flags |= CURL_CSELECT_OUT }
      if events & EPOLLERR.rawValue != 0 { flags |= CURL_CSELECT_ERR }
      act(on: pool, socket: descriptor, flags: flags)
      if flags & CURL_CSELECT_IN != 0, sockets.waitsForInput(descriptor) { pool.readInPart(descriptor) }
    }
    wasWoken = wasWoken || woken
  }

  /// -1: nothing is due, ever.
  func timeoutMilliseconds(atMost limit: Duration?) -> Int32 {
    if limit == .zero { return 0 }
    var shortest = limit ?? .seconds(Int64.max)
    if let next = nextTimer() { shortest = min(shortest, ContinuousClock.now.duration(to: next)) }
    if let turnDeadline { shortest = min(shortest, clock.now().duration(to: turnDeadline)) }
    if shortest == .seconds(Int64.max) { return -1 }
    return Int32(clamping: max(0, shortest.millisecondsRoundedUp))
  }

  private func nextTimer() -> ContinuousClock.Instant? {
    var next = timers.next()
    if let deadline = deadlines.next() { next = min(next ?? deadline, deadline) }
    if let deadline = names.nextDeadline { next = min(next ?? deadline, deadline) }
    if let deadline = tokens.nextDeadline { next = min(next ?? deadline, deadline) }
    return next
  }

  private func runTimers() {
    if !dueAtOnce.isEmpty {
      swap(&dueAtOnce, &dueNow)
      for pool in dueNow {
        if pool.setDueAtOnce(false) { act(on: pool, socket: CURL_SOCKET_TIMEOUT, flags: 0) }
      }
      dueNow.removeAll(keepingCapacity: true)
    }
    guard !(timers.isEmpty && deadlines.isEmpty) else { return }
    let now = ContinuousClock.now
    while let due = timers.popDue(at: now) {
      if let pool = timerOwners[due] { act(on: pool, socket: CURL_SOCKET_TIMEOUT, flags: 0) }
    }
    while let due = deadlines.popDue(at: now) { deadlineOwners[due]?.deadlineCame(at: now) }
  }

  private func act(on pool: ConnectionPool, socket: curl_socket_t, flags: Int32) {
    pool.act(on: socket, flags: flags)
    if pool.touch() { touched.append(pool) }
  }

  /// Calls `body` with each pool on which something happened. What is touched meanwhile is for the next time.
  private func forEachTouched(_ body: (ConnectionPool) -> Void) {
    // Two arrays that change places: neither gives its memory back.
    swap(&touched, &taken)
    for pool in taken { pool.turnBegins() }
    for pool in taken { body(pool) }
    taken.removeAll(keepingCapacity: true)
  }

  // MARK: libcurl's callbacks

  func socketChanged(
    _ socket: curl_socket_t, _ what: Int32, of pool: ConnectionPool, for easy: EasyHandle.ID
  ) {
    guard what != CURL_POLL_REMOVE else { return sockets.release(socket) }
    var events: UInt32 = 0
    if what & CURL_POLL_IN != 0 { events |= EPOLLIN.rawValue }
    if what & CURL_POLL_OUT != 0 { events |= EPOLLOUT.rawValue }
    sockets.watch(socket, events, for: pool, user: easy)
  }

  /// The easy handle whose request is on it, over HTTP/1.1.
  func user(of socket: curl_socket_t) -> EasyHandle.ID? { sockets.user(of: socket) }

  func socketOpened(_ socket: curl_socket_t) { sockets.opened(socket) }

  func socketCloses(_ socket: curl_socket_t) { sockets.closing(socket) }

  func timerChanged(_ delay: Duration?, of pool: ConnectionPool) {
    let key = ObjectIdentifier(pool)
    if delay == .zero {
      if !pool.setDueAtOnce(true) { dueAtOnce.append(pool) }
      // One that was set before stays: it is replaced in a moment, and to be called early does libcurl no harm.
      return
    }
    _ = pool.setDueAtOnce(false)
    timers.set(delay.map { ContinuousClock.now.advanced(by: $0) }, for: key)
  }

  // MARK: Endpoints

  /// An endpoint wants to be called at this time. It asks anew each time.
  func setDeadline(_ instant: ContinuousClock.Instant, of endpoint: Endpoint) {
    let key = ObjectIdentifier(endpoint)
    deadlineOwners[key] = endpoint
    deadlines.set(instant, for: key)
  }
}

@available(*, unavailable)
extension CurlLoop: Sendable {}
