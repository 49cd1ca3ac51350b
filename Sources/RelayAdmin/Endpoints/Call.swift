import RelayCore
import RelayPipeline
import RelayText

/// A request that was admitted, before an endpoint reads it.
struct AdminRequest: Sendable {
  var caller: Caller
  /// What stands at the names of the endpoint's path.
  var names: [String: String] = [:]
  /// What follows the `?`.
  var query: String?
  /// Whole; empty if there was none.
  var body: [UInt8] = []
  /// The headers `accept`, `last-event-id` and `if-none-match`.
  var accept: String?
  var lastEventID: String?
  var ifNoneMatch: String?
  /// A younger cookie for the caller, where that is due.
  var renewal: Session.Renewal?
  /// The page that asks came by TLS.
  var isFromTLS = false
  /// Whether it would be let in now: for an answer that goes on for long.
  var isStillAllowed: @Sendable () -> Bool = { true }
}

/// What is asked of an endpoint, read.
struct Call<I: Input>: Sendable {
  let input: I
  private(set) var caller: Caller
  /// Why, in the words of who asks; it stands in the audit.
  let reason: String?
  /// When it was asked.
  let now: Timestamp
  let services: AdminServices
  let accept: String?
  let lastEventID: String?
  let ifNoneMatch: String?
  let renewal: Session.Renewal?
  let isFromTLS: Bool
  let isStillAllowed: @Sendable () -> Bool
  /// Its entry in the audit; nil: there is none.
  private(set) var auditID: AuditID?
  private let names: [String: String]

  var relay: any RelayOperations { services.relay }

  /// - Throws: `APIError`: what is wrong with the request, and what would be right.
  init(_ request: AdminRequest, _ services: AdminServices, by method: Endpoint.Method) throws {
    caller = request.caller
    names = request.names
    self.services = services
    accept = request.accept
    lastEventID = request.lastEventID
    ifNoneMatch = request.ifNoneMatch
    renewal = request.renewal
    isFromTLS = request.isFromTLS
    isStillAllowed = request.isStillAllowed
    now = services.clock.now()
    var members = try Self.members(request, by: method)
    switch members.removeValue(forKey: I.reasonKey) {
    case nil: reason = nil
    case let given?:
      guard let text = String.read(given) else {
        throw APIError.invalidRequest("'\(I.reasonKey)' is not a string")
      }
      reason = text
    }
    input = try RecordDecoder.decode(I.self, from: .object(members), .request)
    guard caller.seesContents || !input.asksAboutContents else {
      let parameters = input.allContentParameters.map { "'\($0)'" }.joined(separator: " and ")
      throw APIError(
        403, "forbidden_role",
        "what stands in the bodies of events is for the role \(Role.reader.rawValue); "
          + "\(caller.name) has the role \(caller.role.rawValue): leave \(parameters) out")
    }
  }

  /// The same, answered without contents of events.
  var withoutContents: Call {
    var call = self
    call.caller.role = min(call.caller.role, .viewer)
    return call
  }

  private static func members(
    _ request: AdminRequest, by method: Endpoint.Method
  ) throws(APIError) -> [String: JSONInput] {
    let query = QueryItems(request.query).items
    switch method {
    case .get: return query.mapValues { .parameter($0) }
    case .post:
      // There it would be ignored, and more be meant than was meant.
      if let name = query.keys.min() {
        throw .invalidRequest(
          "the address has the parameter '\(name.prefix(100))'; what is asked for stands in the body")
      }
      guard !request.body.isEmpty else { return [:] }
      guard let json = JSONInput.parse(request.body) else { throw .invalidRequest("the body is not JSON") }
      guard case .object(let members) = json else { throw .invalidRequest("the body is not a JSON object") }
      return members
    }
  }

  /// The same, with its entry in the audit.
  func recorded(as id: AuditID?) -> Call {
    var call = self
    call.auditID = id
    return call
  }

  /// What stands at a name of the path.
  func name(_ name: String) -> String { names[name] ?? "" }

  /// The event that the path names.
  func event() throws(APIError) -> EventID {
    let text = name("event")
    if let id = EventID(text) { return id }
    throw .invalidRequest(
      "'\(text.prefix(100))' is not an event's id: evt_ and a UUID, as the webhook-id header has it")
  }
}

/// The parameters of an address.
struct QueryItems: Equatable {
  /// Each as often as it stands there.
  private(set) var items: [String: [String]] = [:]

  /// - Parameter query: What follows the `?`.
  init(_ query: String?) {
    for item in (query ?? "").split(separator: "&") {
      let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        .map { String($0.map { $0 == "+" ? " " : $0 }).percentDecoded }
      items[parts[0], default: []].append(parts.count == 2 ? parts[1] : "")
    }
  }
}
