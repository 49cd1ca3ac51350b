import CCurl
import Glibc
import RelayCore

/// A destination as libcurl knows it: a multi handle of its own, with its own connections, name cache and timer,
/// so that what goes wrong there is felt nowhere else. Confined to the curl thread.
final class Endpoint {
  let destination: Destination
  let multi: UnsafeMutableRawPointer
  /// Sent with each request: the destination's own headers and its bearer token.
  private let headers: UnsafeMutablePointer<curl_slist>
  /// The URL, parsed once; nil: libcurl will say what it has against it.
  private let url: OpaquePointer?
  /// Something has happened on it since the last turn.
  var isTouched = false
  /// Its timer is due at once.
  var isDueAtOnce = false
  private(set) var isClosed = false
  private var idle: [Transfer] = []
  private(set) var active: [UnsafeMutableRawPointer: Transfer] = [:]
  /// Where requests wait until the host's name is known; nil: there is no name to look up.
  private let gate: NameGate?
  /// Whom its TLS connections believe; nil: there are none, or whoever answers.
  private let handshakes: Handshakes?
  /// When the `date` of its answers was last looked at.
  private var clockLook: ContinuousClock.Instant?
  /// How libcurl failed on all transfers together, since the last `collect`.
  private var fault: CURLMcode?
  unowned let loop: CurlLoop

  /// Connections are made anew after this long, so that a changed address is noticed.
  static let connectionLifetimeSeconds = 300

