import RelayCore
import RelayPipeline

/// The right to be forgotten.
enum ErasureEndpoints {
  static let all: [Endpoint] = [
    .post(
      "/api/v1/erase",
      "Begin to erase what events say (bodies, kept answers), and to cancel what is pending of them. Ids and times stay. "
        + "It goes on by itself: ask for it with the id that is answered. With `dry_run`: counts only.",
      role: .admin, audit: .change, status: 202,
      problems: [.init(409, "conflict", "Another erasure is under way.")], erase),
    .get(
      "/api/v1/erase/{erasure}", "How far an erasure has come.", role: .admin,
      problems: [.notFound("There was none of this id since the relay started.")], erasure),
  ]

  private static func erase(_ call: Call<ErasureInput>) async throws -> ErasureAnswer {
    let request = try call.input.request(now: call.now)
    guard request.isDryRun || call.reason?.isEmpty == false else {
      throw APIError.invalidRequest("an erasure takes a 'reason': it is all that stays to say why")
    }
    return ErasureAnswer(try await call.relay.erase(request, audit: call.auditID))
  }

  private static func erasure(_ call: Call<Nothing>) async throws -> ErasureAnswer {
    let id = call.name("erasure")
    if let report = call.relay.erasure(id) { return ErasureAnswer(report) }
    throw APIError(
      404, "not_found",
      "there is no erasure \(id.prefix(100)): the relay has been restarted, or 20 others came after it; begin again, "
        + "what is erased already is passed over")
  }
}

/// `POST /api/v1/erase`: which events. Every condition must hold.
package struct ErasureInput: Input {
  @Field(
    "What each body must hold, each `PATH=VALUE` by the rules of a route's `where`, without wildcards: "
      + "`customer.mobile=5575999990000`.", .contents)
  package var `where`: [String]?
  @Field("Events of this conversation, by the id that the chat has in Huggy.") package var chat: TextList
  @Field("These events.", .form(.eventIDs)) package var ids: TextList
  @Field("Count them, and change nothing.") package var dryRun: Bool?

  package init() {}
}

extension ErasureInput {
  var isDryRun: Bool { dryRun ?? false }
  /// Whether something is in a body is asked, and the audit does not keep what.
  var contentParameters: [String] { `where` == nil ? [] : ["where"] }

  /// What is wrong with it; nil: nothing.
  package func problem(now: Timestamp) -> String? {
    do throws(APIError) {
      _ = try request(now: now)
      return nil
    } catch {
      return error.message
    }
  }

  func request(now: Timestamp) throws(APIError) -> ErasureRequest {
    var input = EventFilterInput()
    input.chat = chat
    input.ids = ids
    var conditions: [BodyCondition] = []
    for text in `where` ?? [] { conditions.append(try Self.condition(text)) }
    let request = ErasureRequest(
      conditions: conditions, filter: try input.filter(now: now), isDryRun: dryRun ?? false)
    guard !request.isEmpty else {
      throw .invalidRequest("say which events: 'where', 'chat' or 'ids'; without one it would be all")
    }
    return request
  }

  /// No wildcards: what is erased by a slip can't be brought back.
  private static func condition(_ text: String) throws(APIError) -> BodyCondition {
    guard let condition = BodyCondition(text), case .field(_, let value) = condition else {
      throw .invalidRequest("'\(text.prefix(100))' is not PATH=VALUE, such as customer.mobile=5575999990000")
    }
    guard case .text(let pattern) = value, pattern.literal != nil else {
      throw .invalidRequest(
        "an erasure takes no wildcards and no null: write the value out (a * of its own as [*], a ? as [?])")
    }
    return condition
  }
}

/// How far an erasure has come.
package struct ErasureAnswer: Answer {
  @Field("Its id.") package var id: String
  @Field("How it is.", .words { ErasureReport.State.allCases.map(\.rawValue) }) package var state: String
  @Field("It counts, and changes nothing.") package var dryRun: Bool
  @Field("When it began.") package var startedAt: Timestamp
  @Field("When it ended; null: it is under way.") package var endedAt: Timestamp?
  @Field("When the last event that was looked at was received: it goes from the oldest to the newest.")
  package var reached: Timestamp?
  @Field("Events that fit; what was erased before is not counted.") package var matched: Int
  @Field("Events that were erased.") package var erased: Int
  @Field("Deliveries that were cancelled, or (with `dry_run`) would be.") package var cancelled: Int
  @Field("Events that are waited for, since an attempt of them is under way; after the end: that are left.")
  package var inFlight: Int
  @Field("Files that these events point to, and that were removed, or would have been fetched.")
  package var attachments: Int
  @Field("Refused requests that were forgotten.") package var refusedRequests: Int
  @Field(
    "Entries of the audit, and replays, whose filter or reason held a value of `where`: `[erased]` stands there now."
  )
  package var amended: Int
  @Field("What is wrong, or what may still be read and until when; null: nothing.") package var problem:
    String?

  var resultCount: Int? { erased }
  var isBegun: Bool { state == ErasureReport.State.running.rawValue }
}

extension ErasureAnswer {
  init(_ report: ErasureReport) {
    self.init()
    id = report.id
    state = report.state.rawValue
    dryRun = report.isDryRun
    startedAt = report.startedAt
    endedAt = report.endedAt
    reached = report.reached
    matched = report.matched
    erased = report.erased
    cancelled = report.cancelled
    inFlight = report.inFlight
    attachments = report.attachments
    refusedRequests = report.refusedRequests
    amended = report.amended
    problem = report.problem
  }
}
