import CCurl
import CTrust
import RelayCore

/// libcurl's easy handle: it makes one request after another.
///
/// It owns libcurl's pointer, which no other file sees, and the text in which libcurl says what went wrong. Each option belongs
/// to one C type and takes no other: what libcurl reads as a `long` is never given an `int`.
struct EasyHandle: ~Copyable {
  /// Tells handles apart. It says nothing of whether the handle still lives.
  struct ID: Hashable {
    fileprivate let pointer: UnsafeMutableRawPointer
  }

  private let pointer: UnsafeMutableRawPointer
  /// A C string, as large as libcurl wants it.
  private let errorBuffer = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))

  init() {
    guard let pointer = curl_easy_init() else { fatalError("libcurl gives no handle: out of memory") }
    self.pointer = pointer
    errorBuffer.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    ccurl_set_pointer(pointer, CURLOPT_ERRORBUFFER, errorBuffer)
  }

  deinit {
    curl_easy_cleanup(pointer)
    errorBuffer.deallocate()
  }

  var id: ID { ID(pointer: pointer) }

  /// Forgets all options. Connections and resolved names stay.
  func reset() {
    curl_easy_reset(pointer)
    forgetError()
    ccurl_set_pointer(pointer, CURLOPT_ERRORBUFFER, errorBuffer)
  }

  /// Makes the request, on this thread.
  func perform() -> CURLcode { curl_easy_perform(pointer) }

  // MARK: What went wrong

  /// What libcurl says of the last failure; empty: nothing.
  var errorText: String { String(cString: errorBuffer) }

  func forgetError() { errorBuffer[0] = 0 }

  // MARK: Options

  struct LongOption {
    fileprivate let option: CURLoption

    static var post: Self { Self(option: CURLOPT_POST) }
    static var noBody: Self { Self(option: CURLOPT_NOBODY) }
    static var followsRedirects: Self { Self(option: CURLOPT_FOLLOWLOCATION) }
    static var noSignal: Self { Self(option: CURLOPT_NOSIGNAL) }
    /// 0 would be no limit.
    static var timeoutMilliseconds: Self { Self(option: CURLOPT_TIMEOUT_MS) }
    static var connectTimeoutMilliseconds: Self { Self(option: CURLOPT_CONNECTTIMEOUT_MS) }
    /// A transfer that is slower for so long ends with a timeout.
    static var lowSpeedBytesPerSecond: Self { Self(option: CURLOPT_LOW_SPEED_LIMIT) }
    static var lowSpeedSeconds: Self { Self(option: CURLOPT_LOW_SPEED_TIME) }
    /// One of `CURL_HTTP_VERSION_…`.
    static var httpVersion: Self { Self(option: CURLOPT_HTTP_VERSION) }
    static var waitsToShareConnection: Self { Self(option: CURLOPT_PIPEWAIT) }
    static var freshConnection: Self { Self(option: CURLOPT_FRESH_CONNECT) }
    static var tcpKeepAlive: Self { Self(option: CURLOPT_TCP_KEEPALIVE) }
    static var tcpKeepAliveIdleSeconds: Self { Self(option: CURLOPT_TCP_KEEPIDLE) }
    static var tcpKeepAliveIntervalSeconds: Self { Self(option: CURLOPT_TCP_KEEPINTVL) }
    static var connectionLifetimeSeconds: Self { Self(option: CURLOPT_MAXLIFETIME_CONN) }
    static var connectionIdleSeconds: Self { Self(option: CURLOPT_MAXAGE_CONN) }
    /// Bits: `CURLAUTH_…`.
    static var authentication: Self { Self(option: CURLOPT_HTTPAUTH) }
    /// What a proxy answers before a tunnel stands is no answer.
    static var hidesTunnelHeaders: Self { Self(option: CURLOPT_SUPPRESS_CONNECT_HEADERS) }
    /// What the server's certificates say is there after the request.
    static var keepsCertificates: Self { Self(option: CURLOPT_CERTINFO) }
    /// Nothing is sent.
    static var connectsOnly: Self { Self(option: CURLOPT_CONNECT_ONLY) }
    static var verifiesPeer: Self { Self(option: CURLOPT_SSL_VERIFYPEER) }
    /// 2: verified.
    static var verifiesHost: Self { Self(option: CURLOPT_SSL_VERIFYHOST) }
  }

  struct TextOption {
    fileprivate let option: CURLoption

    static var url: Self { Self(option: CURLOPT_URL) }
    static var protocols: Self { Self(option: CURLOPT_PROTOCOLS_STR) }
    static var proxy: Self { Self(option: CURLOPT_PROXY) }
    static var noProxy: Self { Self(option: CURLOPT_NOPROXY) }
    static var username: Self { Self(option: CURLOPT_USERNAME) }
    static var password: Self { Self(option: CURLOPT_PASSWORD) }
    static var method: Self { Self(option: CURLOPT_CUSTOMREQUEST) }
    /// The path of a PEM file: the certificate that is shown to a server, and its chain.
    static var certificate: Self { Self(option: CURLOPT_SSLCERT) }
    /// The path of a PEM file, without a passphrase.
    static var certificateKey: Self { Self(option: CURLOPT_SSLKEY) }
  }

  /// PEM texts.
  struct BytesOption {
    fileprivate let option: CURLoption

    static var clientCertificate: Self { Self(option: CURLOPT_SSLCERT_BLOB) }
    static var clientKey: Self { Self(option: CURLOPT_SSLKEY_BLOB) }
  }

  struct ListOption {
    fileprivate let option: CURLoption

    static var headers: Self { Self(option: CURLOPT_HTTPHEADER) }
    static var addresses: Self { Self(option: CURLOPT_RESOLVE) }
  }

  func set(_ option: LongOption, _ value: Int) { ccurl_set_long(pointer, option.option, value) }

  func set(_ option: LongOption, _ isOn: Bool) { ccurl_set_long(pointer, option.option, isOn ? 1 : 0) }

  /// libcurl copies the text.
  func set(_ option: TextOption, _ text: String) { ccurl_set_string(pointer, option.option, text) }

  /// libcurl copies the bytes.
  func set(_ option: BytesOption, _ bytes: [UInt8]) {
    bytes.withUnsafeBytes { bytes in
      guard let start = bytes.baseAddress else { return }
      ccurl_set_blob(pointer, option.option, start, bytes.count)
    }
  }

  /// libcurl does not copy the list: it must stay as long as it is used.
  func set(_ option: ListOption, _ list: UnsafeMutablePointer<curl_slist>) {
    ccurl_set_list(pointer, option.option, list)
  }

  /// Instead of the text. It must outlive the handle.
  func set(_ url: ParsedURL) { ccurl_set_pointer(pointer, CURLOPT_CURLU, UnsafeRawPointer(url.pointer)) }

  /// It must outlive the handle.
  func share(_ names: borrowing SharedNames) { ccurl_set_pointer(pointer, CURLOPT_SHARE, names.pointer) }

  // MARK: The body

  /// libcurl does not copy the body: it must stay where it is as long as requests send it.
  func setBody(_ start: UnsafeRawPointer?, count: Int) {
    ccurl_set_pointer(pointer, CURLOPT_POSTFIELDS, start)
    ccurl_set_offset(pointer, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(count))
  }

  /// (Without an address for the body, libcurl would read standard input.)
  func setEmptyBody() {
    ccurl_set_offset(pointer, CURLOPT_POSTFIELDSIZE_LARGE, 0)
    ccurl_set_string(pointer, CURLOPT_COPYPOSTFIELDS, "")
  }

  /// Where the body was there is nothing any more.
  func forgetBody() { ccurl_set_pointer(pointer, CURLOPT_POSTFIELDS, nil) }

  // MARK: Callbacks

  func onHeaderLine(_ context: UnsafeMutableRawPointer, _ callback: ccurl_write_callback) {
    ccurl_set_pointer(pointer, CURLOPT_HEADERDATA, context)
    ccurl_set_header_callback(pointer, callback)
  }

  func onAnswerBody(_ context: UnsafeMutableRawPointer, _ callback: ccurl_write_callback) {
    ccurl_set_pointer(pointer, CURLOPT_WRITEDATA, context)
    ccurl_set_write_callback(pointer, callback)
  }

  /// Called before a request is written.
  func onRequest(_ context: UnsafeMutableRawPointer, _ callback: ccurl_prereq_callback) {
    ccurl_set_pointer(pointer, CURLOPT_PREREQDATA, context)
    ccurl_set_prereq_callback(pointer, callback)
  }

  /// Told of all that goes to and fro.
  func onDebug(_ context: UnsafeMutableRawPointer, _ callback: ccurl_debug_callback) {
    ccurl_set_pointer(pointer, CURLOPT_DEBUGDATA, context)
    ccurl_set_debug_callback(pointer, callback)
    ccurl_set_long(pointer, CURLOPT_VERBOSE, 1)
  }

  /// Asked about once a second, and more often while bytes come: not 0 ends the transfer.
  func onProgress(_ context: UnsafeMutableRawPointer, _ callback: ccurl_progress_callback) {
    ccurl_set_pointer(pointer, CURLOPT_XFERINFODATA, context)
    ccurl_set_progress_callback(pointer, callback)
    ccurl_set_long(pointer, CURLOPT_NOPROGRESS, 0)
  }

  /// An answer that says it is longer fails before its body.
  func limitAnswer(toBytes bytes: Int) {
    ccurl_set_offset(pointer, CURLOPT_MAXFILESIZE_LARGE, curl_off_t(bytes))
  }

  func onOpenSocket(_ context: UnsafeMutableRawPointer, _ callback: ccurl_opensocket_callback) {
    ccurl_set_pointer(pointer, CURLOPT_OPENSOCKETDATA, context)
    ccurl_set_opensocket_callback(pointer, callback)
  }

  /// The connection keeps both, and may outlive the handle.
  func onCloseSocket(_ context: UnsafeMutableRawPointer, _ callback: ccurl_closesocket_callback) {
    ccurl_set_pointer(pointer, CURLOPT_CLOSESOCKETDATA, context)
    ccurl_set_closesocket_callback(pointer, callback)
  }

  /// Has these check the certificates of TLS connections, and nothing that libcurl would read by itself. They must outlive
  /// the connections.
  func check(by handshakes: Handshakes) {
    ccurl_set_string(pointer, CURLOPT_CAINFO, nil)
    ccurl_set_string(pointer, CURLOPT_CAPATH, nil)
    ccurl_set_pointer(pointer, CURLOPT_SSL_CTX_DATA, Unmanaged.passUnretained(handshakes).toOpaque())
    ccurl_set_tls_callback(pointer, prepareHandshake)
  }

  // MARK: What came of the last request

  /// 0: no answer came.
  var status: Int { long(CURLINFO_RESPONSE_CODE) }

  /// How many connections were made for it.
  var newConnections: Int { long(CURLINFO_NUM_CONNECTS) }

  /// From its start to the answer's first byte; zero: there was none.
  var firstByte: Duration { time(CURLINFO_STARTTRANSFER_TIME_T) ?? .zero }

  /// The port of the connection that it is on, or was on last.
  var localPort: Int { long(CURLINFO_LOCAL_PORT) }

  /// One of `CURL_HTTP_VERSION_…`.
  var answeredVersion: Int { long(CURLINFO_HTTP_VERSION) }

  /// The system's error of a connection that failed; 0: there was none.
  var systemError: Int32 { Int32(truncatingIfNeeded: long(CURLINFO_OS_ERRNO)) }

  var contentType: String? { text(CURLINFO_CONTENT_TYPE) }

  /// Where a redirect leads, absolute; nil: it is none.
  var redirect: String? { text(CURLINFO_REDIRECT_URL) }

  private func text(_ info: CURLINFO) -> String? {
    var text: UnsafeMutableRawPointer?
    guard ccurl_get_pointer(pointer, info, &text) == CURLE_OK, let text else { return nil }
    return String(cString: text.assumingMemoryBound(to: CChar.self))
  }

  /// A header of the final answer, and how often it stands there; nil: it does not.
  func header(_ name: String) -> (value: String, count: Int)? {
    var header: UnsafeMutablePointer<curl_header>?
    guard curl_easy_header(pointer, name, 0, UInt32(CURLH_HEADER), -1, &header) == CURLHE_OK, let header
    else {
      return nil
    }
    return (String(cString: header.pointee.value), header.pointee.amount)
  }

  /// When it came to what, since it began.
  var times: ProbeReport.Times {
    ProbeReport.Times(
      nameLookup: time(CURLINFO_NAMELOOKUP_TIME_T), connected: time(CURLINFO_CONNECT_TIME_T),
      tlsDone: time(CURLINFO_APPCONNECT_TIME_T), firstByte: time(CURLINFO_STARTTRANSFER_TIME_T),
      total: time(CURLINFO_TOTAL_TIME_T) ?? .zero)
  }

  /// nil: it did not come to that.
  private func time(_ info: CURLINFO) -> Duration? {
    var microseconds: curl_off_t = 0
    guard ccurl_get_offset(pointer, info, &microseconds) == CURLE_OK, microseconds > 0 else { return nil }
    return .microseconds(microseconds)
  }

  /// The address and port that it was connected to last; nil: it was not.
  var peer: String? {
    var text: UnsafeMutableRawPointer?
    guard ccurl_get_pointer(pointer, CURLINFO_PRIMARY_IP, &text) == CURLE_OK, let text else { return nil }
    let address = String(cString: text.assumingMemoryBound(to: CChar.self))
    guard !address.isEmpty else { return nil }
    return "\(address.contains(":") ? "[\(address)]" : address):\(long(CURLINFO_PRIMARY_PORT))"
  }

  /// Of those that the server sent; with `keepsCertificates`.
  var firstCertificateToEnd: ProbeReport.Certificate? {
    var found: UnsafeMutableRawPointer?
    guard ccurl_get_pointer(pointer, CURLINFO_CERTINFO, &found) == CURLE_OK, let found else { return nil }
    let chain = found.assumingMemoryBound(to: curl_certinfo.self).pointee
    let certificates = (0..<Int(chain.num_of_certs)).compactMap { CertificateText.read(chain.certinfo[$0]) }
    guard var first = certificates.min(by: { $0.end < $1.end }) else { return nil }
    first.chainLength = certificates.count
    return first
  }

  private func long(_ info: CURLINFO) -> Int {
    var value = 0
    return ccurl_get_long(pointer, info, &value) == CURLE_OK ? value : 0
  }

  fileprivate borrowing func add(to multi: UnsafeMutableRawPointer?) -> CURLMcode {
    curl_multi_add_handle(multi, pointer)
  }
}

