import CCurl
import Glibc
import RelayCore

/// What a `BlockingClient` got.
package struct BlockingResponse: Sendable, Equatable {
  package var status: Int
  /// The `content-type` as it was sent; nil if there was none.
  package var contentType: String?
  package var body: [UInt8]
  /// From the call to the answer's last byte.
  package var duration: Duration

  package init(status: Int, contentType: String? = nil, body: [UInt8], duration: Duration) {
    self.status = status
    self.contentType = contentType
    self.body = body
    self.duration = duration
  }
}

/// An HTTP client that blocks its thread: for commands and tools that do one thing at a time.
///
/// One libcurl easy handle: connections are kept alive between calls. No redirects. Use each
/// client on one thread at a time, and never on one of Swift's cooperative pool.
package final class BlockingClient {
  private let easy: EasyHandle
  private let answer: Answer
  private let tls: ClientTLS
  private let handshakes: Handshakes
  private let own: OwnListeners
  /// Of the last request; the handle knows it until it is reset.
  private var judge: SocketJudge?

  /// - Parameters:
  ///   - maxAnswerBytes: A longer answer is a failure.
  ///   - tls: Whom it believes, and what it shows.
  ///   - own: Where the relay listens: a request with a `network` is not sent there.
  package convenience init(
    maxAnswerBytes: Int = 16 << 20, tls: ClientTLS = ClientTLS(), own: OwnListeners = OwnListeners()
  ) {
    self.init(maxAnswerBytes: maxAnswerBytes, tls: tls, handshakes: tls.makeHandshakes(), own: own)
  }

  /// - Parameter trust: Whom to believe; nil: the system's authorities.
  convenience init(maxAnswerBytes: Int, trust: Trust?, own: OwnListeners) {
    let tls = ClientTLS()
    let handshakes = trust.map { Handshakes(host: "", trust: $0) } ?? tls.makeHandshakes()
    self.init(maxAnswerBytes: maxAnswerBytes, tls: tls, handshakes: handshakes, own: own)
  }

  private init(maxAnswerBytes: Int, tls: ClientTLS, handshakes: Handshakes, own: OwnListeners) {
    CurlGlobal.initialize
    self.tls = tls
    self.handshakes = handshakes
    self.own = own
    easy = EasyHandle()
    answer = Answer(maxBytes: maxAnswerBytes)
  }

  /// Sends one request and waits for its whole answer, whatever its status.
  ///
  /// - Parameters:
  ///   - url: Absolute, `http` or `https`.
  ///   - headers: Each `name: value`, without the line's end. `content-type` is the caller's to say.
  ///   - timeout: For all of it, from resolving the name to the last byte.
  ///   - connectTimeout: For the part until the connection stands; nil: libcurl's five minutes.
  ///   - network: Which addresses may be connected to, and through which proxy; nil: any, and none.
  ///   - file: An open file that the body of a 200 is written to, however long it is; the answer's `body` is empty then.
  package func send(
    method: String, url: String, headers: [String], body: [UInt8]?, timeout: Duration,
    connectTimeout: Duration? = nil, network: NetworkPolicy? = nil, into file: Int32? = nil
  ) throws(TransportFailure) -> BlockingResponse {
    answer.begin(file.map { .file($0, isWanted: { [self] in easy.status == 200 }) })
    defer { answer.begin() }
    prepare(method: method, url: url, connectTimeout: connectTimeout)
    easy.set(.timeoutMilliseconds, timeout.curlMilliseconds)
    guard let network else { return try exchange(headers: headers, body: body) }
    let judge = try restrict(to: network, url: url)
    do throws(TransportFailure) {
      return try exchange(headers: headers, body: body)
    } catch {
      throw judge.wholeRefusal.map { .egress($0) } ?? error
    }
  }

  /// - Throws: A proxy must not be asked for it.
  private func restrict(to network: NetworkPolicy, url: String) throws(TransportFailure) -> SocketJudge {
    let way = JudgedWay(to: Secret(url), network, own: own)
    if let words = way.refusal { throw .egress(words) }
    easy.restrict(to: way.proxy)
    way.judge.apply(to: easy)
    judge = way.judge
    return way.judge
  }

  /// Sends a GET and hands over the answer piece by piece as it comes, for as long as it comes. The body of an answer that is not
  /// wanted is collected, and returned with it.
  ///
  /// - Parameters:
  ///   - silence: If nothing comes for so long, it ends with a timeout.
  ///   - isWanted: Told the status and the `content-type` of the answer, before its first piece.
  ///   - piece: Returns whether more is wanted.
  package func stream(
    url: String, headers: [String], silence: Duration, connectTimeout: Duration,
    isWanted: @escaping (Int, String?) -> Bool, piece: @escaping (UnsafeRawBufferPointer) -> Bool
  ) throws(TransportFailure) -> BlockingResponse {
    answer.begin(.pieces(piece, isWanted: { [self] in isWanted(easy.status, easy.contentType) }))
    defer { answer.begin() }
    prepare(method: "GET", url: url, connectTimeout: connectTimeout)
    easy.set(.lowSpeedBytesPerSecond, 1)
    easy.set(.lowSpeedSeconds, max(1, Int(silence.components.seconds)))
    return try exchange(headers: headers, body: nil)
  }

  private func prepare(method: String, url: String, connectTimeout: Duration?) {
    easy.reset()
    setOptions(method: method, url: url)
    handshakes.apply(to: easy, host: HostPort(url: url)?.host ?? "the server")
    if case .certificate = tls.believed { easy.set(.verifiesHost, 0) }
    if let certificate = tls.certificate { easy.set(.certificate, certificate) }
    if let key = tls.key ?? tls.certificate { easy.set(.certificateKey, key) }
    if let connectTimeout { easy.set(.connectTimeoutMilliseconds, connectTimeout.curlMilliseconds) }
  }

  private func exchange(headers: [String], body: [UInt8]?) throws(TransportFailure) -> BlockingResponse {
    let list = CurlList(Self.plainHeaders + headers)
    easy.set(.headers, list.head)
    let started = ContinuousClock.now
    let code = withExtendedLifetime(list) { perform(body: body) }
    let duration = ContinuousClock.now - started
    guard code == CURLE_OK || answer.isEnough else { throw failure(code) }
    return BlockingResponse(
      status: easy.status, contentType: easy.contentType, body: answer.body, duration: duration)
  }

  /// Without `Expect:`, curl waits up to a second for a `100 Continue` before it sends a larger body. Its own
  /// content type for a POST would be a form's.
  private static let plainHeaders = ["Expect:", "Content-Type:"]

  private func setOptions(method: String, url: String) {
    easy.restrict()
    easy.set(.url, url)
    easy.set(.noBody, method == "HEAD")
    if method != "HEAD" { easy.set(.method, method) }
    easy.onHeaderLine(Unmanaged.passUnretained(answer).toOpaque()) { _, size, count, context in
      Unmanaged<Answer>.fromOpaque(context!).takeUnretainedValue().header(size * count)
    }
    easy.onAnswerBody(Unmanaged.passUnretained(answer).toOpaque()) { data, size, count, context in
      Unmanaged<Answer>.fromOpaque(context!).takeUnretainedValue().append(data, size * count)
    }
  }

  /// libcurl doesn't copy the body: it is lent for the call.
  private func perform(body: [UInt8]?) -> CURLcode {
    guard let body else { return easy.perform() }
    easy.set(.post, true)
    // An empty array may have no address.
    guard !body.isEmpty else {
      easy.setEmptyBody()
      return easy.perform()
    }
    return body.withUnsafeBytes { bytes in
      easy.setBody(bytes.baseAddress, count: bytes.count)
      return easy.perform()
    }
  }

  private func failure(_ code: CURLcode) -> TransportFailure {
    if answer.fileError != 0 {
      return TransportFailure(
        kind: .other, message: "the file can't be written: \(String(cString: strerror(answer.fileError)))")
    }
    if answer.hasEndlessHeader {
      return TransportFailure(
        kind: .other, message: "the answer's header is longer than \(Answer.maxHeaderBytes) bytes")
    }
    if answer.isTooLong {
      return TransportFailure(kind: .other, message: "the answer is longer than \(answer.maxBytes) bytes")
    }
    let text = easy.errorText
    let words = text.isEmpty ? String(cString: curl_easy_strerror(code)) : text
    let message = handshakes.takeProblem(of: easy.id) ?? words
    let systemError = easy.systemError
    return TransportFailure(
      kind: TransportFailure.kind(code, text: text, systemError: systemError),
      message: TransportFailure.brief(message, systemError: systemError))
  }
}

