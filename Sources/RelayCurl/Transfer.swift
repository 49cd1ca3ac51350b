import CCurl
import Glibc
import RelayCore

/// One easy handle of an endpoint, used for one request after another. Confined to the curl thread.
final class Transfer {
  let easy = EasyHandle()
  /// libcurl does not copy the body: it must stay where it is while the transfer lives.
  private var body: UnsafeMutableRawBufferPointer
  private let headers = HeaderList()
  /// As much of the answer as is kept, and how much there was.
  private let kept = UnsafeMutableRawBufferPointer.allocate(
    byteCount: AttemptResult.keptAnswerBytes, alignment: 1)
  private var keptBytes = 0
  private(set) var answer = AnswerProgress()
  private var record = AttemptRecord()
  private(set) var request: AttemptRequest?
  private(set) var startedAt = Timestamp.epoch
  private var startedOnClock = ContinuousClock.now
  /// It has died with its connection, and is on its way again.
  private(set) var isRepeated = false
  /// When libcurl began it, the last time, after its start.
  private var begunAfter = Duration.zero
  /// The host's addresses that it has brought along.
  private(set) var addresses: AddressList?
  /// What follows the lines of its request: libcurl does not copy it.
  private var endpointHeaders: CurlList?
  /// The access token that stands there.
  private(set) var token: SentToken?
  /// They keep why a certificate was not believed.
  let handshakes: Handshakes?
  /// It is on a connection, and libcurl writes it.
  private var hasBegun = false
  /// libcurl was about to begin it a second time.
  private var wasRetryRefused = false
  /// Why the last address was not connected to.
  private var refusal: String?
  /// A connection was tried.
  private var hasConnected = false
  /// Its outcome stands, and its pool waits for the rest of the answer.
  private var isLingering = false
  private let wholeTimeout: Int
  /// Where it is, or was last.
  private(set) var pool: ConnectionPool!

  init(for destination: Destination, _ handshakes: Handshakes?) {
    self.handshakes = handshakes
    wholeTimeout = destination.timeout.curlMilliseconds
    body = .allocate(byteCount: 0, alignment: 1)
    let context = Unmanaged.passUnretained(self).toOpaque()
    easy.onHeaderLine(context, receiveHeader)
    easy.onAnswerBody(context, receiveAnswer)
    easy.onRequest(context, beginRequest)
    easy.onOpenSocket(context, openSocket)
    handshakes?.apply(to: easy)
  }

  deinit {
    kept.deallocate()
    body.deallocate()
  }

  /// Before it is added to a pool.
  func move(to pool: ConnectionPool) {
    guard pool !== self.pool else { return }
    self.pool = pool
    // A connection outlives the transfer that opened it: what is told of its end is the pool.
    easy.onCloseSocket(Unmanaged.passUnretained(pool).toOpaque(), closeSocket)
  }

  /// Tells libcurl the host's addresses.
  func bring(_ addresses: AddressList) {
    easy.set(.addresses, addresses.list.head)
    self.addresses = addresses
  }

  /// - Returns: Whether its pool waited for the rest of the answer before.
  func setLingering(_ isLingering: Bool) -> Bool {
    defer { self.isLingering = isLingering }
    return self.isLingering
  }

  /// Prepares the next request.
  ///
  /// - Parameters:
  ///   - endpointHeaders: Sent with it.
  ///   - token: The access token that stands there.
  func load(
    _ request: AttemptRequest, endpointHeaders: CurlList, token: SentToken?, at now: Timestamp,
    _ instant: ContinuousClock.Instant
  ) {
    self.request = request
    self.endpointHeaders = endpointHeaders
    self.token = token
    startedAt = now
    startedOnClock = instant
    if isRepeated {
      isRepeated = false
      begunAfter = .zero
      easy.set(.freshConnection, false)
      easy.set(.timeoutMilliseconds, wholeTimeout)
    }
    forgetAnswer()
    if body.count < request.body.count {
      body.deallocate()
      body = .allocate(byteCount: request.body.count, alignment: 1)
    }
    body.copyBytes(from: request.body)
    easy.set(.headers, headers.load(request.headers, before: endpointHeaders))
    easy.setBody(body.baseAddress, count: request.body.count)
  }

  // MARK: Once more

  /// How it ended, for the rule that decides whether it is sent once more.
  func ending(_ code: CURLcode) -> Repetition.Ending {
    Repetition.Ending(
      code: code, isReused: wasRetryRefused || isReused, hasAnswer: answer.headerBytes > 0,
      isRepeated: isRepeated, sharesConnection: sharesConnection, wasRetryRefused: wasRetryRefused)
  }

  /// It waits on a connection on which it may be sent again should the connection be lost.
  var mayBeRepeated: Bool {
    hasBegun && !isRepeated && answer.headerBytes == 0 && (sharesConnection || isReused)
  }

