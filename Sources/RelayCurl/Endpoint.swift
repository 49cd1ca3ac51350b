import CCurl
import Glibc
import RelayCore

/// A destination as libcurl knows it: connections and timers of its own, so that what goes wrong there is felt
/// nowhere else. Confined to the curl thread.
final class Endpoint {
  let destination: Destination
  /// Sent with each request: the destination's own headers and its bearer token, but none that is to be got first.
  private let headers: CurlList
  /// The same, and all that libcurl adds, for people to look at.
  let sentHeaders: SentHeaders
  /// The URL, parsed once; nil: libcurl will say what it has against it.
  private let url: ParsedURL?
  /// The addresses that transfers have brought along, for all its pools.
  private let names = SharedNames()
  private var idle: [Transfer] = []
  /// Where requests start.
  private(set) var pool: ConnectionPool!
  /// Those whose connections are not to be used again: their requests finish.
  private var retired: [ConnectionPool] = []
  /// Which addresses may be connected to.
  let egress: Egress
  /// Whom requests are for, where they go through a proxy.
  private let behindProxy: HostPort?
  /// The host that connections are made to: the destination's, or its proxy's.
  let connectsTo: String
  /// Where requests wait until the host's name is known; nil: there is no name to look up.
  private let gate: NameGate?
  /// Where they wait for an access token before that; nil: there is none to get.
  private let tokens: TokenGate?
  /// Requests share a connection: its server speaks HTTP/2, as far as is known.
  private(set) var sharesConnections: Bool
  /// Whom its TLS connections believe; nil: there are none, or whoever answers.
  private let handshakes: Handshakes?
  /// When the `date` of its answers was last looked at.
  private var clockLook: ContinuousClock.Instant?
  /// When the last request ended.
  private var lastEnd = ContinuousClock.now
  /// When the loop calls `deadlineCame`; nil: not before it is asked to.
  private var deadline: ContinuousClock.Instant?
  unowned let loop: CurlLoop

  /// How often the connections are looked at while there are requests.
  static let watchInterval = Duration.seconds(1)

  init(_ destination: Destination, loop: CurlLoop) {
    self.destination = destination
    self.loop = loop
    headers = Self.headers(of: destination)
    url = ParsedURL(destination.url.reveal)
    sentHeaders = SentHeaders(destination, url: url)
    let target = url.flatMap { HostPort(url: $0) }
    let proxy = destination.network.proxy(for: destination.url)
    behindProxy = proxy == nil ? nil : target
    egress = Egress(policy: destination.network.egress, own: loop.own)
    // A proxy looks the destination's name up by itself.
    let way = proxy.map { HostPort(host: $0.host, port: $0.port) } ?? target
    connectsTo = way?.host ?? ""
    gate = way.flatMap { $0.needsLookup ? NameGate($0, book: loop.names) : nil }
    tokens = TokenSource(destination).map { TokenGate($0, for: destination, book: loop.tokens) }
    // Without TLS no server is asked for HTTP/2.
    sharesConnections = destination.usesHTTP2 && destination.url.reveal.lowercased().hasPrefix("https:")
    handshakes = Handshakes(destination, host: target?.host ?? "", system: loop.trust)
    pool = ConnectionPool(endpoint: self)
  }

  /// What each request to a destination has beside its own headers.
  ///
  /// - Parameter token: What it was given for its credentials, where it wants that.
  static func headers(of destination: Destination, token: Secret? = nil) -> CurlList {
    // With `Expect`, libcurl would hold a larger body back for up to a second.
    var lines = ["expect:"]
    lines += destination.headers.map { CurlList.headerLine("\($0.name): \($0.value.reveal)") }
    let bearer: Secret? = if case .bearer(let token) = destination.authorization { token } else { token }
    if let bearer { lines.append(CurlList.headerLine("authorization: Bearer \(bearer.reveal)")) }
    return CurlList(lines)
  }

