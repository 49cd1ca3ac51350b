import RelayCore

/// One endpoint's requests before its access token: holds them back while there is none, and has the header that those that start are
/// sent with. Confined to the curl thread.
final class TokenGate {
  let entry: TokenBook.Entry
  private let book: TokenBook
  private let destination: Destination
  private var waiting: [WaitingRequest] = []
  private var headers: (list: CurlList, token: SentToken)?
  /// Requests that were answered 401, and are on their way once more.
  private var again: Set<DeliveryID> = []

  init(_ source: TokenSource, for destination: Destination, book: TokenBook) {
    self.book = book
    self.destination = destination
    entry = book.entry(of: source)
  }

  /// Nothing waits any more, or nothing is heard of it.
  func close(_ endpoint: Endpoint) {
    waiting = []
    book.release(entry, by: endpoint)
  }

  /// When the first of those that wait has waited long enough; nil: none waits.
  var deadline: ContinuousClock.Instant? { waiting.lazy.map(\.deadline).min() }

  enum Verdict {
    case start
    /// It is kept.
    case wait
    case fail(String)
  }

  func verdict(
    on request: AttemptRequest, of endpoint: Endpoint, at now: Timestamp, _ instant: ContinuousClock.Instant
  ) -> Verdict {
    let (step, fetches) = entry.ask(at: instant)
    if fetches { book.beginFetch(for: entry) }
    switch step {
    case .go: return .start
    case .fail(let words): return .fail(words)
    case .wait(let deadline):
      waiting.append(WaitingRequest(request: request, startedAt: now, since: instant, deadline: deadline))
      book.waits(endpoint, until: deadline)
      return .wait
    }
  }

  func takeAll() -> [WaitingRequest] {
    defer { waiting = [] }
    return waiting
  }

  /// Takes those that wait no longer: what may start, and what fails.
  func takeOverdue(at now: ContinuousClock.Instant) -> (start: [WaitingRequest], fail: [WaitingRequest]) {
    var (start, fail): ([WaitingRequest], [WaitingRequest]) = ([], [])
    let all = waiting
    waiting = []
    for var one in all {
      switch entry.state.overdue(since: one.since, at: now) {
      case .go: start.append(one)
      case .wait(let deadline):
        one.deadline = deadline
        waiting.append(one)
      case .fail, nil: fail.append(one)
      }
    }
    return (start, fail)
  }

  /// The header lines of the destination with the token that there is now; nil: there was none yet.
  func current() -> (CurlList, SentToken?)? {
    let state = entry.state
    guard let token = state.token else { return nil }
    if let headers, headers.token.version == state.version { return headers }
    let new = (
      list: Endpoint.headers(of: destination, token: token.value),
      token: SentToken(value: token.value, version: state.version)
    )
    headers = new
    return new
  }

  // MARK: A token that is refused

  /// A request with a token was answered 401.
  ///
  /// - Returns: Whether it is to be made again: once, and with another token.
  func repeats(_ request: DeliveryID, _ token: SentToken, at instant: ContinuousClock.Instant) -> Bool {
    guard again.remove(request) == nil, entry.refuse(token.version, at: instant) else { return false }
    again.insert(request)
    return true
  }

  /// It has come to its end.
  func forget(_ request: DeliveryID) { again.remove(request) }
}

/// The access token that a request was sent with.
struct SentToken {
  var value: Secret
  /// The book's number for it.
  var version: Int
}

@available(*, unavailable)
extension TokenGate: Sendable {}
