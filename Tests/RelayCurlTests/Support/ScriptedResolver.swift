import RelayThreads

@testable import RelayCurl

/// A resolver that knows what a test tells it, and hangs where it is told to.
final class ScriptedResolver: Sendable {
  enum Reaction: Sendable {
    case addresses([String])
    case failure(NameFailure)
    /// Until the test says what comes of it.
    case hang
  }

  private let reactions: Locked<[String: Reaction]>
  /// Each question, in its order.
  let asked = Watched<[String]>([])
  private let released = Monitor<[String: Reaction]>([:])

  init(_ reactions: [String: Reaction]) {
    self.reactions = Locked(reactions)
  }

  func resolve(_ host: String) -> Result<[String], NameFailure> {
    asked.update { $0.append(host) }
    var reaction =
      reactions.withLock { $0[host] } ?? .failure(NameFailure(words: "unheard of", isCertain: true))
    if case .hang = reaction { reaction = released.wait(until: { $0[host] })! }
    switch reaction {
    case .addresses(let addresses): return .success(addresses)
    case .failure(let failure): return .failure(failure)
    case .hang: return .failure(NameFailure(words: "released without an answer"))
    }
  }

  /// What hangs for this name, now or later, ends so.
  func release(_ host: String, _ reaction: Reaction) {
    released.update { $0[host] = reaction }
  }
}
