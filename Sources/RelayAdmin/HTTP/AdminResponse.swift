import NIOCore
import RelayCore

/// An answer of the admin API, before it becomes HTTP.
struct AdminResponse: Sendable {
  struct Header: Sendable, Equatable {
    var name: String
    var value: String

    init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  enum Body: Sendable {
    case whole([UInt8])
    case pieces(AnswerPieces)
  }

  var status: Int
  /// Empty: there is no body.
  var contentType: String
  var body: Body
  var headers: [Header]
  /// For the audit: how many things it lists or has changed.
  var resultCount: Int?
  /// It goes on by itself, and keeps its own outcome in the audit once it has ended.
  var isBegun = false

  init(status: Int, contentType: String, body: [UInt8], headers: [Header] = []) {
    self.init(status: status, contentType: contentType, body: .whole(body), headers: headers)
  }

  init(status: Int = 200, contentType: String, body: Body, headers: [Header] = []) {
    self.status = status
    self.contentType = contentType
    self.body = body
    self.headers = headers
  }

  /// 204 or 304: without a body.
  static func empty(_ status: Int, headers: [Header] = []) -> AdminResponse {
    AdminResponse(status: status, contentType: "", body: [], headers: headers)
  }

  /// - Parameter caller: What they may not see is null.
  /// - Throws: `EncodingError`: a field of the answer was never given.
  static func json(_ answer: some Answer, for caller: Caller, status: Int = 200) throws -> AdminResponse {
    var response = AdminResponse(
      status: status, contentType: "application/json",
      body: try RecordEncoder.answer(answer, showsContents: caller.seesContents))
    response.resultCount = answer.resultCount
    response.isBegun = answer.isBegun
    return response
  }

  /// `{"error":{"code":…,"message":…}}`, with `"errors"` where there are several.
  init(_ error: APIError) {
    self.init(
      status: error.status, contentType: "application/json",
      // It was given all its fields.
      body: (try? RecordEncoder.answer(ErrorAnswer(error))) ?? [], headers: error.headers)
  }
}

extension AdminResponse: Equatable {
  /// Pieces are equal to none: they are not there yet.
  static func == (a: AdminResponse, b: AdminResponse) -> Bool {
    guard case .whole(let bytes) = a.body, case .whole(let others) = b.body else { return false }
    return (a.status, a.contentType, bytes, a.headers) == (b.status, b.contentType, others, b.headers)
  }
}

/// An answer's body that comes piece by piece: what is too large to be held, or has no end.
///
/// The next piece is asked for only when the client has taken those before it, as far as its connection holds them; a client
/// that takes nothing for `AdminServer`'s `stallTimeout` is closed. Whoever produces the pieces holds what they need, and
/// lets go of it when the sequence goes: at the body's end, and when the client has gone.
struct AnswerPieces: Sendable {
  /// In bytes; nil: not known before, or without end.
  let length: Int?
  /// A new iteration: called once.
  let iterate: @Sendable () -> any AsyncIteratorProtocol<ByteBuffer, any Error>
  /// Called when the connection has ended, also while a piece is waited for.
  let onEnd: @Sendable () -> Void

  init<Pieces: AsyncSequence<ByteBuffer, any Error> & Sendable>(
    _ pieces: Pieces, length: Int? = nil, onEnd: @escaping @Sendable () -> Void = {}
  ) {
    self.length = length
    self.onEnd = onEnd
    iterate = { pieces.makeAsyncIterator() }
  }

  /// The same of pieces that are nobody else's.
  init<Pieces: AsyncSequence<[UInt8], any Error> & Sendable>(
    _ pieces: Pieces, length: Int? = nil, onEnd: @escaping @Sendable () -> Void = {}
  ) {
    self.init(pieces.map { ByteBuffer(bytes: $0) }, length: length, onEnd: onEnd)
  }
}