  /// The last request has ended, or the thread is ending.
  func close() {
    gate?.close(self)
    tokens?.close(self)
    for pool in retired + [pool!] { pool.close() }
    retired.removeAll()
    idle.removeAll()
  }

  var isIdle: Bool { activeRequests == 0 && nameDeadline == nil && tokenDeadline == nil }

  var activeRequests: Int { retired.reduce(pool.requestCount) { $0 + $1.requestCount } }

  // MARK: Requests

  func start(
    _ request: AttemptRequest, at now: Timestamp, _ instant: ContinuousClock.Instant
  ) {
    if let target = behindProxy, let words = egress.refusal(ofWhomAProxyIsAsked: target) {
      return loop.fail(request, .egress(words), startedAt: now, after: .zero)
    }
    switch tokens?.verdict(on: request, of: self, at: now, instant) {
    case .start, nil: startAuthorized(request, at: now, instant)
    case .wait: break
    case .fail(let words): failUnauthorized(request, words, startedAt: now, after: .zero)
    }
  }

  private func startAuthorized(
    _ request: AttemptRequest, at now: Timestamp, _ instant: ContinuousClock.Instant
  ) {
    if let gate, !gate.admits(request, of: self, at: now, instant) { return }
    launch(request, at: now, instant)
  }

  private func launch(_ request: AttemptRequest, at now: Timestamp, _ instant: ContinuousClock.Instant) {
    let transfer = idle.popLast() ?? makeTransfer()
    gate?.prepare(transfer)
    let (headers, token) = tokens?.current() ?? (headers, nil)
    transfer.load(request, endpointHeaders: headers, token: token, at: now, instant)
    let code = pool.add(transfer)
    guard code == CURLM_OK else {
      // What was half added is not used again: libcurl may remember it.
      return loop.fail(request, String(cString: curl_multi_strerror(code)))
    }
    comeBack(at: instant.advanced(by: Self.watchInterval))
  }

  // MARK: The access token

  /// When the first request that waits for a token has waited long enough; nil: none waits.
  var tokenDeadline: ContinuousClock.Instant? { tokens?.deadline }

  func waits(for entry: TokenBook.Entry) -> Bool { tokens?.entry === entry && tokenDeadline != nil }

  /// There is a token: what has waited goes on. Its timeouts begin now.
  func tokenCame() { goOn(tokens?.takeAll() ?? []) }

  func tokenFailed(_ words: String) { failUnauthorized(tokens?.takeAll() ?? [], words, at: .now) }

  /// Some have waited long enough.
  func askForTokenAgain(at instant: ContinuousClock.Instant) {
    guard let tokens else { return }
    let (start, fail) = tokens.takeOverdue(at: instant)
    goOn(start)
    failUnauthorized(fail, "\(tokens.entry.host) has not answered yet", at: instant)
  }

  private func goOn(_ waiting: [WaitingRequest]) {
    guard !waiting.isEmpty else { return }
    let (now, instant) = (loop.clock.now(), ContinuousClock.now)
    for one in waiting { startAuthorized(one.request, at: now, instant) }
  }

  private func failUnauthorized(
    _ waiting: [WaitingRequest], _ words: String, at instant: ContinuousClock.Instant
  ) {
    for one in waiting {
      failUnauthorized(
        one.request, words, startedAt: one.startedAt, after: one.since.duration(to: instant))
    }
  }

  private func failUnauthorized(
    _ request: AttemptRequest, _ words: String, startedAt: Timestamp, after duration: Duration
  ) {
    tokens?.forget(request.delivery)
    let failure = TransportFailure(kind: .token, message: words)
    loop.fail(request, failure, startedAt: startedAt, after: duration)
  }

