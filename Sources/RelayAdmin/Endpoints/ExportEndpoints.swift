import RelayCore
import RelayPipeline

/// Events as they are, byte for byte: one, or all that fit.
enum ExportEndpoints {
  static let all: [Endpoint] = [
    .get(
      "/api/v1/events/{event}/body", "An event's bytes as they came, and nothing else.", role: .reader,
      audit: .reading, replies: [.init(contentType: "application/json", .any)],
      problems: [
        .notFound("The store does not have it, or no longer."),
        .init(410, "gone", "Its body was erased, or removed after `store.unrouted_retention`."),
      ], body),
    .get(
      "/api/v1/export",
      "Events as JSON lines, oldest first, each with its body and its deliveries. What arrives meanwhile comes at the end.",
      role: .admin, audit: .reading,
      replies: [.init(contentType: ExportLines.contentType, .lines(RecordType(type: ExportedEvent.self)))],
      problems: [.notFound("`after` names an event that the store does not have.")], export),
  ]

  private static func body(_ call: Call<Nothing>) async throws -> AdminResponse {
    let event = try await EventEndpoints.report(of: try call.event(), call.relay).event
    guard !event.hasNoBody else {
      let reason =
        event.erasedAt.map { "was erased at \($0)" } ?? "was removed after store.unrouted_retention"
      throw APIError(410, "gone", "the body of \(event.id) \(reason)")
    }
    return AdminResponse(status: 200, contentType: "application/json", body: event.body)
  }

  private static func export(_ call: Call<ExportInput>) async throws -> AdminResponse {
    var request = EventPageRequest(
      filter: try call.input.filter.filter(now: call.now), order: .oldestFirst, limit: ExportLines.page,
      withBodies: true)
    if let after = call.input.after {
      guard let id = EventID(after) else {
        throw APIError.invalidRequest("'after' is '\(after.prefix(100))', which is not an event's id")
      }
      request.after = try await EventEndpoints.report(of: id, call.relay).event.place
    }
    return AdminResponse(
      contentType: ExportLines.contentType,
      body: .pieces(AnswerPieces(ExportLines(relay: call.relay, request: request))))
  }
}

/// `GET /api/v1/export`.
package struct ExportInput: Input {
  @Fields package var filter = EventFilterInput()
  @Field(
    "Only what arrived after this event: an export that was cut off goes on after the last one that came whole.",
    .form(.eventID))
  package var after: String?

  package init() {}
}

/// The lines of an export, a page of the store in a piece: what is held is no more than that.
private struct ExportLines: AsyncSequence, Sendable {
  static let contentType = "application/x-ndjson"
  static let page = 100

  let relay: any RelayOperations
  let request: EventPageRequest

  struct AsyncIterator: AsyncIteratorProtocol {
    let relay: any RelayOperations
    var request: EventPageRequest
    var isAtEnd = false

    mutating func next() async throws -> [UInt8]? {
      while !isAtEnd {
        let page = try await relay.exported(request)
        request.after = page.next
        isAtEnd = page.next == nil
        var lines: [UInt8] = []
        for event in page.events { lines += try Self.line(event) }
        if !lines.isEmpty { return lines }
      }
      return nil
    }

    private static func line(_ event: EventRecord) throws -> [UInt8] {
      try RecordEncoder.answer(ExportedEvent(event)) + [UInt8(ascii: "\n")]
    }
  }

  func makeAsyncIterator() -> AsyncIterator { AsyncIterator(relay: relay, request: request) }
}

/// A line of an export.
package struct ExportedEvent: Answer, WithFacts {
  @Fields package var facts = StoredEventFacts()
  @Field("The last of them dropped it.") package var dropped: Bool
  @Field("When its body was erased; null: it was not.") package var erasedAt: Timestamp?
  @Field(
    "The event as it came, byte for byte, but for line breaks, which are spaces here; null: its body is gone."
  )
  var body: RawJSON?
  @Field("Where its bytes hold line breaks: they, as a text.", .leftOutIfNil) package var bodyText: String?
  @Field("What became of it, one for each destination.") package var deliveries: [DeliveryAnswer]
}

extension ExportedEvent {
  init(_ event: EventRecord) {
    self.init()
    facts = StoredEventFacts(event)
    dropped = event.isDropped
    erasedAt = event.erasedAt
    deliveries = event.deliveries.map { DeliveryAnswer(DeliveryReport(record: $0, wait: nil)) }
    guard !event.hasNoBody else { return }
    let isBreak = { (byte: UInt8) in byte == 0x0A || byte == 0x0D }
    if event.body.contains(where: isBreak) { bodyText = String(decoding: event.body, as: UTF8.self) }
    // In JSON they stand between values alone.
    body = RawJSON(event.body.map { isBreak($0) ? 0x20 : $0 })
  }
}
