/// What is known of the hosts' names, shared by the endpoints that have the same one, and the endpoints whose requests
/// wait for a look-up. Confined to the curl thread.
final class NameBook {
  final class Entry {
    let host: String
    fileprivate(set) var name = ResolvedName()
    fileprivate var users = 0

    fileprivate init(host: String) {
      self.host = host
    }

    /// Whether a request may start now, and whether somebody has to look the name up for it.
    func ask(at instant: ContinuousClock.Instant) -> (step: ResolvedName.Step, looksUp: Bool) {
      name.ask(at: instant)
    }

    func learn(_ addresses: [String], at instant: ContinuousClock.Instant) {
      name.learn(addresses, at: instant)
    }
  }

  private let lookups: NameLookups
  private var entries: [String: Entry] = [:]
  private var waiters: [Endpoint] = []
  /// When one of them has waited long enough; nil: none waits.
  private(set) var nextDeadline: ContinuousClock.Instant?

  init(lookups: NameLookups) {
    self.lookups = lookups
  }

  /// To be given back with `release`.
  func entry(of host: String) -> Entry {
    let host = host.lowercased()
    let entry = entries[host] ?? Entry(host: host)
    entries[host] = entry
    entry.users += 1
    return entry
  }

  func release(_ entry: Entry, by endpoint: Endpoint) {
    entry.users -= 1
    forget(entry)
    waiters.removeAll { $0 === endpoint }
  }

  func beginLookup(of entry: Entry) {
    lookups.begin(entry.host)
  }

  func waits(_ endpoint: Endpoint, until deadline: ContinuousClock.Instant) {
    if !waiters.contains(where: { $0 === endpoint }) { waiters.append(endpoint) }
    nextDeadline = min(nextDeadline ?? deadline, deadline)
  }

  /// Starts what has waited for answers that have come, and ends what has waited long enough. Not within a callback of
  /// libcurl's.
  func advance() {
    let answers = lookups.takeAnswers()
    guard !answers.isEmpty || nextDeadline != nil else { return }
    let now = ContinuousClock.now
    // While requests wait, every turn of the loop comes by here.
    guard !answers.isEmpty || nextDeadline.map({ $0 <= now }) ?? false else { return }
    for answer in answers { take(answer, at: now) }
    guard let deadline = nextDeadline else { return }
    if deadline <= now { for endpoint in waiters { endpoint.askForNameAgain(at: now) } }
    waiters.removeAll { $0.nameDeadline == nil }
    nextDeadline = waiters.lazy.compactMap(\.nameDeadline).min()
  }

  private func take(_ answer: NameLookups.Answer, at now: ContinuousClock.Instant) {
    guard let entry = entries[answer.host] else { return }
    let waiting = waiters.filter { $0.waits(for: entry) }
    switch answer.result {
    case .success(let addresses):
      entry.learn(addresses, at: now)
      for endpoint in waiting { endpoint.startNamed() }
    case .failure(let failure):
      switch entry.name.fail(isCertain: failure.isCertain, at: now) {
      case .harmless: for endpoint in waiting { endpoint.startNamed() }
      case .fatal: for endpoint in waiting { endpoint.failUnnamed(failure.words) }
      }
    }
    forget(entry)
  }

  /// While its look-up is under way an entry stays, so that others are not begun without need.
  private func forget(_ entry: Entry) {
    if entry.users == 0 && !entry.name.isBeingLookedUp { entries[entry.host] = nil }
  }
}

@available(*, unavailable)
extension NameBook: Sendable {}
