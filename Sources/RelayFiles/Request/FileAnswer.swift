import NIOHTTP1
import RelayCore
import RelayJSON
import RelayText

/// An answer: its head, and what follows it.
struct FileAnswer: Sendable {
  enum Body: Sendable, Equatable {
    case text([UInt8])
    /// Of the file, these bytes.
    case file(AttachmentFile, Range<Int>)
  }

  var status: HTTPResponseStatus
  var headers: HTTPHeaders
  var body: Body
  /// `HEAD`: the head alone.
  var omitsBody = false

  /// An answer that says no.
  ///
  /// - Parameters:
  ///   - code: For programs.
  ///   - message: For people.
  init(_ status: HTTPResponseStatus, _ code: String, _ message: String, headers: HTTPHeaders = [:]) {
    var text = Array(#"{"error":{"code":"#.utf8)
    JSONWriter.appendString(code, to: &text)
    text += Array(#","message":"#.utf8)
    JSONWriter.appendString(message, to: &text)
    text += Array("}}\n".utf8)
    self.init(
      status, headers: headers, type: "application/json", bytes: text.count, body: .text(text))
  }

  private init(
    _ status: HTTPResponseStatus, headers: HTTPHeaders, type: String, bytes: Int, body: Body
  ) {
    self.status = status
    self.body = body
    self.headers = headers
    self.headers.add(contentsOf: Self.caution)
    self.headers.add(name: "content-type", value: type)
    self.headers.add(name: "content-length", value: "\(bytes)")
  }

  /// What anybody sends to anybody: no browser is to run it, guess what it is, or keep it.
  private static let caution: HTTPHeaders = [
    "x-content-type-options": "nosniff", "cache-control": "private, no-store",
    "content-security-policy": "sandbox; default-src 'none'", "referrer-policy": "no-referrer",
  ]

  static let notFound = FileAnswer(.notFound, "not_found", "there is nothing here")
  static let notAllowed = FileAnswer(
    .methodNotAllowed, "method_not_allowed", "only GET and HEAD are answered here",
    headers: ["allow": "GET, HEAD"])
  static let forbidden = FileAnswer(.forbidden, "forbidden", "this link is not one of this relay's")
  static let ended = FileAnswer(.gone, "ended", "this link's time is over: the file is no longer given out")
  static let pending = FileAnswer(
    .serviceUnavailable, "pending", "the file has not been fetched yet; try again",
    headers: ["retry-after": "5"])
  static let unavailable = FileAnswer(
    .serviceUnavailable, "unavailable", "the relay can't look for the file at present; try again",
    headers: ["retry-after": "5"])
  static let damaged = FileAnswer(
    .internalServerError, "damaged", "the file on the relay's disk is not what was fetched")

  /// What a request for an attachment is answered.
  ///
  /// - Parameter found: nil: nothing is known of it.
  init(_ found: Attachment?, to request: FileRequest) {
    switch found?.state {
    case nil: self = .notFound
    case .pending?: self = .pending
    case .failed(let reason)?:
      self.init(.badGateway, "fetch_failed", "the relay could not fetch this file: \(reason)")
    case .ended?: self = .ended
    case .fetched(let file)?: self.init(file, request)
    }
    omitsBody = request.method == .head
  }

  private init(_ file: AttachmentFile, _ request: FileRequest) {
    let tag = "\"\(file.hash)\""
    let wanted = request.ifRange.map { $0 == tag } ?? true ? request.range : nil
    var headers: HTTPHeaders = ["etag": tag, "accept-ranges": "bytes"]
    let range: Range<Int>
    let status: HTTPResponseStatus
    switch ByteRange(wanted, size: file.bytes) {
    case .whole: (status, range) = (.ok, 0..<file.bytes)
    case .part(let part):
      (status, range) = (.partialContent, part)
      headers.add(
        name: "content-range", value: "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(file.bytes)")
    case .unsatisfiable:
      headers.add(name: "content-range", value: "bytes */\(file.bytes)")
      self.init(
        .rangeNotSatisfiable, "range_not_satisfiable", "the file has \(file.bytes) bytes", headers: headers)
      return
    }
    headers.add(name: "content-disposition", value: Self.disposition(of: file))
    self.init(
      status, headers: headers, type: Self.contentType(of: file), bytes: range.count,
      body: .file(file, range))
  }

  /// The origin's, where a header may hold it.
  private static func contentType(of file: AttachmentFile) -> String {
    guard let type = file.contentType, (1...200).contains(type.utf8.count), type.contains("/"),
      type.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
    else { return "application/octet-stream" }
    return type
  }

  /// A name for the file that is saved (RFC 6266): no path, and nothing that ends the header.
  private static func disposition(of file: AttachmentFile) -> String {
    let last = file.name?.split { $0 == "/" || $0 == "\\" }.last ?? ""
    let printable = last.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }
    let name = String(String.UnicodeScalarView(printable.drop { $0 == "." }.prefix(longestName)))
    return name.isEmpty ? "attachment" : "attachment; filename*=UTF-8''\(name.percentEncoded)"
  }

  private static let longestName = 120
}
