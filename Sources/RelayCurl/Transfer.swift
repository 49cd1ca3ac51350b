import CCurl
import Glibc
import RelayCore

/// One easy handle of an endpoint, used for one request after another. Confined to the curl thread.
final class Transfer {
  let easy: UnsafeMutableRawPointer
  /// libcurl does not copy the body: it must stay where it is while the transfer lives.
  private var body: UnsafeMutableRawBufferPointer
  private let headers = HeaderList()
  /// Where libcurl says in words what went wrong.
  private let errorText: UnsafeMutablePointer<CChar>
  /// As much of the answer as is kept, and how much there was.
  private let kept = UnsafeMutableRawBufferPointer.allocate(
    byteCount: AttemptResult.keptAnswerBytes, alignment: 1)
  private var keptBytes = 0
  private(set) var answer = AnswerProgress()
  private(set) var request: AttemptRequest?
  private(set) var startedAt = Timestamp.epoch
  private var startedOnClock = ContinuousClock.now
  /// It has died with its connection, and is on its way again.
  private(set) var isRepeated = false
  /// The host's addresses that it has brought along.
  var addresses: AddressList?
  /// Where it is noted why a certificate was not believed.
  var handshakes: Handshakes?
  /// It is on a connection, and libcurl writes it.
  private var hasBegun = false
  /// libcurl was about to begin it a second time.
  private var wasRetryRefused = false
  /// Its outcome stands, and its pool waits for the rest of the answer.
  var isLingering = false
  private let wholeTimeout: Int
  /// Where it is, or was last.
  private(set) var pool: ConnectionPool!

  init(for destination: Destination) {
    guard let easy = curl_easy_init() else { fatalError("out of memory") }
    self.easy = easy
    wholeTimeout = EasyOptions.milliseconds(destination.timeout)
    body = .allocate(byteCount: 0, alignment: 1)
    errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
    errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    let context = Unmanaged.passUnretained(self).toOpaque()
    ccurl_set_pointer(easy, CURLOPT_PRIVATE, context)
    ccurl_set_pointer(easy, CURLOPT_ERRORBUFFER, errorText)
    ccurl_set_pointer(easy, CURLOPT_HEADERDATA, context)
    ccurl_set_header_callback(easy, receiveHeader)
    ccurl_set_pointer(easy, CURLOPT_WRITEDATA, context)
    ccurl_set_write_callback(easy, receiveAnswer)
    ccurl_set_pointer(easy, CURLOPT_PREREQDATA, context)
    ccurl_set_prereq_callback(easy, beginRequest)
    ccurl_set_pointer(easy, CURLOPT_OPENSOCKETDATA, context)
    ccurl_set_opensocket_callback(easy, openSocket)
    ccurl_set_closesocket_callback(easy, closeSocket)
  }

  deinit {
    curl_easy_cleanup(easy)
    kept.deallocate()
    body.deallocate()
    errorText.deallocate()
  }

  /// Before it is added to a pool.
  func move(to pool: ConnectionPool) {
    guard pool !== self.pool else { return }
    self.pool = pool
    // A connection outlives the transfer that opened it: what is told of its end is the pool.
    ccurl_set_pointer(easy, CURLOPT_CLOSESOCKETDATA, Unmanaged.passUnretained(pool).toOpaque())
  }

  /// Prepares the next request.
  ///
  /// - Parameter endpointHeaders: Sent with it; they outlive the transfer.
  func load(
    _ request: AttemptRequest, endpointHeaders: UnsafeMutablePointer<curl_slist>, at now: Timestamp,
    _ instant: ContinuousClock.Instant
  ) {
    self.request = request
    startedAt = now
    startedOnClock = instant
    if isRepeated {
      isRepeated = false
      ccurl_set_long(easy, CURLOPT_FRESH_CONNECT, 0)
      ccurl_set_long(easy, CURLOPT_TIMEOUT_MS, wholeTimeout)
    }
    forgetAnswer()
    if body.count < request.body.count {
      body.deallocate()
      body = .allocate(byteCount: request.body.count, alignment: 1)
    }
    body.copyBytes(from: request.body)
    ccurl_set_list(easy, CURLOPT_HTTPHEADER, headers.load(request.headers, before: endpointHeaders))
    ccurl_set_pointer(easy, CURLOPT_POSTFIELDS, UnsafeRawPointer(body.baseAddress))
    ccurl_set_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(request.body.count))
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

  /// So long that one may ask whether its connection is lost.
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
  var isReused: Bool { long(CURLINFO_NUM_CONNECTS) == 0 }

  /// What is left of its time; nil: nothing.
  func timeLeft(of timeout: Duration, at instant: ContinuousClock.Instant) -> Duration? {
    let rest = timeout - startedOnClock.duration(to: instant)
    return rest > .zero ? rest : nil
  }

