import CCurl
import RelayCore

/// Tries destinations out with libcurl: one easy handle each time, set up as the transport's are, on the caller's thread.
package struct CurlProber: DestinationProber {
  private let own: OwnListeners

  /// - Parameter own: Where the relay listens: nothing is sent there.
  package init(own: OwnListeners = OwnListeners()) {
    self.own = own
    CurlGlobal.initialize
  }

  package func send(_ request: AttemptRequest, to destination: Destination) -> ProbeReport {
    let started = ContinuousClock.now
    let token: Secret?
    switch TokenSource(destination).map({ TokenRequest.send($0, own: own) }) {
    case .success(let given): token = given.value
    case .failure(let failure):
      return ProbeReport(
        failure: TransportFailure(kind: .token, message: failure.words),
        times: .init(total: started.duration(to: .now)))
    case nil: token = nil
    }
    var report = Probe(destination, own: own).send(
      request, headers: Endpoint.headers(of: destination, token: token))
    report.accessToken = token
    return report
  }

  package func connect(to destination: Destination, within limit: Duration) -> ProbeReport {
    var destination = destination
    destination.timeout = min(destination.timeout, limit)
    destination.connectTimeout = min(destination.connectTimeout, limit)
    return Probe(destination, own: own).connect()
  }
}

/// One such try. Confined to its thread.
private final class Probe {
  private let easy = EasyHandle()
  private let destination: Destination
  private let handshakes: Handshakes?
  private let record = ProbeRecord()
  private let way: JudgedWay

  init(_ destination: Destination, own: OwnListeners) {
    self.destination = destination
    let host = HostPort(url: destination.url.reveal)?.host ?? ""
    way = JudgedWay(to: destination.url, destination.network, own: own)
    handshakes = Handshakes(destination, host: host, system: .shared)
    easy.configure(for: destination, url: nil, connectionLifetime: destination.timeout)
    easy.set(.keepsCertificates, true)
    let context = Unmanaged.passUnretained(record).toOpaque()
    easy.onDebug(context, noteDebug)
    easy.onHeaderLine(context, noteHeaderLine)
    easy.onAnswerBody(context, noteAnswer)
    handshakes?.apply(to: easy)
    way.judge.apply(to: easy)
  }

  func send(_ request: AttemptRequest, headers: CurlList) -> ProbeReport {
    if let refusal = way.refusal { return ProbeReport(failure: .egress(refusal), times: .init(total: .zero)) }
    let list = HeaderList()
    easy.set(.headers, list.load(request.headers, before: headers))
    let code = withExtendedLifetime((list, headers)) {
      request.body.withUnsafeBytes { body in
        if body.isEmpty { easy.setEmptyBody() } else { easy.setBody(body.baseAddress, count: body.count) }
        return easy.perform()
      }
    }
    return report(code, wantsAnswer: true)
  }

  func connect() -> ProbeReport {
    if let refusal = way.refusal { return ProbeReport(failure: .egress(refusal), times: .init(total: .zero)) }
    easy.set(.post, false)
    easy.set(.connectsOnly, true)
    return report(easy.perform(), wantsAnswer: false)
  }

  private func report(_ code: CURLcode, wantsAnswer: Bool) -> ProbeReport {
    var report = ProbeReport(sentHeaders: record.sentHeaders, times: easy.times, peer: easy.peer)
    report.certificate = easy.firstCertificateToEnd
    report.clientCertificate = destination.tls.client?.soonestEnd
    // Once the final header has come, it is answered: the rest may be too long, or too slow.
    if record.isAnswered, wantsAnswer {
      report.answer = ProbeReport.Answer(
        status: easy.status, headers: record.headers, body: record.body, bodyBytes: record.bodyBytes)
    } else if code != CURLE_OK, let words = way.judge.wholeRefusal {
      report.failure = .egress(words)
    } else if code != CURLE_OK {
      report.failure = TransportFailure(code, text: easy.errorText, easy: easy, handshakes)
    } else if wantsAnswer {
      report.failure = TransportFailure(kind: .reset, message: "the answer ended within its header")
    }
    return report
  }
}

@available(*, unavailable)
extension Probe: Sendable {}

/// What libcurl tells of a try while it goes on.
private final class ProbeRecord {
  private(set) var sentHeaders: [ProbeReport.Field] = []
  private(set) var headers: [ProbeReport.Field] = []
  private(set) var body: [UInt8] = []
  private(set) var bodyBytes = 0
  private(set) var isAnswered = false
  private var progress = AnswerProgress()
  private var isInterim = false

  private static let maxHeaders = 100

  /// The lines of the request's header, all in one piece.
  func sent(_ text: String) {
    // What opens a tunnel through a proxy is not the request.
    guard !text.hasPrefix("CONNECT ") else { return }
    // A request that died on its way may be sent once more.
    sentHeaders = text.split(separator: "\r\n").dropFirst().compactMap { ProbeReport.Field(line: $0) }
  }

  /// A line of a header, with its end. Trailers come here, too.
  func line(_ text: String) -> Bool {
    if isAnswered { return progress.rest(bytes: text.utf8.count) }
    if text.hasPrefix("HTTP/") {
      headers.removeAll()
      let status = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
      isInterim = (100..<200).contains(status) && status != 101
    } else if text == "\r\n" || text == "\n" {
      isAnswered = !isInterim
    } else if headers.count < Self.maxHeaders, let field = ProbeReport.Field(line: text) {
      headers.append(field)
    }
    return progress.line(bytes: text.utf8.count)
  }

  func answer(_ bytes: UnsafeRawBufferPointer) -> Bool {
    body += bytes.prefix(AttemptResult.keptAnswerBytes - body.count)
    bodyBytes += bytes.count
    return progress.rest(bytes: bytes.count)
  }
}

extension ProbeReport.Field {
  /// nil: it is no header's line.
  fileprivate init?(line: some StringProtocol) {
    guard let colon = line.firstIndex(of: ":") else { return nil }
    let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
    self.init(String(line[..<colon]), String(value.prefix { !$0.isNewline }))
  }
}

private func record(_ context: UnsafeMutableRawPointer?) -> ProbeRecord {
  Unmanaged<ProbeRecord>.fromOpaque(context!).takeUnretainedValue()
}

private func noteHeaderLine(
  data: UnsafeMutablePointer<CChar>, size: Int, count: Int, context: UnsafeMutableRawPointer?
) -> Int {
  let bytes = UnsafeRawBufferPointer(start: data, count: size * count)
  return record(context).line(String(decoding: bytes, as: UTF8.self)) ? bytes.count : 0
}

private func noteAnswer(
  data: UnsafeMutablePointer<CChar>, size: Int, count: Int, context: UnsafeMutableRawPointer?
) -> Int {
  let bytes = UnsafeRawBufferPointer(start: data, count: size * count)
  return record(context).answer(bytes) ? bytes.count : 0
}

private func noteDebug(
  easy: UnsafeMutableRawPointer, kind: curl_infotype, data: UnsafeMutablePointer<CChar>, size: Int,
  context: UnsafeMutableRawPointer?
) -> Int32 {
  guard kind == CURLINFO_HEADER_OUT else { return 0 }
  let bytes = UnsafeRawBufferPointer(start: data, count: size)
  record(context).sent(String(decoding: bytes, as: UTF8.self))
  return 0
}
