import RelayCore
import RelayThreads

/// Looks into a SQLite store on threads and connections of its own, which can't write: one for what is answered at once; one for
/// searches among events, so that nobody who asks how the store is stands behind them; one for searches in bodies, and one for
/// replays, which go on for long and give way to all others.
///
/// Every statement is a short read that ends at once: a long one would keep the store's log from being written over.
package final class SQLiteLookup: DeliveryLookup {
  private let answers: LookupThread
  private let searches: LookupThread
  private let texts: LookupThread
  private let replays: LookupThread

  private var threads: [LookupThread] { [answers, searches, texts, replays] }

  /// Of an open store: another file that takes its name later is not looked into.
  ///
  /// - Parameter clock: The store's.
  package convenience init(_ store: SQLiteStore, clock: any SteadyClock) {
    self.init(path: store.path, clock: clock, file: store.file, logGate: store.logGate)
  }

  /// - Parameters:
  ///   - path: The database file. It is opened with the first question.
  ///   - clock: The store's.
  ///   - file: Which file that is to be; nil: whichever.
  ///   - logGate: Of whoever writes to it.
  init(path: String, clock: any SteadyClock, file: FileID? = nil, logGate: LogGate = LogGate()) {
    answers = LookupThread("lookup", path: path, clock: clock, file: file)
    searches = LookupThread("search", path: path, clock: clock, file: file, gate: logGate)
    texts = LookupThread(
      "text", path: path, clock: clock, file: file, gate: logGate, givesWay: true, readsBodies: true)
    replays = LookupThread("replay", path: path, clock: clock, file: file, gate: logGate, givesWay: true)
  }

  // MARK: DeliveryLookup

  package func event(
    _ id: EventID, completion: @escaping @Sendable (Result<EventRecord?, StoreError>) -> Void
  ) {
    answers.ask(completion) { session throws(StoreError) in try session.event(id) }
  }

  package func events(
    _ request: EventPageRequest, completion: @escaping @Sendable (Result<EventPage, StoreError>) -> Void
  ) {
    (request.filter.text == nil ? searches : texts).ask(completion) { session throws(StoreError) in
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

  package func places(
    of ids: [DeliveryID], completion: @escaping @Sendable (Result<[DeliveryPlace], StoreError>) -> Void
  ) {
    answers.ask(completion) { session throws(StoreError) in try session.places(of: ids) }
  }

  package func audit(
    _ filter: AuditFilter, after: AuditID?, limit: Int,
    completion: @escaping @Sendable (Result<AuditPage, StoreError>) -> Void
  ) {
    answers.ask(completion) { session throws(StoreError) in
      try session.audit.read(filter, after: after, limit: limit)
    }
  }

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
    replays.ask(completion) { session throws(StoreError) in try session.replayable(request) }
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

  package func look(completion: @escaping @Sendable (Result<Void, StoreError>) -> Void) {
    answers.ask(completion) { session throws(StoreError) in try session.readHeader() }
  }

  /// Answers what was asked, then closes. Blocks until that is done. Later questions fail.
  package func close() {
    for thread in threads { thread.close() }
  }

  /// The same, but waits no longer than that. Whether it is closed: if not, a thread hangs.
  package func close(within limit: Duration) -> Bool {
    let end = ContinuousClock.now.advanced(by: limit)
    var isClosed = true
    for thread in threads {
      let hasEnded = thread.close(within: max(.zero, ContinuousClock.now.duration(to: end)))
      isClosed = isClosed && hasEnded
    }
    return isClosed
  }
}

/// A thread with a connection that looks, and what it has been asked.
private final class LookupThread: Sendable {
  /// nil: the store can't be opened, for this reason.
  private typealias Question = @Sendable (Result<LookupSession, StoreError>) -> Void

  private struct Inbox: Sendable {
    var questions: [Question] = []
    var isClosing = false
  }

  private let inbox = Monitor(Inbox())
  private let thread: WorkerThread
  private let hasEnded = Monitor(false)

  /// - Parameters:
  ///   - gate: Passed before each question; nil: none is long.
  ///   - givesWay: To all other threads: what it does takes long.
  init(
    _ name: String, path: String, clock: any SteadyClock, file: FileID?, gate: LogGate? = nil,
    givesWay: Bool = false, readsBodies: Bool = false
  ) {
    let (inbox, hasEnded) = (inbox, hasEnded)
    thread = WorkerThread(name: name) {
      if givesWay { giveWay() }
      Self.run(inbox, gate) { () throws(StoreError) in
        try LookupSession(path: path, clock: clock, file: file, readsBackwards: readsBodies)
      }
      hasEnded.update { $0 = true }
    }
  }

  func close() {
    inbox.update { $0.isClosing = true }
    thread.join()
  }

  func close(within limit: Duration) -> Bool {
    inbox.update { $0.isClosing = true }
    return hasEnded.wait(timeout: limit, until: { $0 ? true : nil }) != nil
  }

  func ask<Answer>(
    _ completion: @escaping @Sendable (Result<Answer, StoreError>) -> Void,
    _ look: @escaping @Sendable (LookupSession) throws(StoreError) -> Answer
  ) {
    let isTaken = inbox.update { inbox in
      guard !inbox.isClosing else { return false }
      inbox.questions.append { session in
        completion(Result { () throws(StoreError) in try look(session.get()) })
      }
      return true
    }
    if !isTaken { completion(.failure(StoreError(code: .closed, message: "the store is closed"))) }
  }

  // MARK: Its thread

  private static func run(
    _ inbox: Monitor<Inbox>, _ gate: LogGate?, _ makeSession: () throws(StoreError) -> LookupSession
  ) {
    var session: LookupSession?
    while true {
      let question = inbox.wait { inbox -> Question?? in
        if !inbox.questions.isEmpty { return .some(inbox.questions.removeFirst()) }
        return inbox.isClosing ? .some(nil) : nil
      }
      guard let question = question ?? nil else { return }
      let open = Result { () throws(StoreError) in
        if let session { session } else { try makeSession() }
      }
      session = try? open.get()
      gate?.pass()
      question(open)
    }
  }
}
