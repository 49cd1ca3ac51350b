import Logging
import RelayCore
import RelayPipeline

/// One thing that can be asked of the admin API: everything about it, declared once.
///
/// From it come the routing (404, 405, 415, 413), who may ask, how what was asked is read, whether it is audited, and
/// `/openapi.json`. The endpoints of an area stand in a file of their own; `EndpointTable` lists the areas.
struct Endpoint: Sendable {
  /// What the audit remembers of it.
  enum Audit: Sendable, Equatable {
    case nothing
    /// It changes something.
    case change
    /// It shows contents of events: remembered for whoever may see them. (What asks about contents is always remembered:
    /// `Input.contentParameters`.)
    case reading
    /// The same of what is needed most when the disk is full: where it can't be remembered, it is shown without contents.
    case readingIfKept
    /// It listens to what happens: remembered of everybody. Where it can't be, only what asks about contents is refused.
    case listening
  }

  /// One of its answers, where all goes well.
  struct Reply: Sendable {
    let status: Int
    /// Empty: the answer has no body.
    let contentType: String
    let schema: Schema

    init(status: Int = 200, record: any Record.Type) {
      (self.status, contentType, schema) = (status, "application/json", record.schema)
    }

    init(contentType: String, _ schema: Schema = .string()) {
      (status, self.contentType, self.schema) = (200, contentType, schema)
    }

    /// Without a body.
    init(status: Int) {
      (self.status, contentType, schema) = (status, "", .any)
    }
  }

  /// A way in which it says no, beside those that all have.
  struct Problem: Sendable, Equatable {
    var status: Int
    var code: String
    /// When it does.
    var meaning: String

    init(_ status: Int, _ code: String, _ meaning: String) {
      self.status = status
      self.code = code
      self.meaning = meaning
    }
  }

  enum Method: String, Sendable {
    case get = "GET"
    case post = "POST"
  }

  let method: Method
  let path: PathTemplate
  /// In a line.
  let summary: String
  /// Who may ask; nil: everybody, without a token.
  let role: Role?
  let audit: Audit
  /// Of its address (GET) or its body (POST).
  let input: any Input.Type
  let replies: [Reply]
  let problems: [Problem]
  /// A longer body is refused; in bytes.
  let maxBodyBytes: Int
  /// Monitors add what they like to a URL, such as the time against caches.
  let ignoresQuery: Bool
  let perform: @Sendable (AdminRequest, AdminServices) async throws -> AdminResponse

  var id: String { "\(method.rawValue) \(path.text)" }

  /// A HEAD is answered as its GET.
  var methods: [String] { method == .get ? ["GET", "HEAD"] : [method.rawValue] }
}

extension Endpoint.Audit {
  /// What can't be remembered is not refused, but answered without contents.
  fileprivate var isOptional: Bool {
    switch self {
    case .nothing, .change, .reading: false
    case .readingIfKept, .listening: true
    }
  }
}

extension Endpoint {
  /// What is looked at.
  ///
  /// - Parameter answer: Takes the parameters of the address, and answers with one kind of record.
  static func get<I: Input, A: Answer>(
    _ path: String, _ summary: String, role: Role?, audit: Audit = .nothing, problems: [Problem] = [],
    ignoresQuery: Bool = false, _ answer: @escaping @Sendable (Call<I>) async throws -> A
  ) -> Endpoint {
    get(
      path, summary, role: role, audit: audit, replies: [Reply(record: A.self)], problems: problems,
      ignoresQuery: ignoresQuery
    ) { (call: Call<I>) in try .json(try await answer(call), for: call.caller) }
  }

  /// What is looked at, where the answer is no JSON, or of several kinds.
  static func get<I: Input>(
    _ path: String, _ summary: String, role: Role?, audit: Audit = .nothing, replies: [Reply],
    problems: [Problem] = [], ignoresQuery: Bool = false,
    _ answer: @escaping @Sendable (Call<I>) async throws -> AdminResponse
  ) -> Endpoint {
    Endpoint(
      .get, path, summary, role, audit, replies, problems, maxBodyBytes: 1 << 10, ignoresQuery: ignoresQuery,
      answer)
  }

  /// What takes a body: a change, or a question that is too long for an address.
  ///
  /// - Parameters:
  ///   - status: Of the answer: 202 for what is only begun.
  ///   - answer: Takes the body, and answers with one kind of record.
  static func post<I: Input, A: Answer>(
    _ path: String, _ summary: String, role: Role?, audit: Audit, status: Int = 200, problems: [Problem] = [],
    maxBodyBytes: Int = 1 << 20, _ answer: @escaping @Sendable (Call<I>) async throws -> A
  ) -> Endpoint {
    post(
      path, summary, role: role, audit: audit, replies: [Reply(status: status, record: A.self)],
      problems: problems, maxBodyBytes: maxBodyBytes
    ) { (call: Call<I>) in try .json(try await answer(call), for: call.caller, status: status) }
  }

  /// The same, where the answer is no JSON, or of several kinds.
  static func post<I: Input>(
    _ path: String, _ summary: String, role: Role?, audit: Audit, replies: [Reply], problems: [Problem] = [],
    maxBodyBytes: Int = 1 << 20, _ answer: @escaping @Sendable (Call<I>) async throws -> AdminResponse
  ) -> Endpoint {
    Endpoint(
      .post, path, summary, role, audit, replies, problems, maxBodyBytes: maxBodyBytes, ignoresQuery: false,
      answer)
  }

  private init<I: Input>(
    _ method: Method, _ path: String, _ summary: String, _ role: Role?, _ audit: Audit, _ replies: [Reply],
    _ problems: [Problem], maxBodyBytes: Int, ignoresQuery: Bool,
    _ answer: @escaping @Sendable (Call<I>) async throws -> AdminResponse
  ) {
    let template = PathTemplate(path)
    self.method = method
    self.path = template
    self.summary = summary
    self.role = role
    self.audit = audit
    input = I.self
    self.replies = replies
    self.problems = problems
    self.maxBodyBytes = maxBodyBytes
    self.ignoresQuery = ignoresQuery
    perform = { request, services in
      let call = try Call<I>(request, services, by: method)
      let isOptional = audit.isOptional && !call.input.asksAboutContents
      return try await AuditRecorder(relay: services.relay, logger: services.logger).record(
        call.auditEntry(audit, at: template),
        otherwise: isOptional ? { try await answer(call.withoutContents) } : nil
      ) { try await answer(call.recorded(as: $0)) }
    }
  }
}

/// What all endpoints work with.
struct AdminServices: Sendable {
  let relay: any RelayOperations
  let access: AdminAccess
  let clock: any WallClock
  let logger: Logger
  let copies = CopySlot()
  let logins = LoginAttempts()
}

/// Who asks.
package struct Caller: Sendable, Equatable {
  /// As the configuration calls them; `local` where nobody needs a token.
  package var name: String
  package var role: Role

  package init(name: String, role: Role) {
    self.name = name
    self.role = role
  }

  /// Without a token, on loopback.
  package static let local = Caller(name: "local", role: .admin)

  /// Contents of events: bodies, answers of destinations.
  package var seesContents: Bool { role >= .reader }
}
