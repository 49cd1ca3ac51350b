import CCurl
import Glibc
import RelayCore

/// Fetches files with libcurl, each with an easy handle and a connection of its own, on the caller's thread.
///
/// Only `https`, TLS verified by the system's authorities, without cookies, credentials and proxies, and without redirects. The
/// address that is really connected to is judged when libcurl asks for its socket: what a name led to before says nothing.
package struct CurlAttachmentFetcher: AttachmentFetcher {
  private static let connectTimeout = Duration.seconds(10)
  /// An origin that is slower for so long is given up.
  private static let (lowSpeedBytes, lowSpeedTime) = (1_024, Duration.seconds(30))

  private let trust: SystemTrust
  private let own: OwnListeners

  /// - Parameter own: Where the relay listens: nothing is fetched from there.
  package init(own: OwnListeners) {
    self.init(trust: .shared, own: own)
  }

  init(trust: SystemTrust, own: OwnListeners = OwnListeners()) {
    self.trust = trust
    self.own = own
    CurlGlobal.initialize
  }

  package func fetch(
    _ fetch: AttachmentFetch, isWanted: @escaping () -> Bool,
    take: @escaping (UnsafeRawBufferPointer) -> Bool
  ) -> AttachmentAnswer {
    // What we read in the link must be what libcurl reads in it.
    guard let url = ParsedURL(fetch.url.reveal), !url.hasCredentials,
      HostPort(url: url)?.host.lowercased().withoutFinalDot == fetch.host
    else { return .failed("the link is not one that can be read without doubt") }
    let easy = EasyHandle()
    let handshakes = Handshakes(host: fetch.host, system: trust)
    let download = Download(fetch, isWanted: isWanted, take: take)
    let judge = SocketJudge { [own] peer in
      if let kind = fetch.addressGuard.refusal(of: peer.address) { return kind }
      return own.key(at: peer).map { "where this relay itself listens (\($0))" }
    }
    let context = Unmanaged.passUnretained(download).toOpaque()
    easy.set(url)
    easy.restrict()
    easy.set(.protocols, "https")
    easy.set(.httpVersion, Int(CURL_HTTP_VERSION_1_1))
    easy.set(.timeoutMilliseconds, fetch.timeout.curlMilliseconds)
    easy.set(.connectTimeoutMilliseconds, min(Self.connectTimeout, fetch.timeout).curlMilliseconds)
    easy.set(.lowSpeedBytesPerSecond, Self.lowSpeedBytes)
    easy.set(.lowSpeedSeconds, Int(Self.lowSpeedTime.components.seconds))
    easy.limitAnswer(toBytes: fetch.maxBytes)
    handshakes.apply(to: easy)
    judge.apply(to: easy)
    easy.onProgress(context, askWhetherWanted)
    easy.onHeaderLine(context, countHeaderLine)
    easy.onAnswerBody(context, takePiece)
    let list = CurlList(["user-agent: huggy-relay", "accept: */*"])
    easy.set(.headers, list.head)
    return withExtendedLifetime((download, handshakes, list, url, judge)) {
      let code = easy.perform()
      return download.answer(code, easy, handshakes, judge)
    }
  }
}

/// One download. Confined to its thread.
private final class Download {
  private let fetch: AttachmentFetch
  private let isWanted: () -> Bool
  private let take: (UnsafeRawBufferPointer) -> Bool
  private var bytes = 0
  private var headerBytes = 0
  /// The status of the answer's last header.
  private var status = 0
  private var isTooLarge = false
  private var isStopped = false

  /// Of an answer that is no file, how much is read and thrown away.
  private static let maxPageBytes = 256 << 10
  /// Of all headers of an answer.
  private static let maxHeaderBytes = 64 << 10

  init(
    _ fetch: AttachmentFetch, isWanted: @escaping () -> Bool,
    take: @escaping (UnsafeRawBufferPointer) -> Bool
  ) {
    self.fetch = fetch
    self.isWanted = isWanted
    self.take = take
  }

  func asks() -> Bool {
    if !isWanted() { isStopped = true }
    return !isStopped
  }

  func header(_ line: UnsafeRawBufferPointer) -> Bool {
    headerBytes += line.count
    let words = String(decoding: line.prefix(32), as: UTF8.self)
    if words.hasPrefix("HTTP/") {
      status = words.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    }
    return headerBytes <= Self.maxHeaderBytes
  }

  func body(_ piece: UnsafeRawBufferPointer) -> Bool {
    bytes += piece.count
    // Of what is no file nothing is wanted; but where a redirect leads, libcurl says at its end.
    guard status == 200 else { return (300..<400).contains(status) || bytes <= Self.maxPageBytes }
    guard bytes <= fetch.maxBytes else {
      isTooLarge = true
      return false
    }
    guard take(piece) else {
      isStopped = true
      return false
    }
    return true
  }

  func answer(
    _ code: CURLcode, _ easy: borrowing EasyHandle, _ handshakes: Handshakes, _ judge: SocketJudge
  ) -> AttachmentAnswer {
    if isStopped { return .stopped }
    let answered = status != 0 && !(100..<200).contains(status)
    // Its body was not read, and need not have come.
    if answered, status != 200 { return .status(status, location: easy.redirect.map { Secret($0) }) }
    if isTooLarge || code == CURLE_FILESIZE_EXCEEDED { return .tooLarge }
    if code == CURLE_OK, answered { return .whole(contentType: easy.contentType.flatMap(Self.headerValue)) }
    if let words = judge.wholeRefusal { return .refusedAddress(words) }
    return .failed(TransportFailure(code, text: easy.errorText, easy: easy, handshakes).description)
  }

  /// What may stand in a header again.
  private static func headerValue(_ text: String) -> String? {
    guard (1...256).contains(text.utf8.count), text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
      return nil
    }
    return text
  }
}

extension String {
  fileprivate var withoutFinalDot: String { hasSuffix(".") ? String(dropLast()) : self }
}

private func download(_ context: UnsafeMutableRawPointer?) -> Download {
  Unmanaged<Download>.fromOpaque(context!).takeUnretainedValue()
}

private func askWhetherWanted(
  context: UnsafeMutableRawPointer?, downTotal: curl_off_t, down: curl_off_t, upTotal: curl_off_t,
  up: curl_off_t
) -> Int32 {
  download(context).asks() ? 0 : 1
}

private func countHeaderLine(
  data: UnsafeMutablePointer<CChar>, size: Int, count: Int, context: UnsafeMutableRawPointer?
) -> Int {
  download(context).header(UnsafeRawBufferPointer(start: data, count: size * count)) ? size * count : 0
}

private func takePiece(
  data: UnsafeMutablePointer<CChar>, size: Int, count: Int, context: UnsafeMutableRawPointer?
) -> Int {
  download(context).body(UnsafeRawBufferPointer(start: data, count: size * count)) ? size * count : 0
}