  /// A token may end before its time: what is answered 401 is sent once more, with another one, and counts as it ends then.
  private func repeatsWithAnotherToken(_ transfer: Transfer, at instant: ContinuousClock.Instant) -> Bool {
    guard let tokens, let delivery = transfer.request?.delivery else { return false }
    guard transfer.answer.isFinal, transfer.answer.status == 401, let token = transfer.token,
      tokens.repeats(delivery, token, at: instant), let request = transfer.unload()
    else {
      tokens.forget(delivery)
      return false
    }
    keep(transfer)
    start(request, at: loop.clock.now(), instant)
    return true
  }

  // MARK: The host's name

  /// When the first request that waits for the name has waited long enough; nil: none waits.
  var nameDeadline: ContinuousClock.Instant? { gate?.deadline }

  func waits(for entry: NameBook.Entry) -> Bool { gate?.entry === entry && nameDeadline != nil }

  /// The name is known: what has waited starts. Its timeouts begin now.
  func startNamed() {
    launch(gate?.takeAll() ?? [])
  }

  func failUnnamed(_ words: String) {
    fail(gate?.takeAll() ?? [], words, at: .now)
  }

  /// Some have waited long enough: for an answer, or for a newer one.
  func askForNameAgain(at instant: ContinuousClock.Instant) {
    guard let gate else { return }
    let (start, fail) = gate.takeOverdue(at: instant)
    launch(start)
    self.fail(fail, "the name servers have not answered yet", at: instant)
  }

  private func launch(_ waiting: [WaitingRequest]) {
    guard !waiting.isEmpty else { return }
    let (now, instant) = (loop.clock.now(), ContinuousClock.now)
    for one in waiting { launch(one.request, at: now, instant) }
  }

  private func fail(_ waiting: [WaitingRequest], _ words: String, at instant: ContinuousClock.Instant) {
    guard let gate else { return }
    for one in waiting {
      let failure = TransportFailure(
        kind: .nameResolution, message: "could not look up \(gate.entry.host): \(words)")
      loop.fail(one.request, failure, startedAt: one.startedAt, after: one.since.duration(to: instant))
    }
  }

  // MARK: The end

  /// A transfer of a pool has ended.
  func ended(
    _ transfer: Transfer, _ code: CURLcode, on pool: ConnectionPool, at instant: ContinuousClock.Instant,
    into finished: inout [FinishedAttempt]
  ) {
    lastEnd = instant
    if code != CURLE_OK {
      if let repetition = Repetition(after: transfer.ending(code)),
        repeats(transfer, repetition, diedOn: pool, at: instant)
      {
        return
      }
      // What is lost on the way is lost for the others too. (HTTP/1.1 closes the connection itself.)
      if transfer.timedOutOnConnection(code) { retire(pool) }
    }
    if repeatsWithAnotherToken(transfer, at: instant) { return }
    finished.append(attempt(of: transfer, code, at: instant))
    keep(transfer)
  }

  /// A transfer has its outcome, and what followed was too slow or too long.
  func cut(_ transfer: Transfer, at instant: ContinuousClock.Instant) {
    lastEnd = instant
    if repeatsWithAnotherToken(transfer, at: instant) { return }
    loop.ended(attempt(of: transfer, CURLE_OK, at: instant))
    keep(transfer)
  }

  /// What came of it, before its handle is used again.
  private func attempt(
    of transfer: Transfer, _ code: CURLcode, at instant: ContinuousClock.Instant
  ) -> FinishedAttempt {
    if destination.usesHTTP2, transfer.answer.isFinal {
      sharesConnections = transfer.easy.answeredVersion >= Int(CURL_HTTP_VERSION_2_0)
    }
    var attempt = transfer.finish(code, at: instant, by: loop.clock)
    attempt.accessToken = transfer.token?.value
    if let status = attempt.result.status, looksAtClock(status, at: instant) {
      attempt.result.clockOffset = transfer.clockOffset(at: loop.clock.reading())
    }
    return attempt
  }