/// The addresses that easy handles have brought along, for all that share them.
struct SharedNames: ~Copyable {
  fileprivate let pointer: UnsafeMutableRawPointer

  init() {
    guard let pointer = curl_share_init() else { fatalError("out of memory") }
    ccurl_share(pointer, CURL_LOCK_DATA_DNS)
    self.pointer = pointer
  }

  deinit {
    curl_share_cleanup(pointer)
  }
}

/// libcurl's multi handle: connections, and the easy handles whose requests are on them.
///
/// It owns libcurl's pointer, which no other file sees, and tells its pool of sockets and timers. Whoever makes it closes it.
/// Confined to the curl thread.
final class MultiHandle {
  /// nil: it is closed, and takes nothing more.
  private var pointer: UnsafeMutableRawPointer?

  /// - Parameter multiplexes: Requests may share a connection.
  init(maxConnections: Int, multiplexes: Bool) {
    guard let multi = curl_multi_init() else { fatalError("out of memory") }
    pointer = multi
    ccurl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, maxConnections)
    ccurl_multi_set_long(multi, CURLMOPT_PIPELINING, multiplexes ? Int(CURLPIPE_MULTIPLEX) : 0)
  }

  /// - Parameter pool: It must live until the handle is closed.
  func report(to pool: ConnectionPool) {
    guard let pointer else { return }
    let context = Unmanaged.passUnretained(pool).toOpaque()
    ccurl_multi_set_pointer(pointer, CURLMOPT_SOCKETDATA, context)
    ccurl_multi_set_socket_callback(pointer, socketChanged)
    ccurl_multi_set_pointer(pointer, CURLMOPT_TIMERDATA, context)
    ccurl_multi_set_timer_callback(pointer, timerChanged)
  }

  /// Closes its connections. All easy handles must have been removed.
  func close() {
    curl_multi_cleanup(pointer)
    pointer = nil
  }

  func add(_ easy: borrowing EasyHandle) -> CURLMcode { easy.add(to: pointer) }

  /// One that was added.
  func remove(_ easy: EasyHandle.ID) { curl_multi_remove_handle(pointer, easy.pointer) }

  /// Lets libcurl do what there is to do.
  ///
  /// - Parameters:
  ///   - socket: Where something happened; `CURL_SOCKET_TIMEOUT`: the time has come.
  ///   - flags: What happened: `CURL_CSELECT_…`.
  func act(on socket: curl_socket_t, flags: Int32) -> CURLMcode {
    var running: Int32 = 0
    return curl_multi_socket_action(pointer, socket, flags, &running)
  }

  /// A request that has ended, and how. It is told once, and is to be removed.
  func nextEnded() -> (easy: EasyHandle.ID, code: CURLcode)? {
    var remaining: Int32 = 0
    while let message = curl_multi_info_read(pointer, &remaining) {
      // The message goes with the handle's removal: what it says is copied first.
      guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle else { continue }
      return (EasyHandle.ID(pointer: easy), ccurl_message_result(message))
    }
    return nil
  }
}