  /// Makes ready to send the same request again.
  func prepareRepeat(onFreshConnection: Bool, within rest: Duration) {
    isRepeated = true
    forgetAnswer()
    ccurl_set_long(easy, CURLOPT_FRESH_CONNECT, onFreshConnection ? 1 : 0)
    ccurl_set_long(easy, CURLOPT_TIMEOUT_MS, EasyOptions.milliseconds(rest))
  }

  private func forgetAnswer() {
    keptBytes = 0
    answer = AnswerProgress()
    hasBegun = false
    wasRetryRefused = false
    errorText[0] = 0
  }

  /// Called when the request is about to be written. libcurl repeats by itself what died on a kept connection; whether that
  /// is done is our decision. (What an HTTP/2 server wants to have in HTTP/1.1 is another matter.)
  fileprivate func begins() -> Bool {
    guard hasBegun, !isDowngrade else {
      hasBegun = true
      return true
    }
    wasRetryRefused = true
    return false
  }

  /// Before a connection is made for it.
  fileprivate func mayConnect() -> Bool {
    guard hasBegun, !isDowngrade else { return true }
    wasRetryRefused = true
    return false
  }

  private var isDowngrade: Bool {
    pool.endpoint.destination.usesHTTP2 && String(cString: errorText).contains("HTTP_1_1_REQUIRED")
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

  private func end(
    with response: AttemptResult.Response, at instant: ContinuousClock.Instant
  ) -> FinishedAttempt {
    let request = request!
    self.request = nil
    // One big body must not stay with an idle handle.
    if body.count > 256 << 10 {
      body.deallocate()
      body = .allocate(byteCount: 0, alignment: 1)
      ccurl_set_pointer(easy, CURLOPT_POSTFIELDS, nil)
    }
    return FinishedAttempt(
      delivery: request.delivery, destination: request.destination,
      result: AttemptResult(
        startedAt: startedAt, duration: startedOnClock.duration(to: instant), response: response))
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
    return .failure(TransportFailure(code, text: String(cString: errorText), transfer: self))
  }

  /// Of the last answer: one of `CURL_HTTP_VERSION_…`.
  var answeredVersion: Int { long(CURLINFO_HTTP_VERSION) }

  /// How far the relay's wall clock is ahead of the last answer's `date`; nil: it has none that can be read.
  func clockOffset(at end: ClockReading) -> Duration? {
    var header: UnsafeMutablePointer<curl_header>?
    guard curl_easy_header(easy, "date", 0, UInt32(CURLH_HEADER), -1, &header) == CURLHE_OK,
      let date = header.flatMap({
        HTTPDate.timestamp(String(cString: $0.pointee.value), now: end.wall)
      })
    else { return nil }
    return ClockComparison.offset(
      ofAnswerDated: date, from: startedAt.advanced(by: end.offset), to: end.wall)
  }

  private func long(_ info: CURLINFO) -> Int {
    var value = 0
    ccurl_get_long(easy, info, &value)
    return value
  }

  /// Of the connection that it is on, or was on last.
  var localPort: Int { long(CURLINFO_LOCAL_PORT) }

  /// Of the final answer alone. One that stands twice is none.
  private func retryAfter(by clock: any SteadyClock) -> Duration? {
    var header: UnsafeMutablePointer<curl_header>?
    let origin = UInt32(CURLH_HEADER)
    guard curl_easy_header(easy, "retry-after", 0, origin, -1, &header) == CURLHE_OK, let header,
      header.pointee.amount == 1
    else { return nil }
    // A date is the wall clock's.
    return RetryAfter.delay(String(cString: header.pointee.value), now: clock.reading().wall)
  }

  /// The system's error of a connection that failed, 0 if there was none.
  var systemError: Int32 { Int32(truncatingIfNeeded: long(CURLINFO_OS_ERRNO)) }

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
      return answer.line(bytes: bytes.count)
    }
    let wasFinal = answer.isFinal
    defer { if answer.isFinal && !wasFinal { pool.wasAnswered() } }
    return answer.endOfHeader(bytes: bytes.count, status: long(CURLINFO_RESPONSE_CODE))
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
  withTransfer(context) { $0.begins() } ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
}

/// Opens a connection's socket.
private func openSocket(
  context: UnsafeMutableRawPointer?, purpose: curlsocktype, address: UnsafeMutablePointer<curl_sockaddr>
) -> curl_socket_t {
  let transfer = Unmanaged<Transfer>.fromOpaque(context!).takeUnretainedValue()
  guard transfer.mayConnect() else { return CURL_SOCKET_BAD }
  let type = address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue)
  let descriptor = socket(address.pointee.family, type, address.pointee.protocol)
  transfer.pool.opened(descriptor)
  return descriptor
}

private func closeSocket(context: UnsafeMutableRawPointer?, socket: curl_socket_t) -> Int32 {
  Unmanaged<ConnectionPool>.fromOpaque(context!).takeUnretainedValue().closes(socket)
  return close(socket)
}
