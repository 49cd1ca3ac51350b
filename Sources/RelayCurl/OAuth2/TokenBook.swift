import RelayCore

/// The access tokens of the endpoints, and those of them whose requests wait for one. Confined to the curl thread.
final class TokenBook {
  final class Entry {
    let source: TokenSource
    fileprivate(set) var state = TokenState()
    fileprivate var users = 0

    fileprivate init(_ source: TokenSource) {
      self.source = source
    }

    /// Who is asked, for people.
    var host: String { HostPort(url: source.client.tokenURL.reveal)?.host ?? "the token server" }

    func ask(at instant: ContinuousClock.Instant) -> (step: TokenState.Step, fetches: Bool) {
      state.ask(at: instant)
    }

    func refuse(_ version: Int, at instant: ContinuousClock.Instant) -> Bool {
      state.refuse(version, at: instant)
    }
  }

  private let fetches: TokenFetches
  private var entries: [TokenSource: Entry] = [:]
  private var waiters: [Endpoint] = []
  /// When one of them has waited long enough; nil: none waits.
  private(set) var nextDeadline: ContinuousClock.Instant?

  init(fetches: TokenFetches) {
    self.fetches = fetches
  }

  /// To be given back with `release`.
  func entry(of source: TokenSource) -> Entry {
    let entry = entries[source] ?? Entry(source)
    entries[source] = entry
    entry.users += 1
    return entry
  }

  func release(_ entry: Entry, by endpoint: Endpoint) {
    entry.users -= 1
    forget(entry)
    waiters.removeAll { $0 === endpoint }
  }

  func beginFetch(for entry: Entry) {
    fetches.begin(entry.source)
  }

  func waits(_ endpoint: Endpoint, until deadline: ContinuousClock.Instant) {
    if !waiters.contains(where: { $0 === endpoint }) { waiters.append(endpoint) }
    nextDeadline = min(nextDeadline ?? deadline, deadline)
  }

  /// Starts what has waited for answers that have come, and ends what has waited long enough. Not within a callback of
  /// libcurl's.
  func advance() {
    let answers = fetches.takeAnswers()
    guard !answers.isEmpty || nextDeadline != nil else { return }
    let now = ContinuousClock.now
    guard !answers.isEmpty || nextDeadline.map({ $0 <= now }) ?? false else { return }
    for answer in answers { take(answer, at: now) }
    guard let deadline = nextDeadline else { return }
    if deadline <= now { for endpoint in waiters { endpoint.askForTokenAgain(at: now) } }
    waiters.removeAll { $0.tokenDeadline == nil }
    nextDeadline = waiters.lazy.compactMap(\.tokenDeadline).min()
  }

  private func take(_ answer: TokenFetches.Answer, at now: ContinuousClock.Instant) {
    guard let entry = entries[answer.source] else { return }
    let waiting = waiters.filter { $0.waits(for: entry) }
    switch answer.result {
    case .success(let token):
      entry.state.learn(token, asked: answer.asked)
      for endpoint in waiting { endpoint.tokenCame() }
    case .failure(let failure):
      guard entry.state.fail(failure.words, at: now) == .fatal else { break }
      for endpoint in waiting { endpoint.tokenFailed(failure.words) }
    }
    forget(entry)
  }

  /// While a request for it is under way an entry stays, so that others are not begun without need.
  private func forget(_ entry: Entry) {
    if entry.users == 0 && !entry.state.isBeingFetched { entries[entry.source] = nil }
  }
}

@available(*, unavailable)
extension TokenBook: Sendable {}