  /// Each `date` is told, where it says why a signed request was refused; else one a minute will do.
  private func looksAtClock(_ status: Int, at instant: ContinuousClock.Instant) -> Bool {
    if status >= 400 && !destination.signingSecrets.isEmpty { return true }
    if let clockLook, clockLook.duration(to: instant) < .seconds(60) { return false }
    clockLook = instant
    return true
  }

  /// - Returns: Whether it has begun anew.
  private func repeats(
    _ transfer: Transfer, _ repetition: Repetition, diedOn pool: ConnectionPool,
    at instant: ContinuousClock.Instant
  ) -> Bool {
    guard let rest = transfer.timeLeft(of: destination.timeout, at: instant) else { return false }
    if repetition == .inNextPool { retire(pool) }
    transfer.prepareRepeat(onFreshConnection: repetition == .onFreshConnection, within: rest)
    return self.pool.add(transfer) == CURLM_OK
  }

  private func keep(_ transfer: Transfer) {
    // It could not resume sessions any more: another one can, once it has them.
    if let handshakes, handshakes.forgetOutdated(transfer.easy.id) { return }
    if idle.count < destination.concurrency { idle.append(transfer) }
  }

  private func makeTransfer() -> Transfer {
    let transfer = Transfer(for: destination, handshakes)
    transfer.easy.configure(for: destination, url: url, connectionLifetime: loop.connectionLifetime)
    transfer.easy.share(names)
    return transfer
  }

  // MARK: Connections

  /// Requests start on fresh connections from now on. Those under way finish.
  func renewConnections() {
    retire(pool)
    closeDrained()
  }

  private func retire(_ pool: ConnectionPool) {
    guard pool === self.pool, pool.hasConnections || !pool.isIdle else { return }
    retired.append(pool)
    self.pool = ConnectionPool(endpoint: self)
  }

  /// Not within a pool's own call.
  func closeDrained() {
    guard !retired.isEmpty else { return }
    for pool in retired where pool.isIdle { pool.close() }
    retired.removeAll(where: \.isClosed)
  }

  /// At this time at the latest `deadlineCame` is to be called.
  func comeBack(at instant: ContinuousClock.Instant) {
    if let deadline, deadline <= instant { return }
    deadline = instant
    loop.setDeadline(instant, of: self)
  }

  func deadlineCame(at instant: ContinuousClock.Instant) {
    deadline = nil
    for pool in retired + [pool!] {
      pool.cutLingering(at: instant)
      repeatStranded(on: pool, at: instant)
    }
    // libcurl looks at a connection's age where no request is on it: one that is shared may never be without.
    if sharesConnections, let age = pool.age(at: instant), age >= loop.connectionLifetime {
      retire(pool)
    }
    closeDrained()
    if let next = nextDeadline(at: instant) { comeBack(at: next) }
  }

  /// A firewall may have forgotten kept connections, or a link be down: whoever waits there waits for nothing.
  private func repeatStranded(on pool: ConnectionPool, at instant: ContinuousClock.Instant) {
    let stranded = pool.takeStranded(at: instant)
    guard !stranded.isEmpty else { return }
    // Also where none of them has time left to be sent again.
    retire(pool)
    lastEnd = instant
    for transfer in stranded {
      if repeats(transfer, .inNextPool, diedOn: pool, at: instant) { continue }
      loop.ended(transfer.finish(CURLE_OPERATION_TIMEDOUT, at: instant, by: loop.clock))
      keep(transfer)
    }
  }

  /// With nothing to wait for, idle connections are closed when their time has come.
  private func nextDeadline(at instant: ContinuousClock.Instant) -> ContinuousClock.Instant? {
    if activeRequests > 0 {
      let ends = (retired + [pool!]).compactMap(\.firstLingeringEnd)
      return (ends + [instant.advanced(by: Self.watchInterval)]).min()
    }
    guard pool.hasConnections else { return nil }
    let end = lastEnd.advanced(by: destination.maxIdle)
    guard end <= instant else { return end }
    renewConnections()
    return nil
  }
}

@available(*, unavailable)
extension Endpoint: Sendable {}
