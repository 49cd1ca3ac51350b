import RelayCore

/// One endpoint's requests before its host's name: holds them back while the name is unknown, and hands the addresses to
/// libcurl, which then never looks a name up by itself. Confined to the curl thread.
final class NameGate {
  let entry: NameBook.Entry
  private let target: HostPort
  private let book: NameBook
  private var waiting: [WaitingRequest] = []
  private var list: AddressList?

  init(_ target: HostPort, book: NameBook) {
    self.target = target
    self.book = book
    entry = book.entry(of: target.host)
  }

  /// Nothing waits any more, or nothing is heard of it.
  func close(_ endpoint: Endpoint) {
    waiting = []
    book.release(entry, by: endpoint)
  }

  /// When the first of those that wait has waited long enough; nil: none waits.
  var deadline: ContinuousClock.Instant? { waiting.lazy.map(\.deadline).min() }

  var isEmpty: Bool { waiting.isEmpty }

  /// - Returns: Whether the request may start now; if not, it is kept.
  func admits(
    _ request: AttemptRequest, of endpoint: Endpoint, at now: Timestamp, _ instant: ContinuousClock.Instant
  ) -> Bool {
    if entry.name.isFresh(at: instant) { return true }
    let (step, looksUp) = entry.ask(at: instant)
    if looksUp { book.beginLookup(of: entry) }
    guard case .wait(let deadline) = step else { return true }
    waiting.append(WaitingRequest(request: request, startedAt: now, since: instant, deadline: deadline))
    book.waits(endpoint, until: deadline)
    return false
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
      guard one.deadline <= now else {
        waiting.append(one)
        continue
      }
      switch entry.name.overdue(since: one.since, at: now) {
      case .go: start.append(one)
      case nil: fail.append(one)
      case .wait(let deadline):
        one.deadline = deadline
        waiting.append(one)
      }
    }
    return (start, fail)
  }

  /// Before the transfer starts: it brings the addresses along if it has not done so since they changed.
  func prepare(_ transfer: Transfer) {
    let version = entry.name.version
    guard transfer.addresses?.version != version else { return }
    let list = list.flatMap { $0.version == version ? $0 : nil } ?? newList(version)
    transfer.bring(list)
  }

  private func newList(_ version: Int) -> AddressList {
    let new = AddressList(target.entry(entry.name.addresses), version: version)
    list = new
    return new
  }
}

@available(*, unavailable)
extension NameGate: Sendable {}

/// A host's addresses as libcurl takes them. It lives for as long as an easy handle may point to it.
final class AddressList {
  let list: CurlList
  let version: Int

  init(_ entry: String, version: Int) {
    list = CurlList([entry])
    self.version = version
  }
}

@available(*, unavailable)
extension AddressList: Sendable {}
