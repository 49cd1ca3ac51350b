import NIOCore
import RelayCore
import RelayPipeline

/// What happens, live.
enum StreamEndpoints {
  static let all: [Endpoint] = [
    .get(
      "/api/v1/stream",
      "What comes in and how it is settled, as it happens: server-sent events, without an end of their own.",
      role: .viewer, audit: .listening,
      replies: [.init(contentType: AdminResponse.eventStream, StreamMessage.schema)],
      problems: [
        .init(
          503, "overloaded",
          "There are as many readers as there may be. (Who asks for `text/event-stream` is told in a stream.)"
        )
      ],
      stream)
  ]

  private static func stream(_ call: Call<StreamInput>) async throws -> AdminResponse {
    let subscription = try call.input.subscription(after: call.lastEventID, now: call.now)
    let stream = call.relay.stream
    if let reader = stream.join(subscription) {
      return AdminResponse(
        contentType: AdminResponse.eventStream,
        body: .pieces(
          AnswerPieces(
            LivePieces(reader: reader, isStillAllowed: call.isStillAllowed), onEnd: { reader.close() })),
        headers: AdminResponse.streamHeaders)
    }
    // A browser never asks again after any other status than 200.
    guard call.accept?.lowercased().contains(AdminResponse.eventStream) ?? false else {
      throw APIError(
        503, "overloaded",
        "there are as many readers of the stream as there may be, or the relay is stopping",
        headers: [AdminResponse.Header("retry-after", "15")])
    }
    return AdminResponse(
      contentType: AdminResponse.eventStream, body: .whole(stream.refusal()),
      headers: AdminResponse.streamHeaders)
  }
}

/// A reader's stream. It ends once its reader would no longer be let in: a token is taken away, a session ends, a role is another.
/// That is looked at before a piece, once a second at most; where nothing happens, before the next sign of life.
private struct LivePieces: AsyncSequence, Sendable {
  let reader: LiveReader
  let isStillAllowed: @Sendable () -> Bool

  struct AsyncIterator: AsyncIteratorProtocol {
    let reader: LiveReader
    let isStillAllowed: @Sendable () -> Bool
    private var nextLook = ContinuousClock.now.advanced(by: .seconds(1))

    init(reader: LiveReader, isStillAllowed: @escaping @Sendable () -> Bool) {
      self.reader = reader
      self.isStillAllowed = isStillAllowed
    }

    mutating func next() async throws -> ByteBuffer? {
      let piece = await reader.next()
      let now = ContinuousClock.now
      if now >= nextLook {
        nextLook = now.advanced(by: .seconds(1))
        guard isStillAllowed() else {
          reader.close()
          return nil
        }
      }
      return switch piece {
      case .own(let bytes): ByteBuffer(bytes: bytes)
      // A slice: nothing is copied for each of many readers.
      case .shared(let text, let range):
        text.form { ByteBuffer(bytes: $0) }.getSlice(at: range.lowerBound, length: range.count)
      case nil: nil
      }
    }
  }

  func makeAsyncIterator() -> AsyncIterator { AsyncIterator(reader: reader, isStillAllowed: isStillAllowed) }
}

extension AdminResponse {
  static let eventStream = "text/event-stream"

  /// What brings a stream through proxies as it comes: none is to keep it, to pack it or to collect it. It is the connection's
  /// last answer.
  fileprivate static let streamHeaders = [
    Header("cache-control", "no-store, no-transform"), Header("x-accel-buffering", "no"),
    Header("connection", "close"),
  ]
}