@available(*, unavailable)
extension MultiHandle: Sendable {}

// MARK: What libcurl calls

private func socketChanged(
  easy: UnsafeMutableRawPointer, socket: curl_socket_t, what: Int32, context: UnsafeMutableRawPointer?,
  socketContext: UnsafeMutableRawPointer?
) -> Int32 {
  Unmanaged<ConnectionPool>.fromOpaque(context!).takeUnretainedValue()
    .socketChanged(socket, what, for: EasyHandle.ID(pointer: easy))
  return 0
}

private func timerChanged(
  multi: UnsafeMutableRawPointer, milliseconds: Int, context: UnsafeMutableRawPointer?
) -> Int32 {
  Unmanaged<ConnectionPool>.fromOpaque(context!).takeUnretainedValue()
    .timerChanged(milliseconds < 0 ? nil : .milliseconds(milliseconds))
  return 0
}

/// A TLS connection is about to be made.
private func prepareHandshake(
  easy: UnsafeMutableRawPointer, context: UnsafeMutableRawPointer, owner: UnsafeMutableRawPointer?
) -> CURLcode {
  let handshakes = Unmanaged<Handshakes>.fromOpaque(owner!).takeUnretainedValue()
  guard let preparation = handshakes.prepare(EasyHandle.ID(pointer: easy)) else {
    return CURLE_SSL_CACERT_BADFILE
  }
  if !preparation.mayResume { ccurl_set_long(easy, CURLOPT_SSL_SESSIONID_CACHE, 0) }
  return ctrust_apply(context, preparation.store.pointer, owner!, easy, reportProblem) == 0
    ? CURLE_OUT_OF_MEMORY : CURLE_OK
}

private func reportProblem(
  handshakes: UnsafeMutableRawPointer, easy: UnsafeMutableRawPointer, problem: UnsafePointer<ctrust_problem>
) {
  Unmanaged<Handshakes>.fromOpaque(handshakes).takeUnretainedValue()
    .keep(CertificateProblem(problem), of: EasyHandle.ID(pointer: easy))
}