  /// Whether it has waited long enough that its connection may be lost.
  func hasWaited(until instant: ContinuousClock.Instant) -> Bool {
    mayBeRepeated && startedOnClock.advanced(by: Endpoint.watchInterval) <= instant
  }

  /// Its time was over after it was sent on a connection that is shared, or had served before, and whose peer said nothing.
  func timedOutOnConnection(_ code: CURLcode) -> Bool {
    code == CURLE_OPERATION_TIMEDOUT && hasBegun && answer.headerBytes == 0 && (sharesConnection || isReused)
  }

  /// Other requests may be on its connection.
  private var sharesConnection: Bool { pool.endpoint.sharesConnections }

  /// Its connection was not made for it.
  var isReused: Bool { easy.newConnections == 0 }

  /// What is left of its time; nil: nothing.
  func timeLeft(of timeout: Duration, at instant: ContinuousClock.Instant) -> Duration? {
    let rest = timeout - startedOnClock.duration(to: instant)
    return rest > .zero ? rest : nil
  }

  /// Makes ready to send the same request again.
  func prepareRepeat(onFreshConnection: Bool, within rest: Duration) {
    isRepeated = true
    begunAfter = startedOnClock.duration(to: .now)
    forgetAnswer()
    easy.set(.freshConnection, onFreshConnection)
    easy.set(.timeoutMilliseconds, rest.curlMilliseconds)
  }

  private func forgetAnswer() {
    keptBytes = 0
    answer = AnswerProgress()
    record.begin()
    hasBegun = false
    wasRetryRefused = false
    refusal = nil
    hasConnected = false
    easy.forgetError()
  }

  /// Called when the request is about to be written. libcurl repeats by itself what died on a kept connection; whether that
  /// is done is our decision. (What an HTTP/2 server wants to have in HTTP/1.1 is another matter.)
  ///
  /// - Parameter address: Of the connection, as libcurl has it.
  fileprivate func begins(to address: UnsafePointer<CChar>?, port: Int32) -> Bool {
    record.begins(to: address, port: port)
    guard hasBegun, !isDowngrade else {
      hasBegun = true
      return true
    }
    wasRetryRefused = true
    return false
  }

  /// Before a connection is made for it.
  fileprivate func mayConnect(to address: UnsafePointer<sockaddr>) -> Bool {
    guard let peer = PeerAddress(address) else { return false }
    let endpoint = pool.endpoint
    if let words = endpoint.egress.refusal(of: peer, host: endpoint.connectsTo) {
      refusal = words
      return false
    }
    hasConnected = true
    record.connects(to: peer)
    guard hasBegun, !isDowngrade else { return true }
    wasRetryRefused = true
    return false
  }

  private var isDowngrade: Bool {
    pool.endpoint.destination.usesHTTP2 && easy.errorText.contains("HTTP_1_1_REQUIRED")
  }

  // MARK: The end

  /// What came of the request. After it the transfer may be loaded again.
  ///
  /// - Parameter clock: Whose wall clock says how far away a date of the answer is.
  func finish(
    _ code: CURLcode, at instant: ContinuousClock.Instant, by clock: any SteadyClock
  ) -> FinishedAttempt {
    end(with: response(code, by: clock), at: instant)
  }

  /// The same where libcurl failed as a whole.
  func abandon(_ fault: CURLMcode) -> FinishedAttempt {
    let message = String(cString: curl_multi_strerror(fault))
    return end(with: .failure(TransportFailure(kind: .other, message: message)), at: .now)
  }

  /// Its answer counts as none.
  ///
  /// - Returns: What it had been loaded with.
  func unload() -> AttemptRequest? {
    defer { request = nil }
    return request
  }

  private func end(
    with response: AttemptResult.Response, at instant: ContinuousClock.Instant
  ) -> FinishedAttempt {
    let request = request!
    self.request = nil
    // One big body must not stay with an idle handle.
    if body.count > 256 << 10 {
      body.deallocate()
      body = .allocate(byteCount: 0, alignment: 1)
      easy.forgetBody()
    }
    var result = AttemptResult(
      startedAt: startedAt, duration: startedOnClock.duration(to: instant), response: response)
    result.peer = record.peer
    if answer.headerBytes > 0 { result.firstByte = min(begunAfter + easy.firstByte, result.duration) }
    if !result.isSuccess {
      result.evidence = AttemptEvidence(
        requestHeaders: hasBegun ? pool.endpoint.sentHeaders.text(of: request) : nil,
        answerHeaders: record.answerHeaders)
    }
    return FinishedAttempt(delivery: request.delivery, destination: request.destination, result: result)
  }