@available(*, unavailable) extension BlockingClient: Sendable {}

/// What libcurl writes to while a request runs.
private final class Answer {
  /// Where an answer that is wanted goes; another is collected.
  enum Target {
    case file(Int32, isWanted: () -> Bool)
    case pieces((UnsafeRawBufferPointer) -> Bool, isWanted: () -> Bool)
  }

  let maxBytes: Int
  /// Of all header lines together.
  static let maxHeaderBytes = 256 << 10
  private var headerBytes = 0
  private(set) var body: [UInt8] = []
  private(set) var isTooLong = false
  /// Whoever took the pieces wants no more.
  private(set) var isEnough = false
  private var target: Target?
  /// Why the file could not be written; 0: it could.
  private(set) var fileError: Int32 = 0

  init(maxBytes: Int) {
    self.maxBytes = maxBytes
  }

  func begin(_ target: Target? = nil) {
    self.target = target
    fileError = 0
    body = []
    headerBytes = 0
    isTooLong = false
    isEnough = false
  }

  var hasEndlessHeader: Bool { headerBytes > Self.maxHeaderBytes }

  /// Bytes of a header line. libcurl keeps them.
  ///
  /// - Returns: How many were taken.
  func header(_ count: Int) -> Int {
    headerBytes += count
    return hasEndlessHeader ? 0 : count
  }

  /// - Returns: How many bytes were taken; fewer than came ends the transfer.
  func append(_ data: UnsafeMutablePointer<CChar>, _ count: Int) -> Int {
    switch target {
    case .file(let descriptor, let isWanted) where isWanted():
      return write(data, count, to: descriptor) ? count : 0
    case .pieces(let take, let isWanted) where isWanted():
      isEnough = !take(UnsafeRawBufferPointer(start: data, count: count))
      return isEnough ? 0 : count
    case .file, .pieces, nil: return collect(data, count)
    }
  }

  private func collect(_ data: UnsafeMutablePointer<CChar>, _ count: Int) -> Int {
    guard body.count + count <= maxBytes else {
      isTooLong = true
      return 0
    }
    body.append(contentsOf: UnsafeRawBufferPointer(start: data, count: count))
    return count
  }

  private func write(_ data: UnsafeMutablePointer<CChar>, _ count: Int, to descriptor: Int32) -> Bool {
    var written = 0
    while written < count {
      let result = Glibc.write(descriptor, data + written, count - written)
      if result < 0 && errno == EINTR { continue }
      guard result >= 0 else {
        fileError = errno
        return false
      }
      written += result
    }
    return true
  }
}
