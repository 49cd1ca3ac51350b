/// Lets only whole requests of bounded size through, one connection's worth of decisions.
///
/// A request is decided on by its head, and its body is taken only if it is admitted; a refused one is
/// answered and the connection closed, so that nobody is read from without end. Answers stand in the order of
/// their requests: a refusal waits for those before it.
struct RequestCollector {
  enum Action: Equatable {
    case nothing
    /// Wait for the body, for no longer than the time for a request.
    case expectBody
    /// The same, and the client waits to be told to send it.
    case invite
    /// The request is whole.
    case forward(body: [UInt8])
    /// Answer with this, and close. Whatever else comes is thrown away.
    case refuse(AdminResponse, omitsBody: Bool)
    /// Much has come after a refusal: close now.
    case close
  }

  private enum State {
    case betweenRequests
    case collecting(Endpoint, RequestHead, body: [UInt8])
    /// Decided; answers to earlier requests are owed.
    case refusing(AdminResponse, omitsBody: Bool)
    case refused(discardedBytes: Int)
  }

  private let admission: Admission
  private var state = State.betweenRequests
  /// Requests that were let through and have no answer yet.
  private var owed = 0
  /// A client that is still sending sees why it is refused only if it is read from for a while.
  private static let maxDiscardedBytes = 4 << 20

  init(admission: Admission) {
    self.admission = admission
  }

  mutating func readHead(_ head: RequestHead, expectsContinue: Bool) -> Action {
    guard case .betweenRequests = state else { return .nothing }
    switch admission.admit(head) {
    case .failure(let error): return refuse(head, error)
    case .success(let admitted):
      let endpoint = admitted.endpoint
      guard head.contentLength ?? 0 <= endpoint.maxBodyBytes else { return refuse(head, .tooLarge(endpoint)) }
      state = .collecting(endpoint, head, body: [])
      return expectsContinue && owed == 0 ? .invite : .expectBody
    }
  }

  mutating func readBody(_ bytes: some Collection<UInt8>) -> Action {
    switch state {
    case .betweenRequests, .refusing: return .nothing
    case .collecting(let endpoint, let head, var body):
      guard body.count + bytes.count <= endpoint.maxBodyBytes else {
        return refuse(head, .tooLarge(endpoint))
      }
      // Else the append would copy what both hold.
      state = .betweenRequests
      body.append(contentsOf: bytes)
      state = .collecting(endpoint, head, body: body)
      return .nothing
    case .refused(let discarded):
      state = .refused(discardedBytes: discarded + bytes.count)
      return discarded + bytes.count > Self.maxDiscardedBytes ? .close : .nothing
    }
  }

  mutating func readEnd() -> Action {
    guard case .collecting(_, _, let body) = state else { return .nothing }
    state = .betweenRequests
    owed += 1
    return .forward(body: body)
  }

  /// The time for a request has passed.
  mutating func timeOut() -> Action {
    guard case .collecting(_, let head, _) = state else { return .nothing }
    return refuse(head, APIError(408, "timeout", "the request took too long to arrive"))
  }

  /// An answer has left.
  mutating func answered() -> Action {
    owed -= 1
    guard owed == 0, case .refusing(let response, let omitsBody) = state else { return .nothing }
    state = .refused(discardedBytes: 0)
    return .refuse(response, omitsBody: omitsBody)
  }

  private mutating func refuse(_ head: RequestHead, _ error: APIError) -> Action {
    let (response, omitsBody) = (AdminResponse(error), head.method == "HEAD")
    guard owed == 0 else {
      state = .refusing(response, omitsBody: omitsBody)
      return .nothing
    }
    state = .refused(discardedBytes: 0)
    return .refuse(response, omitsBody: omitsBody)
  }
}

extension APIError {
  fileprivate static func tooLarge(_ endpoint: Endpoint) -> APIError {
    APIError(413, "too_large", "the body is larger than \(endpoint.maxBodyBytes) bytes")
  }
}