  /// The status, once its header has ended: how the rest of the answer ended changes nothing.
  private func response(_ code: CURLcode, by clock: any SteadyClock) -> AttemptResult.Response {
    if answer.isFinal {
      let status = answer.status
      let body = Array(kept.prefix(keptBytes))
      return .status(status, body: body, retryAfter: status < 300 ? nil : retryAfter(by: clock))
    }
    if let refusal = answer.refusal {
      return .failure(TransportFailure(kind: .other, message: refusal.words))
    }
    if answer.headerBytes > 0, code == CURLE_OK {
      return .failure(TransportFailure(kind: .reset, message: "the answer ended within its header"))
    }
    // libcurl's own bound, and its name for it.
    if code == CURLE_OUT_OF_MEMORY, hasBegun {
      return .failure(
        TransportFailure(kind: .other, message: "the answer has a header line of more than 100 KiB"))
    }
    if !hasConnected, !hasBegun, let refusal { return .failure(.egress(refusal)) }
    return .failure(TransportFailure(code, text: easy.errorText, transfer: self))
  }

  /// How far the relay's wall clock is ahead of the last answer's `date`; nil: it has none that can be read.
  func clockOffset(at end: ClockReading) -> Duration? {
    guard let header = easy.header("date"), let date = HTTPDate.timestamp(header.value, now: end.wall) else {
      return nil
    }
    return ClockComparison.offset(
      ofAnswerDated: date, from: startedAt.advanced(by: end.offset), to: end.wall)
  }

  /// What the final answer alone asks for. A header that stands twice is none.
  private func retryAfter(by clock: any SteadyClock) -> Duration? {
    guard let header = easy.header("retry-after"), header.count == 1 else { return nil }
    // A date is the wall clock's.
    return RetryAfter.delay(header.value, now: clock.reading().wall)
  }

  // MARK: The answer

  /// - Returns: Whether libcurl is to go on.
  fileprivate func receive(_ bytes: UnsafeRawBufferPointer) -> Bool {
    if keptBytes < kept.count {
      let room = UnsafeMutableRawBufferPointer(rebasing: kept[keptBytes...])
      let part = bytes.prefix(room.count)
      room.copyMemory(from: UnsafeRawBufferPointer(rebasing: part))
      keptBytes += part.count
    }
    return answer.rest(bytes: bytes.count)
  }

  /// One line of a header or the trailers, with its end.
  fileprivate func receiveLine(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard bytes.count <= 2, let first = bytes.first, first == 13 || first == 10 else {
      // Not the trailers.
      if !answer.isFinal { record.line(bytes) }
      return answer.line(bytes: bytes.count)
    }
    record.endOfHeader()
    let wasFinal = answer.isFinal
    defer { if answer.isFinal && !wasFinal { pool.wasAnswered() } }
    return answer.endOfHeader(bytes: bytes.count, status: easy.status)
  }
}

@available(*, unavailable)
extension Transfer: Sendable {}

/// The transfer of a callback, which its endpoint keeps alive meanwhile: so it need not be counted.
private func withTransfer(_ context: UnsafeMutableRawPointer?, _ body: (Transfer) -> Bool) -> Bool {
  Unmanaged<Transfer>.fromOpaque(context!)._withUnsafeGuaranteedRef(body)
}

/// - Returns: How many bytes were taken; fewer than came end the transfer.
private func receiveAnswer(
  data: UnsafeMutablePointer<CChar>, size: Int, count: Int, context: UnsafeMutableRawPointer?
) -> Int {
  let bytes = UnsafeRawBufferPointer(start: data, count: size * count)
  return withTransfer(context) { $0.receive(bytes) } ? bytes.count : 0
}

private func receiveHeader(
  data: UnsafeMutablePointer<CChar>, size: Int, count: Int, context: UnsafeMutableRawPointer?
) -> Int {
  let bytes = UnsafeRawBufferPointer(start: data, count: size * count)
  return withTransfer(context) { $0.receiveLine(bytes) } ? bytes.count : 0
}

private func beginRequest(
  context: UnsafeMutableRawPointer?, remoteAddress: UnsafeMutablePointer<CChar>?,
  localAddress: UnsafeMutablePointer<CChar>?, remotePort: Int32, localPort: Int32
) -> Int32 {
  withTransfer(context) { $0.begins(to: remoteAddress, port: remotePort) }
    ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
}

/// Opens a connection's socket.
private func openSocket(
  context: UnsafeMutableRawPointer?, purpose: curlsocktype, address: UnsafeMutablePointer<curl_sockaddr>
) -> curl_socket_t {
  let transfer = Unmanaged<Transfer>.fromOpaque(context!).takeUnretainedValue()
  let isAllowed = withUnsafePointer(to: &address.pointee.addr) { transfer.mayConnect(to: $0) }
  guard isAllowed else { return CURL_SOCKET_BAD }
  let type = address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue)
  let descriptor = socket(address.pointee.family, type, address.pointee.protocol)
  transfer.pool.opened(descriptor)
  return descriptor
}

private func closeSocket(context: UnsafeMutableRawPointer?, socket: curl_socket_t) -> Int32 {
  Unmanaged<ConnectionPool>.fromOpaque(context!).takeUnretainedValue().closes(socket)
  return close(socket)
}
