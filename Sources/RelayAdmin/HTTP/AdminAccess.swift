import RelayCore
import RelayThreads

/// Who may use the admin API, and by which names it is called. A reload replaces both.
package final class AdminAccess: Sendable {
  private struct State {
    var people: [AdminToken]
    var hosts: Set<String>
  }

  private let state: Locked<State>

  package init(_ settings: ServerSettings) {
    state = Locked(State(people: settings.admins, hosts: Set(settings.adminHosts)))
  }

  package func replace(by settings: ServerSettings) {
    state.withLock { $0 = State(people: settings.admins, hosts: Set(settings.adminHosts)) }
  }

  /// Nobody has a token.
  var asksForNoToken: Bool { state.withLock(\.people.isEmpty) }

  /// `server.admin_hosts`.
  func isHost(_ name: String) -> Bool { state.withLock { $0.hosts.contains(name) } }

  /// Whose token it is; nil: nobody's. Each is looked at to its end: how long it takes says nothing of them.
  func caller(with token: String) -> Caller? {
    var caller: Caller?
    for person in state.withLock(\.people) where !person.value.isEmpty && person.value.isSame(as: token) {
      if caller == nil { caller = Caller(name: person.name, role: person.role) }
    }
    return caller
  }

  /// A new session of whose token it is; nil: it is nobody's.
  func open(with token: String, at now: Timestamp, isForTLS: Bool) -> (session: Session, text: String)? {
    guard let caller = caller(with: token) else { return nil }
    let session = Session(of: caller.name, from: now, isForTLS: isForTLS)
    // By the token that was given: by now a reload may have changed it.
    return (session, session.text(key: Secret(token)))
  }

  /// Whose session it is, with the role that they have now, and a younger one, where that is due; nil: it is nobody's, or has ended.
  ///
  /// The younger one is signed by the token that the older one was found right by: one that is changed meanwhile ends both.
  func owner(of text: String, at now: Timestamp) -> (caller: Caller, renewal: Session.Renewal?)? {
    let people = state.withLock(\.people)
    guard
      let session = Session(text, at: now, key: { name in people.first { $0.name == name }?.value }),
      let person = people.first(where: { $0.name == session.name })
    else { return nil }
    let renewal = session.renewed(at: now).map {
      Session.Renewal(session: $0, text: $0.text(key: person.value))
    }
    return (Caller(name: person.name, role: person.role), renewal)
  }
}
