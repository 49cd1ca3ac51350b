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
  private let answer = UnsafeMutableRawBufferPointer.allocate(
    byteCount: AttemptResult.keptAnswerBytes, alignment: 1)
  private var answerBytes = 0
  private(set) var request: AttemptRequest?
  private(set) var startedAt = Timestamp.epoch
  private var startedOnClock = ContinuousClock.now
  /// HTTP/2 connections that are going away fail their requests: those are repeated once, on a fresh one.
  private(set) var isRepeated = false
  /// The host's addresses that it has brought along.
  var addresses: AddressList?
  /// Where it is noted why a certificate was not believed.
  var handshakes: Handshakes?
  unowned let endpoint: Endpoint

  /// An answer may be this long before the connection is cut; so much is read that a keep-alive connection
  /// survives ordinary answers.
  static let maxAnswerBytes = 64 << 10

  init(endpoint: Endpoint) {
    guard let easy = curl_easy_init() else { fatalError("out of memory") }
    self.easy = easy
    self.endpoint = endpoint
    body = .allocate(byteCount: 0, alignment: 1)
    errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
    errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    let context = Unmanaged.passUnretained(self).toOpaque()
    ccurl_set_pointer(easy, CURLOPT_PRIVATE, context)
    ccurl_set_pointer(easy, CURLOPT_ERRORBUFFER, errorText)
    ccurl_set_pointer(easy, CURLOPT_WRITEDATA, context)
    ccurl_set_write_callback(easy, receiveAnswer)
    ccurl_set_pointer(easy, CURLOPT_OPENSOCKETDATA, context)
    ccurl_set_opensocket_callback(easy, openSocket)
    // A connection outlives the transfer that opened it: what is told of its end is the endpoint.
    ccurl_set_pointer(easy, CURLOPT_CLOSESOCKETDATA, Unmanaged.passUnretained(endpoint).toOpaque())
    ccurl_set_closesocket_callback(easy, closeSocket)
  }

  deinit {
    curl_easy_cleanup(easy)
    answer.deallocate()
    body.deallocate()
    errorText.deallocate()
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

  /// Makes ready to send the same request again on a connection of its own.
  func prepareRepeat() {
    isRepeated = true
    forgetAnswer()
    ccurl_set_long(easy, CURLOPT_FRESH_CONNECT, 1)
  }

  private func forgetAnswer() {
    answerBytes = 0
    errorText[0] = 0
  }

  /// What came of the request. After it the transfer may be loaded again.
  func finish(_ code: CURLcode, at instant: ContinuousClock.Instant) -> FinishedAttempt {
    end(with: response(code), at: instant)
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

  /// The status, once there was one: how the answer's body ended changes nothing.
  private func response(_ code: CURLcode) -> AttemptResult.Response {
    let status = statusCode
    if status >= 200 {
      let kept = answer.prefix(answerBytes)
      return .status(status, body: Array(kept), retryAfter: retryAfter)
    }
    return .failure(TransportFailure(code, text: String(cString: errorText), transfer: self))
  }

  /// How far the relay's wall clock is ahead of the last answer's `date`; nil: it has none that can be read.
  func clockOffset(at end: ClockReading) -> Duration? {
    var header: UnsafeMutablePointer<curl_header>?
    guard curl_easy_header(easy, "date", 0, UInt32(CURLH_HEADER), -1, &header) == CURLHE_OK,
      let date = header.flatMap({
        Timestamp(httpDate: String(cString: $0.pointee.value), now: end.wall)
      })
    else { return nil }
    return ClockComparison.offset(
      ofAnswerDated: date, from: startedAt.advanced(by: end.offset), to: end.wall)
  }

  var statusCode: Int {
    var status = 0
    ccurl_get_long(easy, CURLINFO_RESPONSE_CODE, &status)
    return status
  }

  private var retryAfter: Duration? {
    var seconds: curl_off_t = 0
    ccurl_get_offset(easy, CURLINFO_RETRY_AFTER, &seconds)
    return seconds > 0 ? .seconds(seconds) : nil
  }

  /// The system's error of a connection that failed, 0 if there was none.
  var systemError: Int32 {
    var error = 0
    ccurl_get_long(easy, CURLINFO_OS_ERRNO, &error)
    return Int32(truncatingIfNeeded: error)
  }

  fileprivate func receive(_ bytes: UnsafeRawBufferPointer) -> Int {
    if answerBytes < answer.count {
      let room = UnsafeMutableRawBufferPointer(rebasing: answer[answerBytes...])
      room.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes.prefix(room.count)))
    }
    answerBytes += bytes.count
    return answerBytes <= Self.maxAnswerBytes ? bytes.count : 0
  }
}

@available(*, unavailable)
extension Transfer: Sendable {}

private func receiveAnswer(
  data: UnsafeMutablePointer<CChar>, size: Int, count: Int, context: UnsafeMutableRawPointer?
) -> Int {
  let transfer = Unmanaged<Transfer>.fromOpaque(context!).takeUnretainedValue()
  return transfer.receive(UnsafeRawBufferPointer(start: data, count: size * count))
}

/// Opens a connection's socket.
private func openSocket(
  context: UnsafeMutableRawPointer?, purpose: curlsocktype, address: UnsafeMutablePointer<curl_sockaddr>
) -> curl_socket_t {
  let transfer = Unmanaged<Transfer>.fromOpaque(context!).takeUnretainedValue()
  let type = address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue)
  let descriptor = socket(address.pointee.family, type, address.pointee.protocol)
  transfer.endpoint.loop.socketOpened(descriptor)
  return descriptor
}

private func closeSocket(context: UnsafeMutableRawPointer?, socket: curl_socket_t) -> Int32 {
  Unmanaged<Endpoint>.fromOpaque(context!).takeUnretainedValue().loop.socketCloses(socket)
  return close(socket)
}
