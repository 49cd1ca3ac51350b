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
  let trust: SystemTrust
  private let driver: any TransportDriver
  private var endpoints: [String: Endpoint] = [:]
  private var retired: [Endpoint] = []
  private var sockets: WatchedSockets
  private var timers = DeadlineQueue<ObjectIdentifier, ContinuousClock.Instant>()
  private var timerOwners: [ObjectIdentifier: Endpoint] = [:]
  /// Endpoints on which something happened since the last turn.
  private var touched: [Endpoint] = []
  /// Whose timers are due at once: so it is with each transfer that is added.
  private var dueAtOnce: [Endpoint] = []
  /// Requests that ended before libcurl had them, since the last turn.
  private var unstarted: [FinishedAttempt] = []
  private var turnDeadline: Timestamp?
  /// The first turn needs no cause.
  private var wasWoken = true

  init(
    poller: Poller, driver: any TransportDriver, clock: any SteadyClock, lookups: NameLookups,
    trust: SystemTrust
  ) {
    self.poller = poller
    self.trust = trust
    names = NameBook(lookups: lookups)
    sockets = WatchedSockets(poller: poller)
    self.driver = driver
    self.clock = clock
  }

  func run(until isStopped: () -> Bool) {
    while !isStopped() {
      var finished: [FinishedAttempt] = []
      for endpoint in takeTouched() { endpoint.collect(into: &finished) }
      finished += takeUnstarted()
      if isTurnDue(finished) {
        perform(driver.turn(finished: finished))
        closeRetired()
      }
      runTimers()
      // What has come to an end meanwhile is told at once.
      let isSettled = touched.isEmpty && unstarted.isEmpty && dueAtOnce.isEmpty
      wait(atMost: isSettled ? nil : .zero)
      runTimers()
      names.advance()
    }
    for endpoint in Array(endpoints.values) + retired { endpoint.close() }
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
    for name in turn.removedEndpoints { retire(name) }
    for destination in turn.endpoints {
      retire(destination.name)
      let endpoint = Endpoint(destination, loop: self)
      endpoints[destination.name] = endpoint
      timerOwners[ObjectIdentifier(endpoint)] = endpoint
    }
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
    unstarted.append(
      FinishedAttempt(
        delivery: request.delivery, destination: request.destination,
        result: AttemptResult(startedAt: startedAt, duration: duration, response: .failure(failure))))
  }

  func takeUnstarted() -> [FinishedAttempt] {
    defer { unstarted.removeAll(keepingCapacity: true) }
    return unstarted
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
      timers.set(nil, for: ObjectIdentifier(endpoint))
      timerOwners[ObjectIdentifier(endpoint)] = nil
    }
    touched.removeAll(where: \.isClosed)
    dueAtOnce.removeAll(where: \.isClosed)
    retired.removeAll(where: \.isIdle)
  }

  // MARK: Waiting

  private func wait(atMost limit: Duration?) {
    let woken = poller.wait(timeoutMilliseconds: timeoutMilliseconds(atMost: limit)) { descriptor, events in
      guard let endpoint = sockets.owner(of: descriptor) else { return }
      var flags: Int32 = 0
      if events & (EPOLLIN.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0 { flags |= CURL_CSELECT_IN }
      if events & EPOLLOUT.rawValue != 0 { flags |= CURL_CSELECT_OUT }
      if events & EPOLLERR.rawValue != 0 { flags |= CURL_CSELECT_ERR }
      act(on: endpoint, socket: descriptor, flags: flags)
    }
    wasWoken = wasWoken || woken
  }

  /// -1: nothing is due, ever.
  func timeoutMilliseconds(atMost limit: Duration?) -> Int32 {
    var waits: [Duration] = []
    if let limit { waits.append(limit) }
    if let next = timers.next() { waits.append(ContinuousClock.now.duration(to: next)) }
    if let next = names.nextDeadline { waits.append(ContinuousClock.now.duration(to: next)) }
    if let turnDeadline { waits.append(clock.now().duration(to: turnDeadline)) }
    guard let shortest = waits.min() else { return -1 }
    return Int32(clamping: max(0, shortest.millisecondsRoundedUp))
  }

  private func runTimers() {
    let endpoints = dueAtOnce
    dueAtOnce.removeAll(keepingCapacity: true)
    for endpoint in endpoints where endpoint.isDueAtOnce {
      endpoint.isDueAtOnce = false
      act(on: endpoint, socket: CURL_SOCKET_TIMEOUT, flags: 0)
    }
    guard !timers.isEmpty else { return }
    let now = ContinuousClock.now
    while let due = timers.popDue(at: now) {
      if let endpoint = timerOwners[due] { act(on: endpoint, socket: CURL_SOCKET_TIMEOUT, flags: 0) }
    }
  }

  private func act(on endpoint: Endpoint, socket: curl_socket_t, flags: Int32) {
    var running: Int32 = 0
    endpoint.note(curl_multi_socket_action(endpoint.multi, socket, flags, &running))
    guard !endpoint.isTouched else { return }
    endpoint.isTouched = true
    touched.append(endpoint)
  }

  private func takeTouched() -> [Endpoint] {
    for endpoint in touched { endpoint.isTouched = false }
    defer { touched.removeAll(keepingCapacity: true) }
    return touched
  }

  // MARK: libcurl's callbacks

  func socketChanged(_ socket: curl_socket_t, _ what: Int32, of endpoint: Endpoint) {
    guard what != CURL_POLL_REMOVE else { return sockets.release(socket) }
    var events: UInt32 = 0
    if what & CURL_POLL_IN != 0 { events |= EPOLLIN.rawValue }
    if what & CURL_POLL_OUT != 0 { events |= EPOLLOUT.rawValue }
    sockets.watch(socket, events, for: endpoint)
  }

  func socketOpened(_ socket: curl_socket_t) { sockets.opened(socket) }

  func socketCloses(_ socket: curl_socket_t) { sockets.closing(socket) }

  func timerChanged(_ delay: Duration?, of endpoint: Endpoint) {
    let key = ObjectIdentifier(endpoint)
    if delay == .zero {
      if !endpoint.isDueAtOnce { dueAtOnce.append(endpoint) }
      endpoint.isDueAtOnce = true
      return timers.set(nil, for: key)
    }
    endpoint.isDueAtOnce = false
    timers.set(delay.map { ContinuousClock.now.advanced(by: $0) }, for: key)
  }
}

@available(*, unavailable)
extension CurlLoop: Sendable {}
