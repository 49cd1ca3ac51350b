import RelayCore
import RelayThreads
import Synchronization

/// Whom to ask for a token, and whose certificate to believe then. Destinations that have the same share the token.
struct TokenSource: Hashable, Sendable {
  var client: OAuth2Client
  /// As in the destination's `tls`; nil: the system's.
  var authorityFile: String?
  var authorities: [UInt8]?
  var network: NetworkPolicy

  /// nil: the destination wants no token.
  init?(_ destination: Destination) {
    guard case .oauth2(let client) = destination.authorization else { return nil }
    self.client = client
    authorityFile = destination.tls.authorityFile
    authorities = destination.tls.authorities
    network = destination.network
  }
}

/// Asks token servers, each in a thread of its own: a server may take its time, and a name server more. One request at a time for a source
/// (two, where one hangs). A thread that hangs when the process stops is left behind: it holds on to nothing but this.
final class TokenFetches: Sendable {
  typealias Fetch = @Sendable (TokenSource) -> Result<AccessToken, TokenFailure>

  struct Answer: Sendable {
    var source: TokenSource
    var asked: ContinuousClock.Instant
    var result: Result<AccessToken, TokenFailure>
  }

  private struct State: Sendable {
    var answers: [Answer] = []
    var isStopped = false
  }

  private let state = Locked(State())
  private let hasAnswers = Atomic<Bool>(false)
  private let fetch: Fetch
  private let wake: @Sendable () -> Void

  /// - Parameter wake: Called from any thread, when there is an answer to take.
  init(fetch: @escaping Fetch, wake: @escaping @Sendable () -> Void) {
    self.fetch = fetch
    self.wake = wake
  }

  /// The caller sees to it that no server is asked more often than need be.
  func begin(_ source: TokenSource) {
    let asked = ContinuousClock.now
    let isStarted = WorkerThread.start(name: "token") { [self] in
      tell(Answer(source: source, asked: asked, result: fetch(source)))
    }
    guard !isStarted else { return }
    tell(
      Answer(
        source: source, asked: asked,
        result: .failure(TokenFailure(words: "the system gives no more threads"))))
  }

  /// The answers since the last call. Costs next to nothing where there are none.
  func takeAnswers() -> [Answer] {
    guard hasAnswers.load(ordering: .relaxed), hasAnswers.exchange(false, ordering: .acquiringAndReleasing)
    else { return [] }
    return state.withLock { state in
      defer { state.answers = [] }
      return state.answers
    }
  }

  /// What is under way is not waited for, and its answer goes nowhere.
  func stop() {
    state.withLock { $0 = State(isStopped: true) }
  }

  private func tell(_ answer: Answer) {
    let isStopped = state.withLock { state in
      if !state.isStopped { state.answers.append(answer) }
      return state.isStopped
    }
    guard !isStopped else { return }
    hasAnswers.store(true, ordering: .releasing)
    wake()
  }
}

/// Why there is no token: words for people, which name the server and hold nothing secret.
struct TokenFailure: Error, Equatable {
  var words: String
}
