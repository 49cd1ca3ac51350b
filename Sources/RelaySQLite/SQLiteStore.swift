import RelayCore
import RelayStoring
import RelayThreads

/// The embedded store: one SQLite file, one thread, one sync for all that arrived while the last was under way.
///
/// `StoreInbox` takes what is asked, and `StoreLoop` does it. An idle store sleeps until there is work, or until housekeeping
/// has something to do at a time that it knows (what grows old, a full disk that is looked at again), and once a minute it writes that
/// it lives. Two more things wake up
/// by time: a store that can't commit tries its settlements again every second; and while there is something to do, a second
/// thread looks now and then whether the first still comes back (`HangWatch`).
package final class SQLiteStore: DeliveryStore {
  package let kind = "sqlite"
  private let inbox: Monitor<StoreInbox>
  private let thread: WorkerThread
  private let hasEnded: Monitor<Bool>
  private let watch: HangWatch
  private let indexer: EventIndexer
  /// For whoever searches in it.
  let logGate: LogGate
  /// The database file.
  package let path: String
  /// Which file that is: for whoever else looks into it.
  let file: FileID
  package let downTime: Gap?

  /// Opens the store, or makes it.
  ///
  /// - Parameters:
  ///   - clock: What it waits by, and times what happens by. It goes on from where the last run has left it.
  ///   - duplicateLimit: How many envelopes are remembered for telling redeliveries.
  ///   - hangAfter: A disk that has not answered for so long hangs.
  ///   - copiesBeforeMigration: One of an older release is copied before its schema is changed.
  ///   - observer: Told of what happens in it, on its thread.
  /// - Throws: `inUse` if another relay has it, `newerSchema`, `cannotOpen`; `full` where a copy has no room.
  package init(
    path: String, clock: any SteadyClock, duplicateLimit: Int = 500_000, hangAfter: Duration = .seconds(4),
    copiesBeforeMigration: Bool = true, observer: (any StoreObserver)? = nil
  ) throws(StoreError) {
    let inbox = Monitor(StoreInbox(hanging: .hanging))
    let opened = Monitor<Result<(file: FileID, downTime: Gap?), StoreError>?>(nil)
    let hasEnded = Monitor(false)
    let indexer = EventIndexer()
    let logGate = LogGate()
    // SQLite is used on the thread that opened it, and on no other.
    let thread = WorkerThread(name: "store") {
      do throws(StoreError) {
        let session = try StoreSession(
          path: path, duplicateLimit: duplicateLimit,
          migration: MigrationSettings(makesCopy: copiesBeforeMigration, observer: observer))
        let kept = try session.clock.read()
        clock.resume(from: kept)
        let downTime = try session.downTime(since: kept, until: clock.now())
        let backend = SQLiteBackend(
          session: session, indexer: indexer, logGate: logGate, clock: clock, observer: observer
        ) {
          _ = inbox.change { $0.post(.read(.ping {})) }
        }
        let loop = StoreLoop(backend, inbox: inbox, clock: clock, observer: observer)
        opened.update { $0 = .success((session.identity.database, downTime)) }
        loop.run()
      } catch {
        opened.update { $0 = .failure(error) }
      }
      hasEnded.update { $0 = true }
    }
    do throws(StoreError) {
      (file, downTime) = try opened.wait { $0 }!.get()
    } catch {
      thread.join()
      throw error
    }
    self.inbox = inbox
    self.thread = thread
    self.hasEnded = hasEnded
    watch = HangWatch(inbox, interval: hangAfter / HangRule.looks, observer: observer)
    self.path = path
    self.indexer = indexer
    self.logGate = logGate
    let file = file
    indexer.start { () throws(StoreError) in
      try Connection(lookingInto: path, file: file)
    } write: { change, completion in
      let operation = StoreOperation.job(.own(IndexWork(change: change, completion: completion)))
      let refusal = inbox.change { inbox in
        let (isAccepted, wakes) = inbox.post(operation)
        return (isAccepted ? nil : inbox.refusal(of: operation), wakes)
      }
      if let refusal { operation.refuse(refusal) }
    }
  }

  // MARK: The path

  package func append(
    _ envelope: NewEnvelope, late: @escaping @Sendable ([Delivery]) -> Void,
    completion: @escaping @Sendable (Result<AppendOutcome, StoreError>) -> Void
  ) {
    post(.write(.append(AppendCall(envelope, late: late, completion: completion))))
  }

  package func settle(
    _ settlements: [Settlement], isUrgent: Bool, completion: @escaping @Sendable ([Delivery]) -> Void
  ) {
    post(.write(.settle(settlements, isUrgent: isUrgent, completion)))
  }

  package func claim(_ request: ClaimRequest, completion: @escaping @Sendable (Claim) -> Void) {
    post(.read(.claim(request, completion)))
  }

  package func release(_ deliveries: [DeliveryID]) {
    post(.memory(.giveBack(deliveries)))
  }

  // MARK: Configuration

  package func configure(
    _ configuration: StoreConfiguration, completion: @escaping @Sendable (Result<Void, StoreError>) -> Void
  ) {
    post(.write(.configure(configuration, completion)))
  }

  package func destinations(
    completion: @escaping @Sendable (Result<[StoredDestination], StoreError>) -> Void
  ) {
    post(.read(.destinations(completion)))
  }

  package func usage(completion: @escaping @Sendable (Result<StoreUsage, StoreError>) -> Void) {
    post(.read(.usage(completion)))
  }

  package func keep(_ gaps: [Gap], completion: @escaping @Sendable (Result<Void, StoreError>) -> Void) {
    post(.write(.keep(gaps, completion)))
  }

  // MARK: Operation

  package func hold(_ destinations: [String], completion: @escaping @Sendable () -> Void) {
    post(.memory(.hold(destinations, completion)))
  }

  package func resume(_ destinations: [String]) {
    post(.memory(.resume(destinations)))
  }

  /// After a failure, and after `close` has cut it off, nothing of the destination is handed out until it is begun
  /// again and succeeds.
  package func reorder(
    _ destination: String, by ordering: Ordering,
    completion: @escaping @Sendable (Result<Void, StoreError>) -> Void
  ) {
    post(.job(.reorder(destination, by: ordering, completion)))
  }

  package func change(
    _ change: DeliveryChange, _ selection: DeliverySelection, of destination: String,
    completion: @escaping @Sendable (ChangedDeliveries, StoreError?) -> Void
  ) {
    post(.job(.change(change, selection, of: destination, completion)))
  }

  package func erase(
    _ events: [EventID], completion: @escaping @Sendable (Result<ErasedEvents, StoreError>) -> Void
  ) {
    post(.job(.erase(events, completion)))
  }

  /// Takes as long as there are free pages in the file: it becomes so much shorter.
  package func overwriteErased(
    completion: @escaping @Sendable (Result<ErasedTraces, StoreError>) -> Void
  ) {
    post(.job(.overwriteErased(completion)))
  }

  package func pause(
    _ destination: String, until: Timestamp?,
    completion: @escaping @Sendable (Result<Void, StoreError>) -> Void
  ) {
    post(.write(.pause(destination, until: until, completion)))
  }

  package func keepToken(
    _ token: LearnedToken?, of source: String,
    completion: @escaping @Sendable (Result<Void, StoreError>) -> Void
  ) {
    post(.write(.keepToken(token, of: source, completion)))
  }

  package func learnedTokens(
    completion: @escaping @Sendable (Result<[String: LearnedToken], StoreError>) -> Void
  ) {
    post(.read(.learnedTokens(completion)))
  }

  package func setSuspended(_ suspended: SuspendedTime, of destination: String) {
    post(.write(.setSuspended(suspended, of: destination)))
  }

  package func beginAudit(
    _ entry: AuditEntry, completion: @escaping @Sendable (Result<AuditID, StoreError>) -> Void
  ) {
    post(.write(.beginAudit(AuditCall(entry, completion: completion))))
  }

  package func endAudit(
    _ id: AuditID, _ outcome: AuditOutcome, completion: @escaping @Sendable (Result<Void, StoreError>) -> Void
  ) {
    post(.write(.endAudit(id, outcome, completion)))
  }

  package func amendAudit(
    _ amendments: [AuditAmendment], completion: @escaping @Sendable (Result<Void, StoreError>) -> Void
  ) {
    post(.write(.amendAudit(amendments, completion)))
  }

  package func begin(
    _ replay: NewReplay, completion: @escaping @Sendable (Result<Replay, StoreError>) -> Void
  ) {
    post(.write(.replay(.begin(replay, completion))))
  }

  package func queue(
    _ step: ReplayStep, progress: @escaping @Sendable (Replay) -> Void,
    completion: @escaping @Sendable (Result<Replay, StoreError>) -> Void
  ) {
    post(.write(.replay(.queue(step, progress: progress, completion))))
  }

  package func end(
    _ replay: Int, as end: ReplayEnd, completion: @escaping @Sendable (Result<Replay?, StoreError>) -> Void
  ) {
    post(.write(.replay(.end(replay, as: end, completion))))
  }

  package func amend(
    _ replay: Int, plan: String, reason: String?,
    completion: @escaping @Sendable (Result<Void, StoreError>) -> Void
  ) {
    post(.write(.replay(.amend(replay, plan: plan, reason: reason, completion))))
  }

  /// Takes as much room beside the database as the database itself, until the copy is let go.
  package func backup(completion: @escaping @Sendable (Result<any StoreCopy, StoreError>) -> Void) {
    post(.job(.backup(completion)))
  }

  /// Answers from the store's thread, once it has come to it: a sign of life.
  package func ping(_ answer: @escaping @Sendable () -> Void) {
    post(.read(.ping(answer)))
  }

  /// What is asked by then is finished; a `reorder`, a `change` or an `erase` that is under way is cut off, and fails with
  /// `closed`.
  package func close() {
    indexer.stop()
    inbox.update { $0.close() }
    thread.join()
    watch.end()
    indexer.end()
  }

  /// The same, but waits no longer than that.
  ///
  /// - Returns: Whether it is closed. If not, its thread hangs; the process can end all the same: the next start finds what
  ///   was answered.
  package func close(within limit: Duration) -> Bool {
    inbox.update { $0.close() }
    guard hasEnded.wait(timeout: limit, until: { $0 ? true : nil }) != nil else { return false }
    close()
    return true
  }

  /// Once it closes, or hangs, nobody is left waiting; these answers come on the caller's thread.
  private func post(_ operation: StoreOperation) {
    let (refusal, beginsWatch) = inbox.change { inbox in
      let (isAccepted, wakes) = inbox.post(operation)
      return ((isAccepted ? nil : inbox.refusal(of: operation), isAccepted && inbox.beginWatch()), wakes)
    }
    if let refusal { operation.refuse(refusal) }
    if beginsWatch { watch.begin() }
  }
}

extension StoreError {
  fileprivate static let hanging = StoreError(
    code: .hanging, message: "the store's disk does not answer; look at the disk")
}