  init(_ destination: Destination, loop: CurlLoop) {
    guard let multi = curl_multi_init() else { fatalError("out of memory") }
    self.destination = destination
    self.multi = multi
    self.loop = loop
    headers = Self.headers(of: destination)
    url = Self.parsed(destination.url)
    let target = url.flatMap { HostPort(url: $0) }
    gate = target.flatMap { $0.needsLookup ? NameGate($0, book: loop.names) : nil }
    handshakes = Handshakes(destination, host: target?.host ?? "", system: loop.trust)
    let context = Unmanaged.passUnretained(self).toOpaque()
    ccurl_multi_set_pointer(multi, CURLMOPT_SOCKETDATA, context)
    ccurl_multi_set_socket_callback(multi, socketChanged)
    ccurl_multi_set_pointer(multi, CURLMOPT_TIMERDATA, context)
    ccurl_multi_set_timer_callback(multi, timerChanged)
    ccurl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, destination.concurrency)
    ccurl_multi_set_long(multi, CURLMOPT_PIPELINING, destination.usesHTTP2 ? Int(CURLPIPE_MULTIPLEX) : 0)
  }

  deinit {
    curl_slist_free_all(headers)
    curl_url_cleanup(url)
  }

  private static func headers(of destination: Destination) -> UnsafeMutablePointer<curl_slist> {
    // With `Expect`, libcurl would hold a larger body back for up to a second.
    var lines = ["expect:"]
    lines += destination.headers.map { HeaderLine.forCurl("\($0.name): \($0.value.reveal)") }
    if case .bearer(let token) = destination.authorization {
      lines.append(HeaderLine.forCurl("authorization: Bearer \(token.reveal)"))
    }
    var list: UnsafeMutablePointer<curl_slist>?
    for line in lines {
      guard let longer = curl_slist_append(list, line) else { fatalError("out of memory") }
      list = longer
    }
    return list!
  }

  private static func parsed(_ url: Secret) -> OpaquePointer? {
    guard let handle = curl_url() else { fatalError("out of memory") }
    if curl_url_set(handle, CURLUPART_URL, url.reveal, 0) == CURLUE_OK { return handle }
    curl_url_cleanup(handle)
    return nil
  }

  /// The last request has ended, or the thread is ending.
  func close() {
    isClosed = true
    gate?.close(self)
    for (easy, _) in active { curl_multi_remove_handle(multi, easy) }
    active.removeAll()
    idle.removeAll()
    curl_multi_cleanup(multi)
  }

  var isIdle: Bool { active.isEmpty && nameDeadline == nil }

  // MARK: Requests

  func start(
    _ request: AttemptRequest, at now: Timestamp, _ instant: ContinuousClock.Instant
  ) {
    if let gate, !gate.admits(request, of: self, at: now, instant) { return }
    launch(request, at: now, instant)
  }

  private func launch(_ request: AttemptRequest, at now: Timestamp, _ instant: ContinuousClock.Instant) {
    let transfer = idle.popLast() ?? makeTransfer()
    gate?.prepare(transfer)
    transfer.load(request, endpointHeaders: headers, at: now, instant)
    let code = curl_multi_add_handle(multi, transfer.easy)
    guard code == CURLM_OK else {
      // A handle that was half added is not used again.
      return loop.fail(request, String(cString: curl_multi_strerror(code)))
    }
    active[transfer.easy] = transfer
  }

  /// What libcurl said of all transfers together: after a failure none of them may ever be heard of again.
  func note(_ code: CURLMcode) {
    if code != CURLM_OK { fault = code }
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

  private func launch(_ waiting: [NameGate.Waiting]) {
    guard !waiting.isEmpty else { return }
    let (now, instant) = (loop.clock.now(), ContinuousClock.now)
    for one in waiting { launch(one.request, at: now, instant) }
  }

  private func fail(_ waiting: [NameGate.Waiting], _ words: String, at instant: ContinuousClock.Instant) {
    guard let gate else { return }
    for one in waiting {
      let failure = TransportFailure(
        kind: .nameResolution, message: "could not look up \(gate.entry.host): \(words)")
      loop.fail(one.request, failure, startedAt: one.startedAt, after: one.since.duration(to: instant))
    }
  }

  /// Takes what has ended since the last call.
  func collect(into finished: inout [FinishedAttempt]) {
    var remaining: Int32 = 0
    let instant = ContinuousClock.now
    while let message = curl_multi_info_read(multi, &remaining) {
      // The message goes with the handle's removal: what it says is copied first.
      guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle else { continue }
      let code = ccurl_message_result(message)
      curl_multi_remove_handle(multi, easy)
      guard let transfer = active[easy] else { continue }
      if shouldRepeat(transfer, code) {
        transfer.prepareRepeat()
        if curl_multi_add_handle(multi, easy) == CURLM_OK { continue }
      }
      active[easy] = nil
      var attempt = transfer.finish(code, at: instant)
      if let status = attempt.result.status, looksAtClock(status, at: instant) {
        attempt.result.clockOffset = transfer.clockOffset(at: loop.clock.reading())
      }
      finished.append(attempt)
      if idle.count < destination.concurrency { idle.append(transfer) }
    }
    if let fault { endAll(fault, into: &finished) }
  }

  /// Each `date` is told, where it says why a signed request was refused; else one a minute will do.
  private func looksAtClock(_ status: Int, at instant: ContinuousClock.Instant) -> Bool {
    if status >= 400 && !destination.signingSecrets.isEmpty { return true }
    if let clockLook, clockLook.duration(to: instant) < .seconds(60) { return false }
    clockLook = instant
    return true
  }

  private func endAll(_ fault: CURLMcode, into finished: inout [FinishedAttempt]) {
    self.fault = nil
    for (easy, transfer) in active {
      curl_multi_remove_handle(multi, easy)
      finished.append(transfer.abandon(fault))
    }
    active.removeAll()
  }

  /// libcurl 7.88 fails the requests of an HTTP/2 connection that the server closes with GOAWAY.
  private func shouldRepeat(_ transfer: Transfer, _ code: CURLcode) -> Bool {
    guard destination.usesHTTP2, !transfer.isRepeated, transfer.statusCode == 0 else { return false }
    return code == CURLE_HTTP2 || code == CURLE_HTTP2_STREAM || code == CURLE_SEND_ERROR
      || code == CURLE_RECV_ERROR
  }

  private func makeTransfer() -> Transfer {
    let transfer = Transfer(endpoint: self)
    EasyOptions.apply(destination, url: url, to: transfer.easy)
    handshakes?.apply(to: transfer.easy)
    transfer.handshakes = handshakes
    return transfer
  }
}

@available(*, unavailable)
extension Endpoint: Sendable {}

private func socketChanged(
  easy: UnsafeMutableRawPointer, socket: curl_socket_t, what: Int32, context: UnsafeMutableRawPointer?,
  socketContext: UnsafeMutableRawPointer?
) -> Int32 {
  let endpoint = Unmanaged<Endpoint>.fromOpaque(context!).takeUnretainedValue()
  endpoint.loop.socketChanged(socket, what, of: endpoint)
  return 0
}

private func timerChanged(
  multi: UnsafeMutableRawPointer, milliseconds: Int, context: UnsafeMutableRawPointer?
) -> Int32 {
  let endpoint = Unmanaged<Endpoint>.fromOpaque(context!).takeUnretainedValue()
  endpoint.loop.timerChanged(milliseconds < 0 ? nil : .milliseconds(milliseconds), of: endpoint)
  return 0
}
