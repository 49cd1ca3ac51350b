import RelayCore

/// Looks into a store in PostgreSQL, on two connections and threads of its own, whose transactions can't write: one for what is answered
/// at once, and one for searches, for those in bodies, and for replays, which take turns page by page. A server's connections are few, and
/// each page is soon over: so nobody waits for more than one page of each of the others.
///
/// It tells of all nodes: nothing that it says comes from a node's memory.
package final class PostgresLookup: DeliveryLookup {
  /// What takes turns on the connection for searches.
  private enum Search: Int, CaseIterable {
    case events, text, replays
  }

  private let answers: LookupThread
  private let searches: LookupThread

  /// Of an open store. It connects with the first question.
  ///
  /// - Parameter clock: The store's.
  package init(_ store: PostgresStore, clock: any SteadyClock) {
    let (address, id) = (store.address, store.id)
    @Sendable func session(_ name: String) -> LookupSession {
      LookupSession(LookupConnection(address, of: id, applicationName: "huggy-relay \(name)"), clock: clock)
    }
    answers = LookupThread("lookup", kinds: 1) { session("lookup") }
    searches = LookupThread("search", kinds: Search.allCases.count, givesWay: true) { session("search") }
  }

  private func search<Answer>(
    _ search: Search, _ completion: @escaping @Sendable (Result<Answer, StoreError>) -> Void,
    _ look: @escaping @Sendable (LookupSession) throws(StoreError) -> Answer
  ) {
    searches.ask(ofKind: search.rawValue, completion, look)
  }

  // MARK: DeliveryLookup

  package func look(completion: @escaping @Sendable (Result<Void, StoreError>) -> Void) {
    answers.ask(completion) { session throws(StoreError) in try session.look() }
  }

  package func event(
    _ id: EventID, completion: @escaping @Sendable (Result<EventRecord?, StoreError>) -> Void
  ) {
    answers.ask(completion) { session throws(StoreError) in try session.event(id) }
  }

  package func events(
    _ request: EventPageRequest, completion: @escaping @Sendable (Result<EventPage, StoreError>) -> Void
  ) {
    search(request.filter.text == nil ? .events : .text, completion) { session throws(StoreError) in
      try session.events(request)
    }
  }

  package func deliveries(
    _ filter: DeliveryFilter, after: DeliveryID?, limit: Int,
    completion: @escaping @Sendable (Result<DeliveryPage, StoreError>) -> Void
  ) {
    answers.ask(completion) { session throws(StoreError) in
      try session.deliveries(filter, after: after, limit: limit)
    }
  }

  package func places(
    of ids: [DeliveryID], completion: @escaping @Sendable (Result<[DeliveryPlace], StoreError>) -> Void
  ) {
    answers.ask(completion) { session throws(StoreError) in try session.places(of: ids) }
  }

  package func count(
    _ filter: DeliveryFilter, after: DeliveryID?,
    completion: @escaping @Sendable (Result<DeliveryCountPage, StoreError>) -> Void
  ) {
    answers.ask(completion) { session throws(StoreError) in try session.count(filter, after: after) }
  }

  package func groups(
    _ filter: DeliveryFilter, after: DeliveryID?,
    completion: @escaping @Sendable (Result<DeliveryGroupPage, StoreError>) -> Void
  ) {
    answers.ask(completion) { session throws(StoreError) in try session.groups(filter, after: after) }
  }

  package func audit(
    _ filter: AuditFilter, after: AuditID?, limit: Int,
    completion: @escaping @Sendable (Result<AuditPage, StoreError>) -> Void
  ) {
    answers.ask(completion) { session throws(StoreError) in
      try session.audit(filter, after: after, limit: limit)
    }
  }

  package func oldestPending(
    completion: @escaping @Sendable (Result<[String: Timestamp], StoreError>) -> Void
  ) {
    answers.ask(completion) { session throws(StoreError) in try session.oldestPending() }
  }

  package func oldestDue(
    completion: @escaping @Sendable (Result<[String: Timestamp], StoreError>) -> Void
  ) {
    answers.ask(completion) { session throws(StoreError) in try session.oldestDue() }
  }

  package func pendingWaits(
    at now: Timestamp, completion: @escaping @Sendable (Result<[String: PendingWaits], StoreError>) -> Void
  ) {
    answers.ask(completion) { session throws(StoreError) in try session.pendingWaits(at: now) }
  }

  package func gaps(
    since: Timestamp?, until: Timestamp?, completion: @escaping @Sendable (Result<[Gap], StoreError>) -> Void
  ) {
    answers.ask(completion) { session throws(StoreError) in try session.gaps(since: since, until: until) }
  }

  /// Answers what was asked, then closes. Blocks until that is done, but no longer than that. Later questions fail, and so does what its
  /// threads have not come to by then.
  ///
  /// - Returns: Whether it is closed. If not, a thread waits for the server, at most as long as one answer's calls may take.
  package func close(within limit: Duration) -> Bool {
    let end = ContinuousClock.now.advanced(by: limit)
    for thread in [answers, searches] { thread.beginToClose() }
    var isClosed = true
    for thread in [answers, searches] {
      let hasEnded = thread.close(within: max(.zero, ContinuousClock.now.duration(to: end)))
      isClosed = isClosed && hasEnded
    }
    return isClosed
  }

  // MARK: ReplayLookup

  package func replays(
    before: Int?, limit: Int, completion: @escaping @Sendable (Result<[Replay], StoreError>) -> Void
  ) {
    answers.ask(completion) { session throws(StoreError) in try session.replays(before: before, limit: limit)
    }
  }

  package func replay(_ id: Int, completion: @escaping @Sendable (Result<Replay?, StoreError>) -> Void) {
    answers.ask(completion) { session throws(StoreError) in try session.replay(id) }
  }

  package func unfinishedReplays(completion: @escaping @Sendable (Result<[Replay], StoreError>) -> Void) {
    answers.ask(completion) { session throws(StoreError) in try session.unfinishedReplays() }
  }

  package func replayable(
    _ request: EventPageRequest, completion: @escaping @Sendable (Result<ReplayPage, StoreError>) -> Void
  ) {
    search(.replays, completion) { session throws(StoreError) in try session.replayable(request) }
  }
}
